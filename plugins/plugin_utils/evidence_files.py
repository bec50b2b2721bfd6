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

NAMES = {"format", "runs", "hosts", "endpoints", "plan", "title", "ticket", "operator", "check_mode", "window", "versions", "inventory"}


def record_of(paths: Sequence[str], option: str = "evidence") -> Dict[str, Any]:
    """The record of one run, or of the slices of a job.

    :param paths: folders of runs, or their files record.json. The records of the hosts in such a folder count as well: they are newer if the run was killed.
    :param option: names the paths in messages.
    :raises RemediationError: a file cannot be read, or is no such record.
    """
    return joined([_read(path, option) for path in paths])


def _read(path: str, option: str) -> Mapping[str, Any]:
    file = os.path.join(path, "record.json") if os.path.isdir(path) else path
    record = dict(_record(file, option))
    folder = os.path.join(os.path.dirname(file), "hosts")
    if os.path.basename(file) != "record.json" or not os.path.isdir(folder):
        return record
    hosts: List[Any] = [_json(host, option) for host in files_in(folder, option) if host.endswith(".json")]
    return dict(record, hosts=[*record["hosts"], *hosts])


def _record(path: str, option: str) -> Mapping[str, Any]:
    record = _json(path, option)
    if record.get("format") != FORMAT or not set(record) >= NAMES:
        raise RemediationError("%s: %s is no record of a run" % (option, path), "Give the folder of a run, or its file record.json.")
    return record


def _json(path: str, option: str) -> Mapping[str, Any]:
    try:
        value = parse_json(read_file(path, option))
    except ValueError as error:
        raise RemediationError("%s: %s is not JSON: %s" % (option, path, error), "Give the folder of a run, or its file record.json.") from error
    if not isinstance(value, dict):
        raise RemediationError("%s: %s is no record of a run" % (option, path), "Give the folder of a run, or its file record.json.")
    return value
