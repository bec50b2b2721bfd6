# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RSASSA-PSS (RFC 4055), read here because cryptography reads its parameters since 41 only, and its keys since 37."""

from __future__ import annotations

from typing import Any, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import SEQUENCE, dotted, fields_of, items
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import InvalidSignature, hashes, padding

#: the parameters, not this identifier, tell the digest (RFC 4055 section 3.1)
RSASSA_PSS = "1.2.840.113549.1.1.10"
#: rsaEncryption with its NULL (RFC 3279 section 2.3.1), as an AlgorithmIdentifier
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
DIGESTS = {
    "1.3.14.3.2.26": "SHA1",
    "2.16.840.1.101.3.4.2.4": "SHA224",
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
}
#: tags of the parameters; each has a default (RFC 4055 section 3.1)
HASH, MASK_GENERATION, SALT_LENGTH = 0xA0, 0xA1, 0xA2
DEFAULT_SALT_LENGTH = 20


def parameters(certificate: bytes) -> Tuple[Any, Any]:
    """Padding and digest of a certificate's signature.

    :raises ValueError, KeyError, IndexError: the parameters are broken, or their digest is unknown.
    """
    signature_algorithm = list(items(next(items(certificate))[1]))[1][1]
    algorithm = list(items(signature_algorithm))
    given = dict(items(algorithm[1][1])) if len(algorithm) > 1 else {}
    digest = _digest(next(items(given[HASH]))[1]) if HASH in given else hashes.SHA1()
    mask = _digest(list(items(next(items(given[MASK_GENERATION]))[1]))[1][1]) if MASK_GENERATION in given else hashes.SHA1()
    salt = int.from_bytes(next(items(given[SALT_LENGTH]))[1], "big") if SALT_LENGTH in given else DEFAULT_SALT_LENGTH
    return padding.PSS(padding.MGF1(mask), salt), digest


def _digest(algorithm: bytes) -> Any:
    return getattr(hashes, DIGESTS[dotted(next(items(algorithm))[1])])()


def as_plain_rsa(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a key bound to PSS (RFC 4055 section 1.2), with the identifier of RSA keys in general.

    :raises InvalidSignature: the key is of another kind.
    """
    ((_tag, body),) = items(fields_of(certificate).public_key)
    (_sequence, algorithm), (kind, key) = items(body)
    if dotted(next(items(algorithm))[1]) != RSASSA_PSS:
        raise InvalidSignature
    return _item(SEQUENCE, RSA_ENCRYPTION + _item(kind, key))


def _item(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content
