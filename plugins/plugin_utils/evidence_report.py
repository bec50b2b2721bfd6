# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as one page of HTML: nothing is fetched, and nothing is run."""

from __future__ import annotations

import datetime
import functools
import os
from typing import Any, Dict, List, Mapping

import jinja2
from markupsafe import Markup

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable_lines
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC, parse_time
from ansible_collections.certmend.tls.plugins.plugin_utils import evidence_chains, evidence_timeline
from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import COLLECTION

TEMPLATES = os.path.join(COLLECTION, "roles", "evidence", "templates")


def report(record: Mapping[str, Any]) -> str:
    """The page.

    :param record: as ``evidence_merge.joined`` returns it.
    """
    return _environment().get_template("report.html.j2").render(record=record, **_view(record))


@functools.lru_cache(maxsize=None)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["certmend.tls.printable"] = lambda text, lines=False: Markup(printable_lines(str(text)))
    environment.filters["moment"] = _moment
    return environment


def _moment(text: Any) -> str:
    """A time for a reader: ``2026-11-20 12:00:00 UTC``."""
    return str(text or "").replace("T", " ").replace("Z", " UTC")


def _view(record: Mapping[str, Any]) -> Dict[str, Any]:
    """What the template shows besides the record itself."""
    now = parse_time(max(run["ended"] or run["started"] for run in record["runs"]), "ended", datetime.datetime(1970, 1, 1, tzinfo=UTC))
    rows = evidence_timeline.rows_of(record["endpoints"], now)
    return {
        "hosts": _hosts(record),
        "timeline": Markup(evidence_timeline.drawing(rows[: evidence_timeline.ROWS], now)),
        "expiries": evidence_timeline.words(rows),
        "chain_of": lambda inspection, label: Markup(evidence_chains.drawing(inspection, label)),
        "marks": evidence_chains.legend(),
    }


def _hosts(record: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Each host with its endpoints; endpoints that belong to no host of the run follow, each by itself."""
    found = [dict(host, endpoints=[each for each in record["endpoints"] if each["host"] == host["host"]]) for host in record["hosts"]]
    known = {host["host"] for host in record["hosts"]}
    others = [each for each in record["endpoints"] if each["host"] not in known]
    return found + [{"host": each["host"] or each["source"], "phase": "", "steps": [], "events": [], "endpoints": [each]} for each in others]
