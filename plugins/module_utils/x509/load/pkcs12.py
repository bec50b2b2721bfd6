# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Open and write PKCS#12 files (RFC 7292). Nothing here shows a private key."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import load_pkcs12, serialization, serialize_pkcs12, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.key_derivation import check_rounds

DER = serialization.Encoding.DER


def certificates(data: bytes, password: Optional[str]) -> List[bytes]:
    """The DER of each certificate, that of the private key first. The private key is neither kept nor shown.

    :raises ValueError: as ``opened``.
    """
    _key, own, others = opened(data, password)
    return [certificate.public_bytes(DER) for certificate in ([own] if own else []) + list(others)]


def opened(data: bytes, password: Optional[str]) -> Tuple[Any, Any, Any]:
    """Private key (None if there is none), its certificate, and the other certificates.

    Some programs write no password for an empty one, and others the reverse; both are tried for either.

    :raises ValueError: the password is wrong or missing, the file is broken, its encryption is not supported, or asks for too much work.
    """
    check_rounds(data)
    problem = ""
    for secret in [password.encode("utf-8")] if password else [None, b""]:
        try:
            return load_pkcs12(data, secret)
        except Exception as error:  # ValueError, UnsupportedAlgorithm, TypeError: it differs between releases
            problem = " ".join(str(error).split()) or type(error).__name__
    raise ValueError(("the password is wrong" if password else "give its password in the option password") + " (%s)" % problem)


def written(key: Any, chain: Sequence[Certificate], password: str) -> bytes:
    """A PKCS#12 with a private key and its chain.

    :param chain: the certificate of the key first; its first name is the friendly name, which Java calls alias.
    :raises RemediationError: the library's release cannot write the kind of key.
    """
    own, *others = [x509.load_der_x509_certificate(certificate.der) for certificate in chain]
    name = next(iter(chain[0].dns_names), chain[0].common_name or "certificate")
    try:
        return serialize_pkcs12(key, own, others, password.encode("utf-8"), name.encode("utf-8"))
    except (TypeError, ValueError) as error:
        message = "output: this release of cryptography cannot write a PKCS#12 with a key of type %s" % chain[0].key.type
        raise RemediationError(message, "Use a newer release, or an RSA or EC key.") from error
