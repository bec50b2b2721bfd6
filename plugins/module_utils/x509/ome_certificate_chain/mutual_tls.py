# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Predict whether two appliances would authenticate each other: a real handshake of mutual TLS, without their private keys.

The keys never leave the appliances, so each certificate is copied: the same names, extensions, validity and serial number, but a new
key, signed by the copy of its issuer. Certificates that share a key share the key of the copies, so what differs between the two sides
differs between the copies too. What a copy cannot show is whether the original's signature is valid: the rules on the chain check that.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import new_context
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import ec, ed448, ed25519, rsa, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pem, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import to_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import digest_for
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of

#: a longer key takes seconds to generate, and does not change the result
MAXIMUM_RSA_BITS = 2048


@dataclass(frozen=True)
class Side:
    """One appliance, as PEM.

    :param chain: the certificates that it sends.
    :param root: the only certificate that it trusts.
    """

    chain: str
    key: bytes = field(repr=False)
    root: str


def mutual_handshakes(here: Sequence[Certificate], peer: Sequence[Certificate], keys: Optional[SubstituteKeys] = None) -> Dict[str, Optional[str]]:
    """Make both handshakes: ``here`` as the client of ``peer``, and the reverse. Each side trusts the root of its own chain.

    :param here: a chain, leaf first.
    :param keys: the keys of the copies, if one of the chains already consists of copies.
    :returns: for each direction why one side refuses the other; None if both sides verified the other.
    :raises RemediationError: a certificate cannot be copied.
    """
    keys = keys or SubstituteKeys()
    own, other = _copy_of(here, keys), _copy_of(peer, keys)
    return {"here_to_peer": handshake(own, other) or None, "peer_to_here": handshake(other, own) or None}


class SubstituteKeys:
    """New private keys in place of the originals, one for each original key."""

    def __init__(self) -> None:
        self._by_pin: Dict[str, Any] = {}

    def key_for(self, original: Certificate) -> Any:
        """The private key that stands for the certificate's key. A copy of a copy has the key of the copy."""
        if original.pin not in self._by_pin:
            key = _new_key_like(original.x509.public_key())
            self._by_pin[original.pin] = self._by_pin[pin_of(key.public_key())] = key
        return self._by_pin[original.pin]

    def keep(self, certificate: Certificate, key: Any) -> None:
        """Let a certificate's own private key stand for its key."""
        self._by_pin[certificate.pin] = key


def _new_key_like(public_key: Any) -> Any:
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(public_key.curve)
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return ed25519.Ed25519PrivateKey.generate()
    if isinstance(public_key, ed448.Ed448PublicKey):
        return ed448.Ed448PrivateKey.generate()
    return new_rsa_key(min(getattr(public_key, "key_size", MAXIMUM_RSA_BITS), MAXIMUM_RSA_BITS))


def new_rsa_key(bits: int = MAXIMUM_RSA_BITS) -> Any:
    """A private key that is used for this run only."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _copy_of(chain: Sequence[Certificate], keys: SubstituteKeys) -> Side:
    path = chain_of(chain, None, first_is_leaf=True).path.certificates
    copies = [pem(certificate.der) for certificate in copy_chain(path, keys)]
    return Side("".join(copies), to_pem(keys.key_for(path[0])), copies[-1])


def copy_chain(path: Sequence[Certificate], keys: SubstituteKeys) -> Tuple[Certificate, ...]:
    """Copies of certificates, each of which is followed by its issuer.

    :raises RemediationError: a certificate cannot be copied.
    """
    copies: List[Certificate] = []
    for original, issuer in zip(path, [*path[1:], path[-1]]):
        try:
            copies.append(_copy_certificate(original, keys.key_for(original), keys.key_for(issuer)))
        except Exception as error:  # the backend's exceptions differ between releases
            raise RemediationError(
                "%s cannot be copied for the handshake of mutual TLS: %s" % (original.subject, " ".join(str(error).split())),
                "Let the appliances verify the connection themselves before the migration starts.",
            ) from error
    return tuple(copies)


def _copy_certificate(original: Certificate, key: Any, signer: Any) -> Certificate:
    source = original.x509
    builder = (
        x509.CertificateBuilder()
        .subject_name(source.subject)
        .issuer_name(source.issuer)
        .public_key(key.public_key())
        .serial_number(source.serial_number)
        .not_valid_before(original.not_before)
        .not_valid_after(original.not_after)
    )
    for extension in source.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return from_x509(builder.sign(signer, digest_for(signer)))


def handshake(client: Side, server: Side) -> str:
    """Make a handshake of mutual TLS in memory. Empty if both sides verified the other; otherwise which side refused, and why."""
    with tempfile.TemporaryDirectory() as folder:
        client_context = _context(ssl.PROTOCOL_TLS_CLIENT, client, os.path.join(folder, "client.pem"))
        server_context = _context(ssl.PROTOCOL_TLS_SERVER, server, os.path.join(folder, "server.pem"))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    unfinished = [
        ("the client refuses the server", client_context.wrap_bio(to_client, to_server)),
        ("the server refuses the client", server_context.wrap_bio(to_server, to_client, server_side=True)),
    ]
    while unfinished:
        for party in list(unfinished):
            error, done = advance(*party)
            if error:
                return error
            if done:
                unfinished.remove(party)
    return ""


def advance(refusal: str, party: ssl.SSLObject) -> Tuple[str, bool]:
    """Let one party process the bytes it has received: its refusal, and whether its handshake is complete."""
    try:
        party.do_handshake()
    except ssl.SSLWantReadError:
        return "", False
    except ssl.SSLCertVerificationError as error:
        return "%s: %s" % (refusal, error.verify_message), True
    except ssl.SSLError as error:
        return "%s: %s" % (refusal, _reason_of(error)), True
    return "", True


def _context(protocol: int, side: Side, path: str) -> ssl.SSLContext:
    context = new_context(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    with open(path, "wb", opener=_open_private) as handle:
        handle.write(side.key + side.chain.encode("ascii"))
    try:
        context.load_cert_chain(path)
        context.load_verify_locations(cadata=side.root)
    except ssl.SSLError as error:
        raise RemediationError("the chain cannot be used in TLS: %s" % _reason_of(error), "Have it issued for a longer key.") from error
    return context


def _reason_of(error: ssl.SSLError) -> str:
    return str(error.reason or error).replace("_", " ").lower()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
