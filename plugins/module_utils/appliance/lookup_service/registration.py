# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service registered in the Lookup Service, with every element that Set must not lose. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import Tree, to_xml

#: elements that List and Get return and that Set refuses
IDENTITY = ("ownerId", "serviceType", "nodeId", "serviceId", "siteId")
#: the elements of a MutableServiceInfo and below, by their parent; of "" in the order of the schema
KNOWN = {
    "": (
        "serviceVersion",
        "vendorNameResourceKey",
        "vendorNameDefault",
        "vendorProductInfoResourceKey",
        "vendorProductInfoDefault",
        "serviceEndpoints",
        "serviceAttributes",
        "serviceNameResourceKey",
        "serviceNameDefault",
        "serviceDescriptionResourceKey",
        "serviceDescriptionDefault",
    ),
    "serviceEndpoints": ("url", "endpointType", "sslTrust", "endpointAttributes"),
    "endpointType": ("protocol", "type"),
    "serviceAttributes": ("key", "value"),
    "endpointAttributes": ("key", "value"),
}


@dataclass(frozen=True)
class ServiceEndpoint:
    """An endpoint of a service.

    :param index: its index among the elements of the registration.
    :param ssl_trust: the texts of its sslTrust elements, unchanged.
    """

    index: int
    url: str
    protocol: str
    type: str
    ssl_trust: Tuple[str, ...]

    @property
    def host(self) -> str:
        """The url's host in lower case; empty if the url has none."""
        try:
            return urlsplit(self.url.strip()).hostname or ""
        except ValueError:  # brackets without an IPv6 address
            return ""

    @property
    def port(self) -> int:
        """The url's port: 443 if the url has none, 0 if it is not a number of a port."""
        try:
            return urlsplit(self.url.strip()).port or 443
        except ValueError:
            return 0

    @property
    def scheme(self) -> str:
        """The url's scheme in lower case."""
        return self.url.strip().partition(":")[0].lower()


