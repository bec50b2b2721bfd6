# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read certificates and requests from bytes in any form; detect.py recognises the form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.leaf import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import MAXIMUM_WARNINGS, encoded_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.errors import refusal
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.pem_blocks import Block, blocks
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.text_encoding import is_binary, plain

REQUEST_LABELS = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")


@dataclass(frozen=True)
class Reading:
    """The certificates, in the order of the input, and ``warnings`` about everything that could not be read."""

    certificates: Tuple[Certificate, ...] = ()
    warnings: Tuple[str, ...] = ()


def read_certificates(data: bytes, password: Optional[str] = None) -> Reading:
    """Read all the certificates of a file's content. Never raises: what cannot be read becomes a warning.

    PEM with any text around it, DER, PKCS#7, PKCS#12, and Base64 of these.

    :param password: of a PKCS#12.
    """
    encoded = encoded_certificates(data, password)
    certificates, warnings = [], list(encoded.warnings)
    for der, where in encoded.ders:
        if len(warnings) > MAXIMUM_WARNINGS:
            break
        try:
            certificates.append(from_x509(x509.load_der_x509_certificate(der)))
        except Exception as error:  # the backend's exceptions differ between releases
            warnings.append(refusal(der, where, error))
    if len(warnings) > MAXIMUM_WARNINGS:
        warnings.append("there are so many problems that nothing after them was read")
    return Reading(tuple(certificates), tuple(warnings))


def private_key_in(data: bytes, password: Optional[str] = None) -> Any:
    """The private key of the first PKCS#12 in a file's content that has one; None if there is none, or it cannot be opened."""
    for pfx in encoded_certificates(data, password).pkcs12:
        # rarely needed, and slow to import
        from ansible_collections.certmend.tls.plugins.module_utils.x509.load.pkcs12 import opened

        key = opened(pfx, password)[0]
        if key is not None:
            return key
    return None


def merge_readings(readings: Sequence[Reading]) -> Reading:
    """What several texts hold, in their order."""
    return Reading(
        tuple(certificate for reading in readings for certificate in reading.certificates),
        tuple(warning for reading in readings for warning in reading.warnings),
    )


def read_peer_chain(data: bytes, option: str) -> Tuple[Certificate, ...]:
    """The chain of the other side of a migration, its own certificate first.

    :raises RemediationError: it contains no certificate.
    """
    certificates = read_certificates(data).certificates
    if not certificates:
        raise RemediationError("%s: it contains no certificate" % option, "Give the other appliance's chain as PEM text.")
    leaf = leaf_among(certificates)
    return (leaf,) + tuple(certificate for certificate in certificates if certificate != leaf)


def csr_pin(params: Mapping[str, Any]) -> Optional[str]:
    """The pin of the request in the option ``csr_path`` or ``csr_content``; None if neither was given."""
    data, option = read_path_or_content(params, "csr_path", "csr_content")
    return None if data is None else pin_of(load_csr(data, option).public_key())


def load_csr(data: bytes, option: str) -> Any:
    """Read a certificate signing request from PEM or DER and check its signature.

    :raises RemediationError: naming the option.
    """
    try:
        csr = x509.load_der_x509_csr(_request(data))
        valid = csr.is_signature_valid
    except Exception as error:  # the backend's exceptions differ between releases
        raise RemediationError(
            "%s: this is not a certificate signing request: %s" % (option, " ".join(str(error).split())),
            "Give a PKCS#10 request as PEM or DER.",
        ) from error
    if not valid:
        raise RemediationError("%s: the request's signature is not valid" % option, "Make the request again.")
    return csr


def _request(data: bytes) -> bytes:
    if is_binary(data):
        return data
    found = [block for block in blocks(plain(data)) if isinstance(block, Block) and block.label in REQUEST_LABELS]
    if not found:
        raise ValueError("it contains no CERTIFICATE REQUEST block")
    return found[0].decoded()
