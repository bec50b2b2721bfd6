# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read registrations from the output of the appliance's lstool.py. Standard library only."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import Tree
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: the labels at the head of a service, and the attribute of a registration that each one fills
HEAD = {
    "Name": "name",
    "Description": "description",
    "Service Product": "product",
    "Service Type": "type",
    "Service ID": "service_id",
    "Site ID": "site_id",
    "Node ID": "node_id",
    "Owner ID": "owner_id",
    "Version": "version",
}
#: the first fields of a Registration
IDENTITY = ("service_id", "owner_id", "product", "type", "node_id", "site_id")
LABEL = re.compile(
    r"\s*(Name|Description|Service Product|Service Type|Service ID|Site ID|Node ID|Owner ID|Version|Endpoints|Type|Protocol|URL|SSL trust"
    r"|Endpoint Attributes|Attributes):\s?"
)
#: a line that continues an sslTrust; on 6.5, lines of a log can be in between, which are neither this nor a label
BASE64 = re.compile(r"^\s*[A-Za-z0-9+/=]+\s*$")

#: the values of an endpoint, by their labels
EndpointTexts = Dict[str, List[str]]


def parse_list(text: str) -> List[Registration]:
    """Read the output of ``lstool.py list``. Tabs indent it; sslTrust may continue on lines without a label.

    :raises RemediationError: the text contains no service.
    """
    parser = _Parser()
    for line in re.split("\r?\n", text):  # other ends of lines of Unicode are a part of a value
        parser.read_line(line)
    parser.end_service()
    if not parser.registrations:
        raise RemediationError("listed: contains no service", "Give the output of lstool.py list, unchanged.")
    return parser.registrations


class _Parser:
    """Reads line by line. A service ends when the head of the next one begins."""

    def __init__(self) -> None:
        self.registrations: List[Registration] = []
        self.head: Dict[str, str] = {}
        self.endpoints: List[EndpointTexts] = []
        self.section = ""
        #: the texts of the sslTrust that the next line may continue
        self.continued: Optional[List[str]] = None
        #: what its further lines have
        self.pieces: List[str] = []

    def read_line(self, line: str) -> None:
        match = LABEL.match(line)
        if match:
            self._end_text()
            self._read_label(match.group(1), line[match.end() :].rstrip())
        elif self.continued is not None and BASE64.match(line):
            self.pieces.append(line.strip())

    def _end_text(self) -> None:
        """Put the pieces of an sslTrust together, once: it can have as many lines as the text."""
        if self.continued is not None:
            self.continued[-1] += "".join(self.pieces)
        self.continued, self.pieces = None, []

    def _read_label(self, label: str, value: str) -> None:
        if label in ("Endpoints", "Endpoint Attributes", "Attributes"):
            self.section = label
        elif label in HEAD:
            if self.section or HEAD[label] in self.head:  # the next service begins
                self.end_service()
            self.head[HEAD[label]] = value
        elif self.section in ("Endpoints", "Endpoint Attributes"):
            self._read_endpoint_label(label, value)

    def _read_endpoint_label(self, label: str, value: str) -> None:
        """A label that the current endpoint has already begins the next endpoint; only sslTrust can occur several times."""
        if not self.endpoints or (label in self.endpoints[-1] and label != "SSL trust"):
            self.endpoints.append({})
            self.section = "Endpoints"
        texts = self.endpoints[-1].setdefault(label, [])
        texts.append(value)
        self.continued = texts if label == "SSL trust" else None

    def end_service(self) -> None:
        self._end_text()
        if "service_id" in self.head:
            service_id, owner_id, product, kind, node_id, site_id = (self.head.get(name, "") for name in IDENTITY)
            version = Tree("serviceVersion", self.head.get("version", ""), ())
            mutable = (version, *(_endpoint(texts) for texts in self.endpoints))
            self.registrations.append(Registration(service_id, owner_id, product, kind, node_id, site_id, mutable))
        self.head, self.endpoints, self.section = {}, [], ""


def _endpoint(texts: EndpointTexts) -> Tree:
    endpoint_type: Tuple[Tree, ...] = (Tree("protocol", texts.get("Protocol", [""])[0], ()), Tree("type", texts.get("Type", [""])[0], ()))
    ssl_trust = tuple(Tree("sslTrust", text, ()) for text in texts.get("SSL trust", []) if text)
    return Tree("serviceEndpoints", "", (Tree("url", texts.get("URL", [""])[0], ()), Tree("endpointType", "", endpoint_type), *ssl_trust))
