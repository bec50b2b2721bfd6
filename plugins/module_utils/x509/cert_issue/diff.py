# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, requests and certificates as text for a diff: names, facts and fingerprints, never key material.

What cannot be known before the change (a new fingerprint, a new pin) is not guessed: the diff of check mode and the diff
of the run that follows are the same text.
"""

from __future__ import annotations

from typing import List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, Key, timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request

ABSENT = "  absent"


def certificate_lines(path: str, certificates: Sequence[Certificate]) -> List[str]:
    """An existing certificate file."""
    lines = ["certificate %s" % path]
    if not certificates:
        return lines + [ABSENT]
    leaf = certificates[0]
    lines += _names(leaf.subject, leaf.dns_names, leaf.ip_addresses)
    lines += [
        "  issuer: %s" % leaf.issuer,
        "  validity: %s to %s" % (timestamp(leaf.not_before), timestamp(leaf.not_after)),
        "  extended key usage: %s" % _list(leaf.extended_key_usage),
        "  sha256: %s" % leaf.fingerprint(),
    ]
    return lines + _chain(certificates[1:])


def future_certificate_lines(
    path: str, request: Request, issuer: str, valid_days: int, chain: Sequence[Certificate]
) -> List[str]:
    """A certificate that is yet to be made."""
    lines = ["certificate %s" % path]
    lines += _names(rfc4514(request.name()), request.dns_names, request.ip_addresses)
    lines += [
        "  issuer: %s" % issuer,
        "  validity: %d days from its issue" % valid_days,
        "  extended key usage: %s" % _list(request.extended_key_usage),
        "  sha256: that of the new certificate",
    ]
    return lines + _chain(chain)


def request_lines(path: str, subject: str, dns_names: Sequence[str], ip_addresses: Sequence[str], pin: str) -> List[str]:
    """A certificate signing request, existing or to be."""
    return ["request %s" % path] + _names(subject, dns_names, ip_addresses) + ["  for the key: %s" % pin]


def key_lines(path: str, key: Optional[Key], pin: str) -> List[str]:
    """A private key, by its kind and the pin of its public half."""
    return ["private key %s" % path] + (["  kind: %s" % key, "  pin: %s" % pin] if key else [ABSENT])


def combined_title(path: str) -> str:
    """A file with certificate, chain and private key together."""
    return "combined file %s" % path


def combined_lines(path: str, certificates: Sequence[Certificate], pin: str) -> List[str]:
    """An existing file of that kind."""
    held = ["  holds: %s (sha256 %s)" % (one.subject or "no subject", one.fingerprint()) for one in certificates]
    held += ["  holds: the private key of %s" % pin] if pin else []
    return [combined_title(path)] + (held or [ABSENT])


def _names(subject: str, dns_names: Sequence[str], ip_addresses: Sequence[str]) -> List[str]:
    entries = ["DNS:" + name for name in dns_names] + ["IP:" + address for address in ip_addresses]
    return ["  subject: %s" % (subject or "empty"), "  subject alternative name: %s" % _list(entries)]


def _chain(chain: Sequence[Certificate]) -> List[str]:
    return ["  followed by: %s (sha256 %s)" % (one.subject, one.fingerprint()) for one in chain]


def _list(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"
