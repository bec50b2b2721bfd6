# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of runs in a folder on the controller."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import files_in, read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_merge import joined
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import FORMAT

OPTION = "evidence"
NAMES = {"format", "runs", "hosts", "endpoints", "plan", "title", "ticket", "operator", "check_mode", "window", "versions", "inventory"}


def record_of(paths: Sequence[str]) -> Dict[str, Any]:
    """The record of one run, or of the slices of a job.

    :param paths: folders of runs, or their files record.json. Of a folder the records of its hosts count as well: they are newer if the run was killed.
    :raises RemediationError: a file cannot be read, or is no such record.
    """
    return joined([_read(path) for path in paths])


def _read(path: str) -> Mapping[str, Any]:
    if not os.path.isdir(path):
        return _record(path)
    record = dict(_record(os.path.join(path, "record.json")))
    folder = os.path.join(path, "hosts")
    files = [file for file in files_in(folder, OPTION) if file.endswith(".json")] if os.path.isdir(folder) else []
    hosts: List[Any] = [_json(file) for file in files]
    return dict(record, hosts=[*record["hosts"], *hosts])


def _record(path: str) -> Mapping[str, Any]:
    record = _json(path)
    if record.get("format") != FORMAT or not set(record) >= NAMES:
        raise RemediationError("%s: %s is no record of a run" % (OPTION, path), "Give the folder of a run, or its file record.json.")
    return record


def _json(path: str) -> Mapping[str, Any]:
    try:
        value = parse_json(read_file(path, OPTION))
    except ValueError as error:
        raise RemediationError("%s: %s is not JSON: %s" % (OPTION, path, error), "Give the folder of a run, or its file record.json.") from error
    if not isinstance(value, dict):
        raise RemediationError("%s: %s is no record of a run" % (OPTION, path), "Give the folder of a run, or its file record.json.")
    return value
