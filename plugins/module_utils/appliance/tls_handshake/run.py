# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``tls_handshake`` does: anchors, one handshake, and its verdict in words.

Standard library only: appliances run this.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import PEM
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore, anchors_pem
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import host_name_problem, is_address
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import verifying_context
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

REISSUE = "Connect by a name that the certificate has, or reissue it with the name that clients use (role fqdn_certificate)."
TRUST = "Add the CA's certificate to the trust store, after comparing its fingerprint with another source (role trust_anchor)."
STRENGTHEN = "Reissue it with an RSA key of 2048 bits or more, or P-256, signed with SHA-256 (role fqdn_certificate)."

#: X509_V_ERR_* of OpenSSL's x509_vfy.h, in the codes of docs/findings.md
VERDICTS = {
    9: ("VALIDITY-NOT-YET", "Compare the clocks of client, server and CA."),
    10: ("VALIDITY-EXPIRED", "Renew it (role fqdn_certificate)."),
    18: ("TRUST-SELF-SIGNED", "Replace it by a CA-signed certificate, or import it into the trust store (role trust_anchor)."),
    19: ("TRUST-UNKNOWN-CA", TRUST),
    22: ("CHAIN-TOO-DEEP", "Shorten the chain."),
    24: ("CHAIN-NOT-A-CA", "A certificate in the chain signed without being a CA: reissue it by a real one."),
    62: ("NAME-MISMATCH", REISSUE),
    64: ("NAME-MISMATCH", REISSUE),
    66: ("KEY-WEAK", STRENGTHEN),
    67: ("KEY-WEAK", STRENGTHEN),
    68: ("SIGNATURE-WEAK", STRENGTHEN),
    26: ("USAGE-NO-SERVER-AUTH", "Reissue it with serverAuth in its extended key usage (role fqdn_certificate)."),
}
NO_ISSUER = (2, 20, 21)


def handshake(params: dict, facts: dict) -> None:
    """Fill the documented result into ``facts``.

    :raises RemediationError: an option is wrong, or the handshake does not verify and ``expect`` asks for it.
    """
    name = params["name"] or params["host"]
    facts.update(nothing_seen(params["host"], params["port"], name))
    _check_names(params)
    pem, count = _anchors(params)
    facts["anchors"] = count
    context = _context(pem)
    try:
        seen = tls_probe.probe(
            params["host"], params["port"], name, params["address"], params["timeout"], context
        )
    except tls_probe.ProbeError as error:
        facts["error"] = {"code": error.code, "message": error.message, "advice": error.advice}
    else:
        facts.update(facts_of(seen))
    _expect(params["expect"], facts)


def nothing_seen(host: str, port: int, name: str) -> dict:
    """The result before anything was seen."""
    return dict(
        host=host, port=port, name=name, verified=False, error=None, addresses=[], address=None, protocol="", cipher="",
        presented=[], fingerprints={}, duration_ms=0, anchors=0,
    )  # fmt: skip


def facts_of(seen: tls_probe.Handshake) -> dict:
    """What a handshake showed, in the shape of the result."""
    verified = seen.verify_code == 0
    return dict(
        verified=verified,
        error=None if verified else verdict(seen),
        addresses=list(seen.addresses),
        address=seen.address,
        protocol=seen.protocol,
        cipher=seen.cipher,
        presented=[base64.b64encode(der).decode("ascii") for der in seen.chain],
        fingerprints=fingerprints(seen.chain[0]) if seen.chain else {},
        duration_ms=int(seen.seconds * 1000),
    )


def fingerprints(der: bytes) -> dict:
    """SHA-1 and SHA-256 as openssl prints them."""
    found = {}
    for algorithm in ("sha1", "sha256"):
        found[algorithm] = ":".join("%02X" % byte for byte in hashlib.new(algorithm, der).digest())
    return found


def verdict(seen: tls_probe.Handshake) -> dict:
    """OpenSSL's refusal with our code and the way out."""
    code, advice = VERDICTS.get(seen.verify_code or 0, ("TLS-VERIFY", "See OpenSSL's message."))
    if seen.verify_code in NO_ISSUER:
        # OpenSSL says the same of a missing intermediate and of an unknown root; the number of certificates tells them apart
        code, advice = "TRUST-UNKNOWN-CA", TRUST
        if len(seen.chain) == 1:
            code = "CHAIN-INCOMPLETE"
            advice = "Append the missing intermediates on the server; where a root signed it directly, add that root to the trust store."
    return {"code": code, "message": "%s (OpenSSL %s)" % (seen.verify_message.rstrip("."), seen.verify_code), "advice": advice}


def _check_names(params: dict) -> None:
    for option in ("host", "name"):
        value = params[option]
        problem = host_name_problem(value) if value and not is_address(value) else None
        if problem or value == "":
            raise RemediationError("%s: %r %s" % (option, value, problem or "is empty"), "Give a host name or an IP address.")
    if params["address"] is not None and not is_address(params["address"]):
        raise RemediationError("address: %r is not an IP address" % params["address"], "Names go into host.")
    if not 0 < params["port"] < 65536:
        raise RemediationError("port: %d is not between 1 and 65535" % params["port"], "Give the server's port.")


def _anchors(params: dict) -> Tuple[str, int]:
    """The anchors as PEM text, and how many they are."""
    option = next(name for name in ("java_keystore", "ca_path", "ca_content") if params[name] is not None)
    if option == "java_keystore":
        store = params[option]
        text = anchors_pem(Keystore(store["path"], store["password_file"]), option)
    elif option == "ca_path":
        text = read_file(params[option], option).decode("ascii", "replace")
    else:
        text = params[option]
    blocks = PEM.findall(text)
    if not blocks:
        raise RemediationError("%s: there is no certificate in it" % option, "Give the CA's certificate as PEM.")
    return "\n".join(blocks) + "\n", len(blocks)


def _context(pem: str) -> ssl.SSLContext:
    try:
        return verifying_context(pem)
    except (ssl.SSLError, ValueError) as error:
        raise RemediationError(
            "the given anchors cannot be read: %s" % (getattr(error, "reason", None) or error), "Give valid PEM certificates."
        ) from error


def _expect(word: str, facts: dict) -> None:
    error: Optional[dict] = facts["error"]
    if word == "verified" and error:
        what = "%(host)s:%(port)d as %(name)s" % facts
        raise RemediationError("%s: %s: %s" % (what, error["code"], error["message"]), error["advice"])
