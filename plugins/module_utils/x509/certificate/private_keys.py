# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys: load, generate, compare. Only ``to_pem`` returns key material; nothing prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import ec, ed25519, rsa, serialization
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Key, key_facts


@dataclass(frozen=True)
class KeySpec:
    """What a key must be. ``type`` None: the type of the existing key, or RSA if there is none."""

    type: Optional[str] = None
    size: int = 2048
    curve: str = "secp256r1"

    def objection(self, key: Key) -> Optional[str]:
        """Why an existing key does not fit, as the end of a sentence; an RSA key may be longer than requested."""
        if self.type and key.type != self.type:
            return "is %s, but %s is requested" % (key, self.type)
        if key.type == "RSA" and (key.bits or 0) < self.size:
            return "is %s, but RSA %d is requested" % (key, self.size)
        if self.type == "EC" and key.curve != self.curve:
            return "is %s, but EC %s is requested" % (key, self.curve)
        return None

    def facts(self) -> Key:
        """The type and size that a new key will have."""
        if self.type == "EC":
            return Key("EC", curve_named(self.curve).key_size, self.curve)
        return Key("Ed25519", 256) if self.type == "Ed25519" else Key("RSA", self.size)


def curve_named(name: str) -> Any:
    """The curve of a name, such as secp256r1."""
    curves: Dict[str, Any] = {"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1, "secp521r1": ec.SECP521R1}
    return curves[name]()


def generate(spec: KeySpec) -> Any:
    """A new private key."""
    if spec.type == "EC":
        return ec.generate_private_key(curve_named(spec.curve))
    if spec.type == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=spec.size)


def to_pem(key: Any) -> bytes:
    """The key as servers read it: PKCS#8 PEM, unencrypted. For files with a closed mode only."""
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem


def load_private_key(data: bytes, option: str, passphrase: Optional[str] = None, passphrase_option: str = "") -> Any:
    """Read a private key from PEM or DER.

    :param option: the name of the option it came by, for the message.
    :raises RemediationError: no key, a wrong or missing passphrase, or a kind that TLS does not use.
    """
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
            "%s: the private key is encrypted" % option,
            "Give its passphrase in %s." % passphrase_option if passphrase_option else "Store it without a passphrase.",
        ) from None
    except Exception:  # neither the library's text nor its chain may carry key material
        raise RemediationError(
            "%s: the private key cannot be read%s" % (option, " with the given passphrase" if passphrase else ""),
            "Give an unencrypted PKCS#8 or PKCS#1 PEM file, or the right passphrase.",
        ) from None
