# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of ``cryptography`` that the package uses, imported in one place.

A module must load where the library is missing, so that it can say so in words; what is absent then is a stand-in that
only has to survive being named.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: the oldest release that the tests are run with
FLOOR = "3.4.8"

IMPORT_ERROR: Optional[str] = None

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.x509 import oid
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

    class _Absent:
        """Stands for every name of the missing library while modules load."""

        def __call__(self, *args: Any) -> Any:
            return _Absent()

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return _Absent()

    x509 = InvalidSignature = UnsupportedAlgorithm = hashes = serialization = oid = _Absent()  # type: ignore
    dsa = ec = ed448 = ed25519 = padding = rsa = _Absent()  # type: ignore

__all__ = [
    "IMPORT_ERROR",
    "FLOOR",
    "InvalidSignature",
    "UnsupportedAlgorithm",
    "dsa",
    "ec",
    "ed25519",
    "ed448",
    "hashes",
    "load_pkcs12",
    "oid",
    "padding",
    "require",
    "rsa",
    "serialization",
    "serialize_pkcs12",
    "verifier",
    "x509",
]


def verifier() -> Tuple[Any, str]:
    """The module of the library's verifier and the library's release; None where it has none (before 42)."""
    try:
        from cryptography import __version__
        from cryptography.x509 import verification
    except ImportError:
        return None, ""
    return verification, __version__


def require() -> None:
    """Raise where ``cryptography`` is missing, with the interpreter that misses it."""
    if IMPORT_ERROR:
        raise RemediationError(
            "The Python library cryptography (%s or newer) is missing for %s" % (FLOOR, sys.executable),
            "Install python3-cryptography for that interpreter, or run the task where it is installed (delegate_to: localhost).",
        )


def load_pkcs12(data: bytes, password: Optional[bytes]) -> Tuple[Any, Any, Any]:
    """Key, certificate and further certificates of a PKCS#12 file, as the library loads them."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    return pkcs12.load_key_and_certificates(data, password)


def serialize_pkcs12(key: Any, certificate: Any, others: Any, password: bytes, name: bytes) -> bytes:
    """A PKCS#12 file, encrypted as well as the library's release can; its salts are random."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    data: bytes = pkcs12.serialize_key_and_certificates(name, key, certificate, others, serialization.BestAvailableEncryption(password))
    return data
