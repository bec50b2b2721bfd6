# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate signing request (RFC 2986) says."""

from __future__ import annotations

from typing import Any, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import serialization, x509


def csr_names(csr: Any) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
    """The DNS names and the IP addresses of a request; both are empty if it has none, or they cannot be decoded."""
    try:
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # absent or not decodable: the request is made again in both cases
        return (), ()
    addresses = (str(address) for address in names.get_values_for_type(x509.IPAddress))
    return tuple(names.get_values_for_type(x509.DNSName)), tuple(addresses)


def csr_pem(csr: Any) -> str:
    """A request as PEM text."""
    return str(csr.public_bytes(serialization.Encoding.PEM).decode("ascii"))