@dataclass(frozen=True)
class Registration:
    """A service as List and Get return it.

    :param mutable: what Set replaces: every element in its order, known or not.
    :param beyond: the names of elements that follow the identity, in releases later than those known here. Set does not take them.
    """

    service_id: str
    owner_id: str
    product: str
    type: str
    node_id: str
    site_id: str
    mutable: Tuple[Tree, ...]
    beyond: Tuple[str, ...] = ()

    @classmethod
    def from_tree(cls, tree: Tree) -> Registration:
        """Read a ``returnval``."""
        names = [child.name for child in tree.children]
        first = min((names.index(name) for name in IDENTITY if name in names), default=len(names))
        service_type = tree.child("serviceType") or Tree("serviceType", "", ())
        return cls(
            service_id=tree.value("serviceId"),
            owner_id=tree.value("ownerId"),
            product=service_type.value("product"),
            type=service_type.value("type"),
            node_id=tree.value("nodeId"),
            site_id=tree.value("siteId"),
            mutable=tree.children[:first],
            beyond=tuple(name for name in names[first:] if name not in IDENTITY),
        )

    @property
    def title(self) -> str:
        """Type and id, for messages and diffs."""
        return "%s %s" % (self.type or "service", self.service_id)

    @property
    def endpoints(self) -> List[ServiceEndpoint]:
        """The endpoints in the order of the registration."""
        return [_endpoint(index, tree) for index, tree in enumerate(self.mutable) if tree.name == "serviceEndpoints"]

    @property
    def unknown(self) -> List[str]:
        """Elements of ``mutable`` that are not in the schema of the known releases. Set gets them unchanged."""
        return [tree.name for tree, known in _walk("", self.mutable) if not known]

    @property
    def unwritable(self) -> List[str]:
        """The unknown elements that Set would get changed: they have attributes, or are of another namespace."""
        return [tree.name for tree, known in _walk("", self.mutable) if not known and not tree.plain]

    def with_ssl_trust(self, texts: Mapping[int, Sequence[str]]) -> Registration:
        """The registration with other sslTrust texts; everything else stays.

        :param texts: by the indexes of the endpoints.
        """
        mutable = tuple(_with_ssl_trust(tree, texts[index]) if index in texts else tree for index, tree in enumerate(self.mutable))
        return replace(self, mutable=mutable)

    def spec(self) -> str:
        """The content of Set's serviceSpec."""
        return "".join(to_xml(tree) for tree in self.mutable)

    def as_dict(self) -> Dict[str, Any]:
        """Everything, as a backup keeps it."""
        return {
            "service_id": self.service_id,
            "owner_id": self.owner_id,
            "product": self.product,
            "type": self.type,
            "node_id": self.node_id,
            "site_id": self.site_id,
            "mutable": [_as_list(tree) for tree in self.mutable],
            "beyond": list(self.beyond),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Registration:
        """The reverse of ``as_dict``.

        :raises KeyError, TypeError, ValueError: the value is not what ``as_dict`` returned.
        """
        trees = tuple(_from_list(tree) for tree in value["mutable"])
        texts = {name: str(value[name]) for name in ("service_id", "owner_id", "product", "type", "node_id", "site_id")}
        return cls(mutable=trees, beyond=tuple(value["beyond"]), **texts)


def differences(before: Registration, after: Registration) -> List[str]:
    """What differs between two versions of a registration, a line for each element; long texts are shortened."""
    lines = []
    for name in KNOWN[""]:
        old, new = ([_shortened(tree) for tree in version.mutable if tree.name == name] for version in (before, after))
        lines += ["%s: %s -> %s" % (name, was, now) for was, now in zip(old, new) if was != now]
        if len(old) != len(new):
            lines.append("%s: number %d -> %d" % (name, len(old), len(new)))
    return lines or ([] if before == after else ["elements that this release does not know differ"])


def _shortened(tree: Tree) -> str:
    if not tree.children:
        return tree.text if len(tree.text) < 80 else "%s... (%d characters)" % (tree.text[:40], len(tree.text))
    return "{%s}" % ", ".join("%s: %s" % (child.name, _shortened(child)) for child in tree.children)


def _walk(parent: str, trees: Sequence[Tree]) -> Iterator[Tuple[Tree, bool]]:
    """Every element, and whether it is known; below an unknown element only those that cannot be written as they were."""
    for tree in trees:
        known = tree.name in KNOWN[parent]
        yield tree, known
        if known and tree.name in KNOWN:
            yield from _walk(tree.name, tree.children)
        elif not known:
            for child in tree.children:
                if not child.plain:
                    yield child, False


def _endpoint(index: int, tree: Tree) -> ServiceEndpoint:
    endpoint_type = tree.child("endpointType") or Tree("endpointType", "", ())
    texts = tuple(child.text for child in tree.children if child.name == "sslTrust")
    return ServiceEndpoint(index, tree.value("url"), endpoint_type.value("protocol"), endpoint_type.value("type"), texts)


def _with_ssl_trust(tree: Tree, texts: Sequence[str]) -> Tree:
    """The new texts stand where the first old one stood; the schema wants them after the endpoint's type."""
    names = [child.name for child in tree.children]
    first = names.index("sslTrust") if "sslTrust" in names else names.index("endpointType") + 1
    rest = [child for child in tree.children if child.name != "sslTrust"]
    return tree._replace(children=(*rest[:first], *(Tree("sslTrust", text, ()) for text in texts), *rest[first:]))


def _as_list(tree: Tree) -> List[Any]:
    return [tree.name, [_as_list(child) for child in tree.children] or tree.text, tree.plain]


def _from_list(value: Sequence[Any]) -> Tree:
    name, content, plain = value
    if isinstance(content, str):
        return Tree(str(name), content, (), bool(plain))
    return Tree(str(name), "", tuple(_from_list(child) for child in content), bool(plain))
