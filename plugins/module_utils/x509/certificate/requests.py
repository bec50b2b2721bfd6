# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate signing request (RFC 2986) says."""

from __future__ import annotations

from typing import Any, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import serialization, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import names_of_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.extensions import PURPOSES


def csr_names(csr: Any) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
    """The DNS names and the IP addresses of a request; both are empty if it has none, or they cannot be decoded."""
    names = names_of_csr(csr)
    return names.dns, names.ip


def csr_purposes(csr: Any) -> Tuple[str, ...]:
    """The extended key usage of a request, by the names or the digits that certificates have; empty if it has none, or it cannot be decoded."""
    try:
        value = csr.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except Exception:  # absent or not decodable
        return ()
    return tuple(PURPOSES.get(purpose, purpose.dotted_string) for purpose in value)


def csr_pem(csr: Any) -> str:
    """A request as PEM text."""
    return str(csr.public_bytes(serialization.Encoding.PEM).decode("ascii"))
