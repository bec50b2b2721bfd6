# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys: load, generate, compare. Only ``to_pem`` returns key material; nothing prints it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Dict, Optional

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import ec, ed25519, rsa, serialization
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.key_derivation import check_rounds
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import Key, key_facts

#: what a new key is if neither the options nor a present key say otherwise
DEFAULT_TYPE, DEFAULT_SIZE, DEFAULT_CURVE = "RSA", 2048, "secp256r1"
#: octets of DER: an RSA key of 16384 bits has 9,300, and the time to check one grows with the cube of its length
MAXIMUM_LENGTH = 16 * 1024
CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class KeySpec:
    """What a key must be. None: not asked for; then it is as in the present key, or else the default.

    :param size: of an RSA key, at least.
    """

    type: Optional[str] = None
    size: Optional[int] = None
    curve: Optional[str] = None

    def objection(self, key: Key) -> Optional[str]:
        """Why an existing key does not fit, as the end of a sentence; an RSA key may be longer than requested."""
        if self.type and key.type != self.type:
            return "is %s, but %s is requested" % (key, self.type)
        if key.type == "RSA" and self.size and (key.bits or 0) < self.size:
            return "is %s, but RSA %d is requested" % (key, self.size)
        if self.type == "EC" and self.curve and key.curve != self.curve:
            return "is %s, but EC %s is requested" % (key, self.curve)
        return None

    def like(self, present: Optional[Key]) -> KeySpec:
        """What a new key must be, with what is not asked for as in the present key. A weak size or an unusual kind is not repeated."""
        if present is None or (self.type and self.type != present.type):
            return self
        if present.type == "RSA":
            return KeySpec("RSA", self.size or max(present.bits or 0, DEFAULT_SIZE))
        if present.type == "EC":
            return KeySpec("EC", curve=self.curve or (present.curve if present.curve in CURVES else None))
        return KeySpec("Ed25519") if present.type == "Ed25519" else self

    def facts(self) -> Key:
        """The type and size that a new key will have."""
        if self.type == "EC":
            curve = self.curve or DEFAULT_CURVE
            return Key("EC", curve_named(curve).key_size, curve)
        return Key("Ed25519", 256) if self.type == "Ed25519" else Key(DEFAULT_TYPE, self.size or DEFAULT_SIZE)


#: the end of the message about a key for which no password was given
ENCRYPTED = "the private key is encrypted"


def curve_named(name: str) -> Any:
    """The curve of a name, such as secp256r1."""
    curves: Dict[str, Any] = dict(zip(CURVES, (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)))
    return curves[name]()


def generate(spec: KeySpec) -> Any:
    """A new private key."""
    kind = spec.facts()
    if kind.type == "EC":
        return ec.generate_private_key(curve_named(str(kind.curve)))
    if kind.type == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=kind.bits or DEFAULT_SIZE)


def to_pem(key: Any) -> bytes:
    """The key as servers read it: PKCS#8 PEM, unencrypted. For files with a closed mode only."""
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem


def _check_work(data: bytes, option: str) -> None:
    """Refuse a key that takes longer than seconds to decrypt and check.

    :raises RemediationError: it does.
    """
    pem = b"-----BEGIN" in data
    der = _base64_of_key(data) if pem else data
    try:
        if len(der) > MAXIMUM_LENGTH:
            raise ValueError("it is longer than %d bytes, which no key for TLS is" % MAXIMUM_LENGTH)
        if b"ENCRYPTED PRIVATE KEY-----" in data or not pem:
            check_rounds(der)
    except ValueError as error:
        raise RemediationError("%s: the private key is refused: %s" % (option, error), "Export it again with the defaults of openssl.") from None


def _base64_of_key(data: bytes) -> bytes:
    body = data.partition(b"PRIVATE KEY-----")[2].partition(b"-----END")[0]
    try:
        return base64.b64decode(body)
    except ValueError:  # the library's loader says so
        return b""


def load_private_key(data: bytes, option: str, passphrase: Optional[str] = None, passphrase_option: str = "") -> Any:
    """Read a private key from PEM or DER.

    :param option: the name of the option it came by, for the message.
    :raises RemediationError: no key, a wrong or missing passphrase, or a kind that TLS does not use.
    """
    _check_work(data, option)
    load = serialization.load_pem_private_key if b"-----BEGIN" in data else serialization.load_der_private_key
    try:
        key = load(data, passphrase.encode("utf-8") if passphrase else None)
        if key_facts(key.public_key()).type == "unknown":
            raise ValueError("unsupported kind")
        return key
    except TypeError:  # raised for an encrypted key without a passphrase, and for a passphrase with a plain key
        if passphrase:
            return load_private_key(data, option)
        raise RemediationError(
            "%s: %s" % (option, ENCRYPTED),
            "Give its passphrase in %s." % passphrase_option if passphrase_option else "Store it without a passphrase.",
        ) from None
    except Exception:  # neither the library's text nor its chain may carry key material
        raise RemediationError(
            "%s: the private key cannot be read%s" % (option, " with the given passphrase" if passphrase else ""),
            "Give an unencrypted PKCS#8 or PKCS#1 PEM file, or the right passphrase.",
        ) from None
