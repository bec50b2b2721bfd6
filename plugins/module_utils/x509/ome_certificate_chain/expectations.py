# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate of OpenManage Enterprise is compared with: its request, its names, and the other appliance of a migration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import csr_pin, read_certificates, read_peer_chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of


@dataclass(frozen=True)
class Names:
    """The names of a certificate that will be issued.

    :param alternatives: host names and IP addresses of the subject alternative name.
    """

    common_name: str
    alternatives: Tuple[str, ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Names:
        """The names that ``distinguished_name`` and ``subject_alternative_names`` ask for; by default that by which clients connect."""
        common_name = params["distinguished_name"] or params["name"] or params["hostname"] or "localhost"
        return cls(common_name, tuple(params["subject_alternative_names"] or (common_name,)))


@dataclass(frozen=True)
class Expectations:
    """What the certificate is compared with.

    :param csr_pin: the pin of the request that it must answer; None if no request was given.
    :param peer: the chain of the other appliance of a migration, leaf first; empty if it was not given.
    :param name: the name by which clients connect; empty: names are not compared.
    :param issuers: the CA that will issue the certificate, with its issuers; empty if the certificate itself is given.
    :param peer_issuers: the CA that will issue the other appliance's certificate, with its issuers; empty if ``peer`` is given.
    :param names: what the certificate will be issued for.
    """

    csr_pin: Optional[str] = None
    peer: Tuple[Certificate, ...] = ()
    name: str = ""
    issuers: Tuple[Certificate, ...] = ()
    peer_issuers: Tuple[Certificate, ...] = ()
    names: Names = Names("")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Expectations:
        """Read the request and the other appliance's chain. Nothing if a request is to be created: ``csr_path`` is where it is kept then.

        :raises RemediationError: with everything that cannot be read.
        """
        if params["state"] == "csr":
            return cls()
        errors: List[RemediationError] = []
        pin = attempt(errors, lambda: csr_pin(params))
        peer = attempt(errors, lambda: _peer(params))
        issuers = attempt(errors, lambda: _issuers(params, "signing_ca_content"))
        peer_issuers = attempt(errors, lambda: _issuers(params, "peer_signing_ca_content"))
        raise_all(errors)
        return cls(pin, peer or (), params["name"] or "", issuers or (), peer_issuers or (), Names.from_params(params))


def _peer(params: Mapping[str, Any]) -> Tuple[Certificate, ...]:
    data, option = read_path_or_content(params, "peer_path", "peer_content")
    return () if data is None else chain_of(read_peer_chain(data, option), None, first_is_leaf=True).path.certificates


def _issuers(params: Mapping[str, Any], option: str) -> Tuple[Certificate, ...]:
    """The CA certificates of an option, the issuing CA first."""
    if params[option] is None:
        return ()
    certificates = read_certificates(params[option].encode("utf-8")).certificates
    if not certificates:
        raise RemediationError("%s: it contains no certificate" % option, "Give the certificate of the CA and those of its issuers as PEM text.")
    return chain_of(certificates, None, first_is_leaf=True).path.certificates
