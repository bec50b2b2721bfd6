# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates and the private key of a PKCS#12 file (RFC 7292)."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import load_pkcs12, serialization

DER = serialization.Encoding.DER


def certificates(data: bytes, password: Optional[str]) -> List[bytes]:
    """The DER of each certificate, that of the private key first. The private key is neither kept nor shown.

    :raises ValueError: as ``opened``.
    """
    _key, own, others = opened(data, password)
    return [certificate.public_bytes(DER) for certificate in ([own] if own else []) + list(others)]


def opened(data: bytes, password: Optional[str]) -> Tuple[Any, Any, Any]:
    """The private key, its certificate and the other certificates, as the library has them; None or empty if the file has none.

    Some programs write no password for an empty one, and others the reverse; both are tried for either.

    :raises ValueError: the password is wrong or missing, the file is broken, or its encryption is not supported.
    """
    problem = ""
    for secret in [password.encode("utf-8")] if password else [None, b""]:
        try:
            contents: Tuple[Any, Any, Any] = load_pkcs12(data, secret)
        except Exception as error:  # ValueError, UnsupportedAlgorithm, TypeError: it differs between releases
            problem = " ".join(str(error).split()) or type(error).__name__
        else:
            return contents
    raise ValueError(("the password is wrong" if password else "give its password in the option password") + " (%s)" % problem)
