# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validity of the certificates along time, as inline SVG. The text keeps its size on a small screen, because only the bars are scaled."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence
from xml.etree import ElementTree

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, unwrap
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time

DAY = datetime.timedelta(days=1)
#: days before and after the moment of the report; what ends later has an arrow
BEFORE, AFTER = 60, 800
#: rows of a report, those that expire first
ROWS = 60
TOP, ROW, BAR = 30, 54, 9


@dataclass(frozen=True)
class Bar:
    """The validity of one certificate, in days from the moment of the report."""

    starts: int
    ends: int
    date: str

    @property
    def state(self) -> str:
        """As the findings of an expiry: in the past, within a month, later."""
        return "error" if self.ends < 0 else "warning" if self.ends < 30 else "ok"


@dataclass(frozen=True)
class Row:
    """An endpoint with its certificate before and after the run; None: none was presented, or nothing was inspected."""

    name: str
    before: Optional[Bar]
    after: Optional[Bar]

    @property
    def last(self) -> Bar:
        """What is presented now, as far as it is known."""
        return unwrap(self.after or self.before, "a row has at least one of them")


def rows_of(endpoints: Sequence[Mapping[str, Any]], now: datetime.datetime) -> List[Row]:
    """A row for each endpoint with a certificate, the first to expire first."""
    found = [Row(each["source"], _bar(each["before"], now), _bar(each["after"], now)) for each in endpoints]
    return sorted([row for row in found if row.before or row.after], key=lambda row: (row.last.ends, row.name))


def _bar(inspection: Optional[Mapping[str, Any]], now: datetime.datetime) -> Optional[Bar]:
    leaf = (inspection["certificates"] or [None])[0] if inspection else None
    if not leaf or not leaf["not_after"]:
        return None
    try:
        starts, ends = (parse_time(leaf[name], name, now) for name in ("not_before", "not_after"))
    except RemediationError:  # a validity that could not be decoded
        return None
    return Bar((starts - now) // DAY, (ends - now) // DAY, leaf["not_after"][:10])


def _cut(text: str, length: int = 32) -> str:
    """A name that fits on a small screen: the beginning and the end tell more than the middle."""
    return text if len(text) <= length else text[: length // 2] + "\u2026" + text[1 - length // 2 :]


def _x(days: int) -> float:
    """A day as a percentage of the width."""
    return round(100 * (min(max(days, -BEFORE), AFTER) + BEFORE) / (BEFORE + AFTER), 2)


def _element(parent: ElementTree.Element, tag: str, text: str = "", **attributes: Any) -> ElementTree.Element:
    named = {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()}
    element = ElementTree.SubElement(parent, tag, named)
    element.text = text or None
    return element


def drawing(rows: Sequence[Row], now: datetime.datetime) -> str:
    """The rows as SVG; empty if there are none."""
    if not rows:
        return ""
    height = TOP + ROW * len(rows) + 6
    said = "; ".join("%s until %s" % (row.name, row.last.date) for row in rows)
    shape = {"class": "timeline", "width": "100%", "height": str(height), "role": "img", "aria-label": "Expiry of the certificates: " + said}
    svg = ElementTree.Element("svg", shape)
    _scale(svg, height, now)
    for place, row in enumerate(rows):
        _row(svg, row, TOP + ROW * place)
    return ElementTree.tostring(svg, encoding="unicode")


def _scale(svg: ElementTree.Element, height: int, now: datetime.datetime) -> None:
    """The lines of the months and of the present day."""
    _element(svg, "rect", x=0, y=20, width="%s%%" % _x(0), height=height - 20, class_="past")
    for days, words in ((182, "6 months"), (365, "1 year"), (730, "2 years")):
        _element(svg, "line", x1="%s%%" % _x(days), x2="%s%%" % _x(days), y1=20, y2=height, class_="tick")
        _element(svg, "text", words, x="%s%%" % _x(days), y=14, class_="axis" if days > 182 else "axis half")
    _element(svg, "line", x1="%s%%" % _x(0), x2="%s%%" % _x(0), y1=20, y2=height, class_="today")
    _element(svg, "text", now.strftime("%Y-%m-%d"), x=0, y=14, class_="axis now")


def _row(svg: ElementTree.Element, row: Row, top: int) -> None:
    group = _element(svg, "g", class_="row")
    _element(group, "title", row.name)
    _element(group, "text", _cut(row.name), x=0, y=top + 13, class_="name")
    dates = dict.fromkeys(validity.date for validity in (row.before, row.after) if validity)
    _element(group, "text", list(dates)[-1] + (" \u2192" if row.last.ends > AFTER else ""), x="100%", y=top + 13, class_="ends")
    for validity, when, y in ((row.before, "before", top + 20), (row.after, "after", top + 20 + BAR + 2)):
        if validity:
            left, right = _x(validity.starts), _x(validity.ends)
            wide: Dict[str, Any] = {"x": "%s%%" % left, "width": "%s%%" % max(round(right - left, 2), 0.6), "y": y, "height": BAR, "rx": 3}
            _element(group, "rect", class_="bar %s %s" % (when, validity.state), **wide)
