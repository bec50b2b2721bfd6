# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies where a certificate shall be: key, request and certificate as they are now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates

#: beside the key in use: the one for which a request is on its way to the CA
NEXT = ".next"


@dataclass(frozen=True)
class Existing:
    """The present state.

    :param key: the private key in use; None where there is none, or none that can be read.
    :param next_key: a key made for a request while another one is in use.
    :param key_in_its_file: whether ``key`` lies at private_key_path, and not only in the combined file.
    :param certificates: all that the certificate file holds, the server's own first.
    :param combined: the certificates of the combined file, where one is asked for.
    :param combined_pin: the pin of the private key in it.
    :param problems: what is there and cannot be read; it will be replaced, with the reason.
    """

    key: Any
    next_key: Any
    csr: Any
    certificates: Tuple[Certificate, ...]
    problems: Tuple[str, ...]
    key_in_its_file: bool = True
    combined: Tuple[Certificate, ...] = ()
    combined_pin: str = ""

    @property
    def certificate(self) -> Optional[Certificate]:
        """The server's own certificate."""
        return self.certificates[0] if self.certificates else None

    def pins(self) -> dict:
        """The keys at hand by their pin; the one in use wins where both are the same."""
        return {pin_of(key.public_key()): key for key in (self.next_key, self.key) if key is not None}


def look(params: dict) -> Existing:
    """Read the present state. What is absent or damaged is no error; what may not be read is."""
    problems: List[str] = []
    key_path, combined = params["private_key_path"], params["combined_path"]
    own_key = _key(key_path, "private_key_path", problems)
    combined_key = _key(combined, "combined_path", problems) if combined else None
    key = combined_key if own_key is None else own_key
    return Existing(
        key=key,
        next_key=_key(key_path and key_path + NEXT, "private_key_path", problems),
        csr=_csr(params["csr_path"], problems),
        certificates=_certificates(params["certificate_path"] or combined, problems),
        problems=tuple(problems),
        key_in_its_file=own_key is not None,
        combined=_certificates(combined, problems),
        combined_pin=pin_of(combined_key.public_key()) if combined_key is not None else "",
    )


def _bytes(path: Optional[str], option: str) -> Optional[bytes]:
    return read_file(path, option) if path and os.path.lexists(path) else None


def _key(path: Optional[str], option: str, problems: List[str]) -> Any:
    data = _bytes(path, option)
    if not data:
        return None
    try:
        return load_private_key(data, str(path))
    except RemediationError as error:
        problems.append(error.message)
        return None


def _csr(path: Optional[str], problems: List[str]) -> Any:
    data = _bytes(path, "csr_path")
    try:
        return load_csr(data, str(path)) if data else None
    except RemediationError as error:
        problems.append(error.message)
        return None


def _certificates(path: Optional[str], problems: List[str]) -> Tuple[Certificate, ...]:
    data = _bytes(path, "certificate_path")
    if data is None:
        return ()
    reading = read_certificates(data)
    problems += ["%s: %s" % (path, warning) for warning in reading.warnings]
    return reading.certificates
