# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML from the network, as plain trees: nothing in it can expand, and nothing can be fetched.

Standard library only.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

LOOKUP = "urn:lookup"


class Tree(NamedTuple):
    """An element: its local name, and either text or children.

    ``plain`` tells that it can be written again as it was: of the Lookup Service's namespace, without attributes.
    """

    name: str
    text: str
    children: Tuple[Any, ...]
    plain: bool = True

    def child(self, name: str) -> Optional[Any]:
        """The first child of this name."""
        return next((one for one in self.children if one.name == name), None)

    def value(self, name: str) -> str:
        """The text of the first child of this name; empty where there is none."""
        found = self.child(name)
        return found.text if found else ""


class _Builder(ElementTree.TreeBuilder):
    """Entities need a document type, and no answer of a service needs one."""

    def doctype(self, name: str, pubid: Optional[str], system: Optional[str]) -> None:
        raise RemediationError(
            "the answer declares a document type (DOCTYPE %s), which could expand or fetch something; it was not read" % name,
            "Whoever answers there is no Lookup Service: check the address, and what lies in between.",
        )


def parse(data: bytes) -> ElementTree.Element:
    """The root element of an answer.

    :raises RemediationError: it is no XML, or has a document type.
    """
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        return parser.close()
    except ElementTree.ParseError as error:
        raise RemediationError(
            "the answer is not XML: %s; it begins with %r" % (error, bytes(data[:60])),
            "Check the address and the port: a proxy's or a web server's page may have answered.",
        ) from error


def local(element: ElementTree.Element) -> str:
    """A name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def tree_of(element: ElementTree.Element) -> Tree:
    """An element and all below it."""
    plain = element.tag == "{%s}%s" % (LOOKUP, local(element)) and not element.attrib
    return Tree(local(element), "" if len(element) else element.text or "", tuple(tree_of(child) for child in element), plain)


def written(tree: Tree) -> str:
    """A tree as XML, to be read again as the same one.

    A carriage return is written as a reference: XML 1.0 section 2.11 turns a bare one into a line feed.
    """
    inner = "".join(written(child) for child in tree.children) or escape(tree.text, {"\r": "&#13;"})
    return "<%s>%s</%s>" % (tree.name, inner, tree.name)
