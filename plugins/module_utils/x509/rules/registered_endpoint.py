# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a vCenter's Lookup Service holds for a server, out of the result of lookup_ssl_trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates


@dataclass(frozen=True)
class Registered:
    """One endpoint of a registration.

    :param service: the registration, as a person would call it.
    :param place: its url's host and port.
    :param anchors: what it holds, as far as that can be read.
    """

    service: str
    url: str
    place: Tuple[str, int]
    anchors: Tuple[Certificate, ...]


def registered_of(told: Dict[str, Any]) -> List[Registered]:
    """Read the option ``ssl_trust``.

    :raises RemediationError: it is not what lookup_ssl_trust returned.
    """
    try:
        certificates = {key: read_certificates(one["pem"].encode("ascii")).certificates for key, one in told["certificates"].items()}
        return [_registered(one, certificates) for one in told["endpoints"] if one["status"] != "not_probed"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RemediationError(
            "ssl_trust: it is not what lookup_ssl_trust returned (%s: %s)" % (type(error).__name__, error),
            "Register the result of that module, and give all of it.",
        ) from error


def _registered(one: Dict[str, Any], certificates: Dict[str, tuple]) -> Registered:
    parts = urlsplit(one["url"].strip())
    held = [anchor["fingerprints"]["sha256"] for anchor in one["ssl_trust"] if "fingerprints" in anchor]
    anchors = tuple(certificate for key in held for certificate in certificates[key])
    return Registered("%s %s" % (one["service_type"], one["service_id"]), one["url"], (to_ascii(parts.hostname or ""), parts.port or 443), anchors)
