# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints that are registered in a vCenter's Lookup Service, from the result of ``lookup_ssl_trust``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates

Certificates = Dict[str, Tuple[Certificate, ...]]


@dataclass(frozen=True)
class RegisteredEndpoint:
    """One endpoint of a service registration.

    :param service: type and id of the service.
    :param host_port: the host and port of its URL.
    :param anchors: its trust anchors, as far as they can be read.
    """

    service: str
    url: str
    host_port: HostPort
    anchors: Tuple[Certificate, ...]


def parse_ssl_trust(result: Mapping[str, Any]) -> List[RegisteredEndpoint]:
    """Read the option ``ssl_trust``.

    :raises RemediationError: it is not the result of lookup_ssl_trust.
    """
    try:
        certificates = {
            fingerprint: read_certificates(certificate["pem"].encode("ascii")).certificates for fingerprint, certificate in result["certificates"].items()
        }
        return [_parse(endpoint, certificates) for endpoint in result["endpoints"] if endpoint["status"] != "not_probed"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RemediationError(
            "ssl_trust: this is not the result of lookup_ssl_trust (%s: %s)" % (type(error).__name__, error),
            "Register the result of that module and give all of it.",
        ) from error


def _parse(endpoint: Mapping[str, Any], certificates: Certificates) -> RegisteredEndpoint:
    url = urlsplit(endpoint["url"].strip())
    fingerprints = [anchor["fingerprints"]["sha256"] for anchor in endpoint["ssl_trust"] if "fingerprints" in anchor]
    anchors = tuple(certificate for fingerprint in fingerprints for certificate in certificates[fingerprint])
    service = "%s %s" % (endpoint["service_type"], endpoint["service_id"])
    return RegisteredEndpoint(service, endpoint["url"], HostPort.of(url.hostname or "", url.port or 443), anchors)
