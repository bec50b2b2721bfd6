# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A chain as a drawing: from the certificate of the server to its root, with the place where it breaks. Inline SVG, coloured by the report's style.

No meaning is in a colour alone: each box and each link has its words and its mark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterator, List, Mapping, Optional, Tuple
from xml.etree import ElementTree

WIDTH, BOX, LINK, PAD = 336, 76, 44, 14
#: characters that fit on a line of a box
LINE = 40
#: what was not sent
ABSENT = ("missing", "issuer", "trusted", "trusted CA")
MARKS = {"ok": "\u2713", "warning": "!", "error": "\u2715", "unknown": "?"}


@dataclass(frozen=True)
class Node:
    """A certificate, or the place of one that is missing.

    :param kind: what it is in the chain, in words.
    :param state: ``ok``, ``warning``, ``error``, ``unknown``: how it is marked.
    :param lines: what is said of it.
    :param link: the words at the link from the certificate below to it; empty if the link holds.
    """

    kind: str
    name: str
    state: str
    lines: Tuple[str, ...]
    link: str = ""
    whole: str = ""


def nodes_of(inspection: Mapping[str, Any]) -> List[Node]:
    """The path of the chain, the certificate of the server first; empty if the server presented none."""
    certificates, chain = inspection["certificates"], inspection["chain"]
    if not certificates or not chain:
        return []
    found: List[Node] = []
    for place, index in enumerate(chain["order"]):
        below = certificates[chain["order"][place - 1]] if place and chain["order"][place - 1] >= 0 else None
        found.append(_node(certificates[index], place, inspection) if index >= 0 else _not_sent(below))
    if not chain["in_order"] and len(found) > 1:
        found[1] = replace(found[1], link="sent in the wrong order")
    untrusted = [each for each in inspection["findings"] if each["code"].startswith("TRUST-") and each["severity"] == "error" and not each["waived"]]
    if chain["missing"]:
        found.append(_missing(str(chain["missing"][0]["subject"]), chain["complete"]))
    elif untrusted:
        found.append(Node("trusted CA", "none", "error", ("no CA that the clients trust signed this chain",), "the chain ends here"))
    return found


def _node(certificate: Mapping[str, Any], place: int, inspection: Mapping[str, Any]) -> Node:
    """A certificate that was sent."""
    left = certificate["days_left"]
    key = certificate["key"] or {}
    kinds = ("intermediate", "root") if place else ("server certificate", "server certificate, self-signed")
    strength = " ".join(str(part) for part in (key.get("type"), key.get("curve") or key.get("bits")) if part)
    lines = ("until %s (%s)" % (str(certificate["not_after"])[:10], certificate["expiry"]), strength)
    worst = inspection["verdict"] if not place else "ok"
    state = "error" if left is not None and left < 0 else _of_leaf(inspection, worst)
    return Node(kinds[bool(certificate["self_signed"])], short_name(certificate), state, lines, whole=str(certificate["subject"]))


def _of_leaf(inspection: Mapping[str, Any], worst: str) -> str:
    """Findings about the chain and its trust are drawn where the chain breaks, not at the certificate of the server."""
    own = [each["severity"] for each in inspection["findings"] if not each["waived"] and not each["code"].startswith(("CHAIN-", "TRUST-"))]
    return worst if worst == "ok" else "error" if "error" in own else "warning" if "warning" in own else "ok"


def short_name(certificate: Mapping[str, Any]) -> str:
    """The common name, or the subject of a certificate without one."""
    return str(certificate["common_name"] or certificate["subject"] or "no subject")


def common_name_in(subject: str) -> str:
    """The common name in a distinguished name (RFC 4514), for a label."""
    parts = [part[3:] for part in subject.split(",") if part[:3].upper() == "CN="]
    return parts[0] if parts else subject


def _not_sent(below: Optional[Mapping[str, Any]]) -> Node:
    name = str(below["issuer"]) if below else "trusted CA"
    return Node("trusted", common_name_in(name), "ok", ("the clients have it; it was not sent",), whole=name)


def _missing(issuer: str, complete: Optional[bool]) -> Node:
    name = common_name_in(issuer)
    if complete is None:
        return Node("issuer", name, "unknown", ("not sent; whom the clients trust was not said",), "not judged", issuer)
    return Node("missing", name, "error", ("not sent, and not known to the clients",), "the chain breaks here", issuer)


def described(nodes: List[Node]) -> str:
    """The drawing in words, for those who do not see it."""
    marked = ("" if node.state == "ok" else " (%s)" % node.state for node in nodes)
    return "; ".join("%s: %s, %s%s" % (node.link or node.kind, node.name, node.lines[0], mark) for node, mark in zip(nodes, marked))


def drawing(inspection: Optional[Mapping[str, Any]], label: str) -> str:
    """The drawing as SVG; empty if there is no chain.

    :param label: what the drawing is of, for those who do not see it.
    """
    nodes = nodes_of(inspection) if inspection else []
    if not nodes:
        return ""
    height = len(nodes) * (BOX + LINK) - LINK + 4
    shape = {"class": "chain", "viewBox": "0 0 %d %d" % (WIDTH, height), "role": "img", "aria-label": "%s: %s" % (label, described(nodes))}
    svg = ElementTree.Element("svg", shape)
    for place, node in enumerate(nodes):
        top = 2 + place * (BOX + LINK)
        for element in _link(node, top) if place else ():
            svg.append(element)
        svg.append(_box(node, top))
    return ElementTree.tostring(svg, encoding="unicode")


def _element(tag: str, text: str = "", **attributes: Any) -> ElementTree.Element:
    element = ElementTree.Element(tag, {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()})
    element.text = text or None
    return element


def _box(node: Node, top: int) -> ElementTree.Element:
    group = _element("g", class_="node " + node.state + (" absent" if node.kind in ABSENT else ""))
    title = _element("title", node.whole or node.name)
    group.extend([title, _element("rect", x=2, y=top, width=WIDTH - 4, height=BOX, rx=10)])
    group.append(_element("text", node.kind.upper(), x=PAD, y=top + 20, class_="kind"))
    group.append(_element("text", _cut(node.name), x=PAD, y=top + 41, class_="name"))
    group.append(_element("text", _cut(" \u00b7 ".join(filter(None, node.lines)), LINE + 8), x=PAD, y=top + 61, class_="small"))
    group.append(_element("circle", cx=WIDTH - 22, cy=top + 21, r=11, class_="mark"))
    group.append(_element("text", MARKS[node.state], x=WIDTH - 22, y=top + 26, class_="sign"))
    return group


def _link(node: Node, top: int) -> Iterator[ElementTree.Element]:
    """The line from the box below, with a gap and a cross if it is broken."""
    x, start = 36, top - LINK
    state = "unknown" if node.link == "not judged" else "warning" if node.state in ("ok", "warning") and node.link else "error" if node.link else "ok"
    if not node.link:
        yield _element("line", x1=x, y1=start, x2=x, y2=top, class_="link")
        yield _element("text", "issued by", x=x + 16, y=start + 27, class_="small")
        return
    yield _element("line", x1=x, y1=start, x2=x, y2=start + 12, class_="link " + state)
    yield _element("line", x1=x, y1=top - 12, x2=x, y2=top, class_="link " + state)
    yield _element("text", MARKS[state], x=x, y=start + 28, class_="break " + state)
    yield _element("text", _cut(node.link), x=x + 16, y=start + 27, class_="words " + state)


def _cut(text: str, length: int = LINE) -> str:
    return text if len(text) <= length else text[: length - 1] + "\u2026"
