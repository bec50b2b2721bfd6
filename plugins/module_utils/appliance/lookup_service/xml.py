# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML from the network as plain trees. Document types are refused, so that nothing is expanded and nothing is fetched.

Standard library only.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

LOOKUP = "urn:lookup"
#: the levels of elements that an answer can have; a registration has 7
DEEPEST = 100


class Tree(NamedTuple):
    """An element: its local name, and either text or children.

    :param plain: whether ``to_xml`` writes the element as it was: it is of the Lookup Service's namespace and has no attributes.
    """

    name: str
    text: str
    children: Tuple[Tree, ...]
    plain: bool = True

    def child(self, name: str) -> Optional[Tree]:
        """The first child of this name; None if no child has it."""
        return next((child for child in self.children if child.name == name), None)

    def value(self, name: str) -> str:
        """The text of the first child of this name; empty if no child has it."""
        child = self.child(name)
        return child.text if child else ""


class _Builder(ElementTree.TreeBuilder):
    """Entities need a document type, and no answer of a SOAP service needs one, nor many levels of elements."""

    _depth = 0

    def start(self, tag: str, attrs: Dict[Any, Any]) -> ElementTree.Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise RemediationError(
                "the answer has elements in more than %d levels; it was not read" % DEEPEST,
                "The answer is not from a Lookup Service: check hostname, port, and the proxies in between.",
            )
        return super().start(tag, attrs)

    def end(self, tag: str) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, name: str, pubid: Optional[str], system: Optional[str]) -> None:
        raise RemediationError(
            "the answer declares a document type (DOCTYPE %s), which could expand or fetch content; the answer was not read" % name,
            "The answer is not from a Lookup Service: check hostname, port, and the proxies in between.",
        )


def parse(data: bytes, hide: Callable[[str], str] = str) -> ElementTree.Element:
    """The root element of an answer.

    :param hide: takes secrets out of what a message shows of the answer.
    :raises RemediationError: the answer is not XML, has a document type, or is nested too deeply.
    """
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        return parser.close()
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the latter two: of an encoding that is unknown, or has several bytes
        raise RemediationError(
            "the answer is not XML: %s; it begins with %r" % (error, hide(data.decode("utf-8", "replace"))[:60]),
            "Check hostname and port: the page of a proxy or a web server may have answered.",
        ) from error


def local_name(element: ElementTree.Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def tree_of(element: ElementTree.Element) -> Tree:
    """An element with all elements below it."""
    plain = element.tag == "{%s}%s" % (LOOKUP, local_name(element)) and not element.attrib
    return Tree(local_name(element), "" if len(element) else element.text or "", tuple(tree_of(child) for child in element), plain)


def to_xml(tree: Tree) -> str:
    """A tree as XML; a parser reads the same tree from it.

    A carriage return is written as a character reference: XML 1.0 section 2.11 turns a literal one into a line feed.
    """
    inner = "".join(to_xml(child) for child in tree.children) or escape(tree.text, {"\r": "&#13;"})
    return "<%s>%s</%s>" % (tree.name, inner, tree.name)
