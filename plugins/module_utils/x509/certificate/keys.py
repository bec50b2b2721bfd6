# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The type and size of a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import dsa, ec, ed448, ed25519, rsa


@dataclass(frozen=True)
class Key:
    """A public key: ``type`` RSA, EC, DSA, Ed25519, Ed448 or unknown; size in bits; the curve's name."""

    type: str
    bits: Optional[int] = None
    curve: Optional[str] = None

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.type, self.curve or self.bits) if part)


def key_facts(public_key: Any) -> Key:
    """The type and size of a public key."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return Key("RSA", public_key.key_size)
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return Key("EC", public_key.curve.key_size, public_key.curve.name)
    if isinstance(public_key, dsa.DSAPublicKey):
        return Key("DSA", public_key.key_size)
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return Key("Ed25519", 256, None)
    if isinstance(public_key, ed448.Ed448PublicKey):
        return Key("Ed448", 456, None)
    return Key("unknown")
