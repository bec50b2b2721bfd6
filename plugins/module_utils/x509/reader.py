# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read certificates out of bytes: PEM (RFC 7468) and DER.

Block by block: a broken block becomes a warning with its line and hides no other.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Iterator, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate, from_x509

CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)(?:-----END \1-----|(?=-----BEGIN )|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Reading:
    """What was found, in the order of the input; ``warnings`` tells of everything that could not be read."""

    certificates: Tuple[Certificate, ...] = ()
    warnings: Tuple[str, ...] = ()


def read_certificates(data: bytes, password: Optional[str] = None) -> Reading:
    """Read all the certificates of a file's content. Never raises: what is no certificate is a warning."""
    if b"-----BEGIN " not in data:
        return _one(data, "the content") if data.strip() else Reading(warnings=("the content is empty",))
    certificates, warnings = [], []
    for line, der, problem in _blocks(data):
        reading = Reading(warnings=(problem,)) if problem else _one(der, "the block at line %d" % line)
        certificates += reading.certificates
        warnings += reading.warnings
    return Reading(tuple(certificates), tuple(warnings))


def _blocks(data: bytes) -> Iterator[Tuple[int, bytes, str]]:
    """Line, DER and problem of each certificate block; other labels (keys, requests) are not ours to read."""
    for match in BLOCK.finditer(data):
        if match.group(1).decode("ascii") not in CERTIFICATE_LABELS:
            continue
        line = data.count(b"\n", 0, match.start()) + 1
        if not match.group(0).endswith(b"-----END %s-----" % match.group(1)):
            yield line, b"", "the block at line %d has no END line" % line
            continue
        try:
            yield line, base64.b64decode(b"".join(match.group(2).split()), validate=True), ""
        except binascii.Error as error:
            yield line, b"", "the block at line %d is not Base64: %s" % (line, error)


def _one(der: bytes, where: str) -> Reading:
    try:
        return Reading((from_x509(x509.load_der_x509_certificate(der)),))
    except Exception as error:  # the backend's exceptions differ between releases
        reason = " ".join(str(error).split()) or type(error).__name__
        return Reading(warnings=("%s is not a certificate: %s" % (where, reason),))


def load_csr(data: bytes, option: str) -> Any:
    """Read a certificate signing request from PEM or DER and check its signature.

    :raises RemediationError: naming the option.
    """
    try:
        load = x509.load_pem_x509_csr if b"-----BEGIN" in data else x509.load_der_x509_csr
        csr = load(data)
        valid = csr.is_signature_valid
    except Exception as error:  # the backend's exceptions differ between releases
        raise RemediationError(
            "%s: this is no certificate signing request: %s" % (option, " ".join(str(error).split())),
            "Give a PKCS#10 request as PEM or DER.",
        ) from error
    if not valid:
        raise RemediationError("%s: the request's signature is not valid" % option, "Make the request again.")
    return csr
