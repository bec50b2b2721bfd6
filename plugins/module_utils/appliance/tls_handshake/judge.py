# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a handshake did not verify, with a code and advice. Pure, standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import can_read_every_chain
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import Handshake, ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.collect import Outcome

REISSUE = "Connect by a name that the certificate has, or reissue it with the name that clients use (role fqdn_certificate)."
TRUST = "Compare the fingerprint of the CA's certificate with another source, then add it to the trust store (role trust_anchor)."
STRENGTHEN = "Reissue the certificate with an RSA key of at least 2048 bits or P-256, signed with SHA-256 (role fqdn_certificate)."
APPEND = "Append the missing intermediate certificates on the server. If a root issued the certificate, add that root to the trust store."

#: X509_V_ERR_* of OpenSSL's x509_vfy.h, in the codes of docs/findings.md
VERDICTS = {
    9: ("VALIDITY-NOT-YET", "Compare the clocks of client, server and CA."),
    10: ("VALIDITY-EXPIRED", "Renew the certificate (role fqdn_certificate)."),
    18: ("TRUST-SELF-SIGNED", "Replace the certificate with one that a CA issued, or add it to the trust store (role trust_anchor)."),
    19: ("TRUST-UNKNOWN-CA", TRUST),
    22: ("CHAIN-TOO-DEEP", "Shorten the chain."),
    24: ("CHAIN-NOT-A-CA", "A certificate of the chain is not a CA, but issued the one below it. Have the lower one reissued by a CA."),
    62: ("NAME-MISMATCH", REISSUE),
    64: ("NAME-MISMATCH", REISSUE),
    66: ("KEY-WEAK", STRENGTHEN),
    67: ("KEY-WEAK", STRENGTHEN),
    68: ("SIGNATURE-WEAK", STRENGTHEN),
    26: ("USAGE-NO-SERVER-AUTH", "Reissue the certificate with serverAuth in its extended key usage (role fqdn_certificate)."),
}
#: what to do about a server that presents other certificates than expected
RELOAD = "Check that the service at this port reads that file, and that it was reloaded."
WHO_ANSWERS = "Check which server answers at this address and port: it may be another service, a proxy or a load balancer."

#: OpenSSL reports a missing intermediate and an unknown root alike
NO_ISSUER = (2, 20, 21)


@dataclass(frozen=True)
class Problem:
    """Why there is no verified handshake."""

    code: str
    message: str
    advice: str


def judge(outcome: Outcome, expected: Sequence[str] = (), previous: Sequence[str] = (), trusting: bool = True) -> Optional[Problem]:
    """Why the outcome is not a verified handshake, or not with the expected certificates; None if it is one.

    :param expected: the SHA-256 fingerprints of the certificates that must be presented, the server's own first; empty: any.
    :param previous: those that were presented before a change; empty: unknown.
    :param trusting: whether there are certificates to trust; if not, nothing is verified.
    """
    if isinstance(outcome, ProbeError):
        return Problem(outcome.code, outcome.message, outcome.advice)
    if expected and not presents(outcome, expected):
        return _other_certificates([fingerprint_of(der) for der in outcome.chain], expected, previous)
    if outcome.verify_code == 0 or not trusting:
        return None
    code, advice = _verdict(outcome)
    reason = "%s (OpenSSL %s)" % (outcome.verify_message.rstrip("."), outcome.verify_code)
    return Problem(code, "the server presents the expected certificate, but it is not accepted: " + reason if expected else reason, advice)


def presents(handshake: Handshake, expected: Sequence[str]) -> bool:
    """Whether the server presented these certificates, and maybe more after them."""
    presented = [fingerprint_of(der) for der in handshake.chain[: len(expected)]]
    if handshake.protocol == "TLSv1.3" and not can_read_every_chain():
        expected = expected[:1]  # an old Python sees no more of an encrypted chain
    return presented == list(expected)


def _other_certificates(presented: Sequence[str], expected: Sequence[str], previous: Sequence[str]) -> Problem:
    own = presented[0] if presented else "none"
    if own == expected[0]:
        return _other_chain(presented, expected, previous)
    if own in previous[:1]:
        return Problem("SERVED-PREVIOUS", "the server still presents its previous certificate (SHA-256 %s)" % own, RELOAD)
    if previous:
        message = "the server presents a certificate (SHA-256 %s) that is neither the expected (%s) nor its previous certificate (%s)"
        return Problem("SERVED-DIFFERS", message % (own, expected[0], previous[0]), WHO_ANSWERS)
    return Problem("SERVED-DIFFERS", "the server presents another certificate (SHA-256 %s) than expected (%s)" % (own, expected[0]), RELOAD)


def _other_chain(presented: Sequence[str], expected: Sequence[str], previous: Sequence[str]) -> Problem:
    """The server's own certificate is the expected one, and the others are not."""
    number = "%d certificates" % len(presented) if len(presented) != 1 else "1 certificate"
    number += ", and not the same ones" if len(presented) == len(expected) else " instead of %d" % len(expected)
    if list(presented) == list(previous):
        message = "the server still presents its previous chain: %s (SHA-256 of the first one: %s)" % (number, presented[0])
        return Problem("SERVED-PREVIOUS", message, RELOAD)
    return Problem("SERVED-DIFFERS", "the server presents the expected certificate (SHA-256 %s), but another chain: %s" % (presented[0], number), RELOAD)


def _verdict(handshake: Handshake) -> Tuple[str, str]:
    """The code and the advice for an error of OpenSSL."""
    if handshake.verify_code in NO_ISSUER:
        # a server that sends its own certificate alone lacks intermediates; otherwise the root is unknown
        return ("CHAIN-INCOMPLETE", APPEND) if len(handshake.chain) == 1 else ("TRUST-UNKNOWN-CA", TRUST)
    return VERDICTS.get(handshake.verify_code or 0, ("TLS-VERIFY", "See OpenSSL's message."))
