# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One service of the Lookup Service, with everything that Set must not lose. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Iterator, List, Sequence, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import Tree, written

#: what List and Get tell and Set must not be told
IDENTITY = ("ownerId", "serviceType", "nodeId", "serviceId", "siteId")
#: the elements of a MutableServiceInfo and what is below them, by their parent
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
class Endpoint:
    """One endpoint of a service.

    :param place: its place among the elements of its registration.
    :param anchors: the sslTrust texts as they came.
    """

    place: int
    url: str
    protocol: str
    type: str
    anchors: Tuple[str, ...]

    @property
    def host(self) -> str:
        """The url's host, folded to lower case; empty where there is none."""
        try:
            return urlsplit(self.url.strip()).hostname or ""
        except ValueError:  # brackets without an IPv6 address
            return ""

    @property
    def port(self) -> int:
        """The url's own port, 443 where it names none; 0 where it is no port."""
        try:
            return urlsplit(self.url.strip()).port or 443
        except ValueError:
            return 0

    @property
    def scheme(self) -> str:
        return self.url.strip().partition(":")[0].lower()


@dataclass(frozen=True)
class Registration:
    """A service as List and Get tell it.

    :param mutable: what Set takes, every element in its order, known or not.
    :param beyond: elements after those, of a release that this one does not know. Set is not told of them.
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
    def of(cls, tree: Tree) -> Registration:
        """Read a ``returnval``."""
        names = [one.name for one in tree.children]
        first = min((names.index(name) for name in IDENTITY if name in names), default=len(names))
        kind = tree.child("serviceType") or Tree("serviceType", "", ())
        return cls(
            service_id=tree.value("serviceId"),
            owner_id=tree.value("ownerId"),
            product=kind.value("product"),
            type=kind.value("type"),
            node_id=tree.value("nodeId"),
            site_id=tree.value("siteId"),
            mutable=tree.children[:first],
            beyond=tuple(name for name in names[first:] if name not in IDENTITY),
        )

    @property
    def title(self) -> str:
        """As a person would call it."""
        return "%s %s" % (self.type or "service", self.service_id)

    @property
    def endpoints(self) -> List[Endpoint]:
        return [_endpoint(place, tree) for place, tree in enumerate(self.mutable) if tree.name == "serviceEndpoints"]

    @property
    def unknown(self) -> List[str]:
        """Elements of Set's part that no release known here has. They are carried as they came."""
        return [tree.name for tree, known in _each("", self.mutable) if not known]

    @property
    def unspeakable(self) -> List[str]:
        """Those of them that cannot be written again as they were: with attributes, or of another namespace."""
        return [tree.name for tree, known in _each("", self.mutable) if not known and not tree.plain]

    def with_anchors(self, anchors: Dict[int, Sequence[str]]) -> Registration:
        """The same with other sslTrust texts; nothing else changes.

        :param anchors: by the places of the endpoints.
        """
        mutable = tuple(
            _with_anchors(tree, anchors[place]) if place in anchors else tree for place, tree in enumerate(self.mutable)
        )
        return replace(self, mutable=mutable)

    def spec(self) -> str:
        """What stands inside Set's serviceSpec."""
        return "".join(written(tree) for tree in self.mutable)

    def as_dict(self) -> dict:
        """For a backup: everything that came."""
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
    def from_dict(cls, value: dict) -> Registration:
        """The reverse of ``as_dict``; raises KeyError, TypeError or ValueError for anything else."""
        trees = tuple(_from_list(one) for one in value["mutable"])
        texts = {name: str(value[name]) for name in ("service_id", "owner_id", "product", "type", "node_id", "site_id")}
        return cls(mutable=trees, beyond=tuple(value["beyond"]), **texts)


def differences(one: Registration, other: Registration) -> List[str]:
    """What differs between two versions of a registration, a line each, sslTrust in short."""
    lines = []
    for name in KNOWN[""]:
        old, new = ([_told(tree) for tree in which.mutable if tree.name == name] for which in (one, other))
        lines += ["%s: %s -> %s" % (name, was, now) for was, now in zip(old, new) if was != now]
        if len(old) != len(new):
            lines.append("%s: %d of them -> %d" % (name, len(old), len(new)))
    return lines or ([] if one == other else ["elements that are not known here differ"])


def _told(tree: Tree) -> str:
    if not tree.children:
        return tree.text if len(tree.text) < 80 else "%s... (%d characters)" % (tree.text[:40], len(tree.text))
    return "{%s}" % ", ".join("%s: %s" % (child.name, _told(child)) for child in tree.children)


def _each(parent: str, trees: Sequence[Tree]) -> Iterator[Tuple[Tree, bool]]:
    for tree in trees:
        known = tree.name in KNOWN[parent]
        yield tree, known
        if known and tree.name in KNOWN:
            yield from _each(tree.name, tree.children)
        elif not known:
            for child in tree.children:
                if not child.plain:
                    yield child, False


def _endpoint(place: int, tree: Tree) -> Endpoint:
    kind = tree.child("endpointType") or Tree("endpointType", "", ())
    anchors = tuple(one.text for one in tree.children if one.name == "sslTrust")
    return Endpoint(place, tree.value("url"), kind.value("protocol"), kind.value("type"), anchors)


def _with_anchors(tree: Tree, anchors: Sequence[str]) -> Tree:
    """The anchors stand where the first one stood; the schema wants them after the endpoint's type."""
    names = [child.name for child in tree.children]
    first = names.index("sslTrust") if "sslTrust" in names else names.index("endpointType") + 1
    rest = [child for child in tree.children if child.name != "sslTrust"]
    return tree._replace(children=(*rest[:first], *(Tree("sslTrust", text, ()) for text in anchors), *rest[first:]))


def _as_list(tree: Tree) -> list:
    return [tree.name, [_as_list(child) for child in tree.children] or tree.text, tree.plain]


def _from_list(value: list) -> Tree:
    name, content, plain = value
    if isinstance(content, str):
        return Tree(str(name), content, (), bool(plain))
    return Tree(str(name), "", tuple(_from_list(child) for child in content), bool(plain))
