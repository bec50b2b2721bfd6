# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the appliance's lstool.py prints, as registrations. Standard library only."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import Tree
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: labels at the head of a service, and what they are
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
LABEL = re.compile(
    r"^\s*(Name|Description|Service Product|Service Type|Service ID|Site ID|Node ID|Owner ID|Version|Endpoints|Type|Protocol|URL|SSL trust"
    r"|Endpoint Attributes|Attributes):\s?(.*?)\s*$"
)
#: on 6.5 lines of the log stand in between
LOGGED = re.compile(r"^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
BASE64 = re.compile(r"^\s*[A-Za-z0-9+/=]+\s*$")


def registrations_of(text: str) -> List[Registration]:
    """Read the output of ``lstool.py list``: tabs indent, sslTrust may wrap over lines without a label.

    :raises RemediationError: there is no service in it.
    """
    reader = _Reader()
    for line in text.splitlines():
        reader.take(line)
    reader.end_service()
    if not reader.services:
        raise RemediationError("listed: there is no service in it", "Give what lstool.py list prints, as it prints it.")
    return reader.services


class _Reader:
    def __init__(self) -> None:
        self.services: List[Registration] = []
        self.head: Dict[str, str] = {}
        self.endpoints: List[Dict[str, List[str]]] = []
        self.section = ""
        self.wrapping: Optional[List[str]] = None

    def take(self, line: str) -> None:
        if LOGGED.match(line):
            return
        found = LABEL.match(line)
        if found:
            self.wrapping = None
            self._labelled(found.group(1), found.group(2))
        elif self.wrapping is not None and BASE64.match(line):
            self.wrapping[-1] += line.strip()

    def _labelled(self, label: str, value: str) -> None:
        if label in ("Endpoints", "Endpoint Attributes", "Attributes"):
            self.section = label
        elif label in HEAD:
            if self.section or HEAD[label] in self.head:  # the next service begins
                self.end_service()
            self.head[HEAD[label]] = value
        elif self.section in ("Endpoints", "Endpoint Attributes"):
            self._of_endpoint(label, value)

    def _of_endpoint(self, label: str, value: str) -> None:
        if not self.endpoints or (label in self.endpoints[-1] and label != "SSL trust"):
            self.endpoints.append({})
            self.section = "Endpoints"
        texts = self.endpoints[-1].setdefault(label, [])
        texts.append(value)
        self.wrapping = texts if label == "SSL trust" else None

    def end_service(self) -> None:
        if "service_id" in self.head:
            names = ("service_id", "owner_id", "product", "type", "node_id", "site_id")
            trees = (Tree("serviceVersion", self.head.get("version", ""), ()), *(_endpoint(one) for one in self.endpoints))
            self.services.append(Registration(mutable=trees, **{name: self.head.get(name, "") for name in names}))
        self.head, self.endpoints, self.section, self.wrapping = {}, [], "", None


def _endpoint(texts: Dict[str, List[str]]) -> Tree:
    kind: Tuple[Tree, ...] = (Tree("protocol", texts.get("Protocol", [""])[0], ()), Tree("type", texts.get("Type", [""])[0], ()))
    anchors = tuple(Tree("sslTrust", text, ()) for text in texts.get("SSL trust", []) if text)
    return Tree("serviceEndpoints", "", (Tree("url", texts.get("URL", [""])[0], ()), Tree("endpointType", "", kind), *anchors))
