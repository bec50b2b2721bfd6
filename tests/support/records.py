# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of runs as the role evidence leaves them, and what of them two runs of the same job have in common: everything but what is named here."""

from __future__ import annotations

import json
import pathlib
from typing import Any, Dict, List, Mapping

Record = Dict[str, Any]
#: what belongs to the run and not to the job, of each part of a record
OF_A_RUN = {"runs": ("id", "job", "started", "ended"), "hosts": ("run",), "steps": ("started", "ended"), "events": ("at",), "restore": ("run",)}


def read(path: pathlib.Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def folder_of(records: pathlib.Path) -> pathlib.Path:
    """The only folder of a run below ``evidence_path``."""
    (folder,) = records.iterdir()
    return folder


def _blank(part: str, items: List[Mapping[str, Any]]) -> List[Record]:
    """What has a value that belongs to the run still has one: that there is none is a difference."""
    return [{name: "(of the run)" if name in OF_A_RUN[part] and value else value for name, value in item.items()} for item in items]


def comparable_host(host: Mapping[str, Any]) -> Record:
    """A host's part of a record, or its file, without what belongs to the run."""
    (blank,) = _blank("hosts", [host])
    return dict(blank, steps=_blank("steps", host["steps"]), events=_blank("events", host["events"]))


def comparable(record: Mapping[str, Any]) -> Record:
    """A record without what belongs to its run: ids, times, and where its inventory was."""
    runs, restore = _blank("runs", record["runs"]), _blank("restore", record["restore"])
    for item in restore:
        for run in record["runs"]:
            item["command"] = item["command"].replace("restore_run=%s " % run["id"], "restore_run=RUN ")
        for source in record["inventory"]:
            item["command"] = item["command"].replace("-i %s " % source, "-i INVENTORY ")
    hosts = [comparable_host(host) for host in record["hosts"]]
    return dict(record, runs=runs, restore=restore, hosts=hosts, inventory=["INVENTORY" for _source in record["inventory"]])
