# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would two appliances authenticate each other? A real handshake of mutual TLS, without their private keys.

The keys never leave the appliances, so each certificate gets a twin: the same names, extensions, validity and serial number, but a
fresh key, and the signature of its issuer's twin. One key of the originals is one key of the twins, so what differs between the two
sides differs between the twins as well. What no twin can show is whether the originals' signatures are right: the rules on the chain
check those.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import (
    ec,
    ed448,
    ed25519,
    rsa,
    x509,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import to_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import digest_for
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of

#: a longer key changes no verdict, and takes seconds to make
LONGEST_RSA = 2048


@dataclass(frozen=True)
class Side:
    """One appliance: the chain that it shows, its key, and the one root that it trusts, all as PEM."""

    chain: str
    key: bytes
    root: str


def mutual(here: Sequence[Certificate], there: Sequence[Certificate]) -> Dict[str, dict]:
    """Both directions: ``here`` as the client of ``there``, and the other way round.

    :param here: a chain, its own certificate first; each side trusts the root of its own chain.
    :returns: for each direction ``verified`` and, where it is not, ``error``.
    :raises RemediationError: a certificate cannot be copied.
    """
    keys = Keys()
    one, two = _side(here, keys), _side(there, keys)
    directions = (("here_to_peer", one, two), ("peer_to_here", two, one))
    errors = {name: handshake(client, server) for name, client, server in directions}
    return {name: {"verified": not error, "error": error or None} for name, error in errors.items()}


class Keys:
    """The twins' keys: the same one for the same original."""

    def __init__(self) -> None:
        self._by_pin: Dict[str, Any] = {}

    def of(self, original: Certificate) -> Any:
        """The key that stands for a certificate's key."""
        if original.pin not in self._by_pin:
            self._by_pin[original.pin] = _like(original.x509.public_key())
        return self._by_pin[original.pin]


def _like(public_key: Any) -> Any:
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(public_key.curve)
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return ed25519.Ed25519PrivateKey.generate()
    if isinstance(public_key, ed448.Ed448PublicKey):
        return ed448.Ed448PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=min(getattr(public_key, "key_size", LONGEST_RSA), LONGEST_RSA))


def _side(chain: Sequence[Certificate], keys: Keys) -> Side:
    path = chain_of(chain, None, first_is_leaf=True).path.certificates
    issuers = path[1:] + path[-1:]
    twins: List[Certificate] = []
    for original, issuer in zip(path, issuers):
        try:
            twins.append(_twin(original, keys.of(original), keys.of(issuer)))
        except Exception as error:  # the backend's exceptions differ between releases
            raise RemediationError(
                "%s cannot be copied for the handshake: %s" % (original.subject, " ".join(str(error).split())),
                "Let the appliances verify the connection themselves, before the migration begins.",
            ) from error
    texts = [pem(one.der) for one in twins]
    return Side("".join(texts), to_pem(keys.of(path[0])), texts[-1])


def _twin(original: Certificate, key: Any, signer: Any) -> Certificate:
    from_original = original.x509
    builder = (
        x509.CertificateBuilder()
        .subject_name(from_original.subject)
        .issuer_name(from_original.issuer)
        .public_key(key.public_key())
        .serial_number(from_original.serial_number)
        .not_valid_before(original.not_before)
        .not_valid_after(original.not_after)
    )
    for extension in from_original.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return from_x509(builder.sign(signer, digest_for(signer)))


def handshake(client: Side, server: Side) -> str:
    """One handshake of mutual TLS, in memory; empty where both sides verified the other, else who refused what."""
    with tempfile.TemporaryDirectory() as folder:
        contexts = [
            _context(ssl.PROTOCOL_TLS_CLIENT, client, os.path.join(folder, "client.pem")),
            _context(ssl.PROTOCOL_TLS_SERVER, server, os.path.join(folder, "server.pem")),
        ]
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    parties = (
        ("the client refuses the server", contexts[0].wrap_bio(to_client, to_server)),
        ("the server refuses the client", contexts[1].wrap_bio(to_server, to_client, server_side=True)),
    )
    open_parties = list(parties)
    while open_parties:
        for party in list(open_parties):
            error, done = _step(party)
            if error:
                return error
            if done:
                open_parties.remove(party)
    return ""


def _step(party: Tuple[str, Any]) -> Tuple[str, bool]:
    """What one party makes of the bytes that are there: its refusal, and whether it is content."""
    refusal, tls = party
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return "", False
    except ssl.SSLCertVerificationError as error:
        return "%s: %s" % (refusal, error.verify_message), True
    except ssl.SSLError as error:
        return "%s: %s" % (refusal, str(error.reason or error).replace("_", " ").lower()), True
    return "", True


def _context(protocol: Any, side: Side, path: str) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    with open(path, "wb", opener=_closed) as handle:
        handle.write(side.key + side.chain.encode("ascii"))
    try:
        context.load_cert_chain(path)
        context.load_verify_locations(cadata=side.root)
    except ssl.SSLError as error:
        raise RemediationError(
            "the chain cannot be used in TLS: %s" % str(error.reason or error).replace("_", " ").lower(), "Have it issued for a longer key."
        ) from error
    return context


def _closed(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
