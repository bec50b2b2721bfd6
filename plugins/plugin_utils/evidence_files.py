# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of runs in a folder on the controller."""

from __future__ import annotations

import functools
import json
import os
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import files_in, read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import COLLECTION
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_merge import joined
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_text import escaped
from ansible_collections.certmend.tls.plugins.plugin_utils.json_schema import Schema, misfit


def record_of(paths: Sequence[str], option: str = "evidence") -> Dict[str, Any]:
    """The record of one run, or of the slices of a job.

    :param paths: folders of runs, or their files record.json. The records of the hosts in such a folder count as well: they are newer if the run was killed.
    :param option: names the paths in messages.
    :returns: with its texts escaped, as the role writes them: messages quote them, whoever wrote the file.
    :raises RemediationError: a file cannot be read, or is no such record.
    """
    return joined([escaped(_read(path, option)) for path in paths])


def _read(path: str, option: str) -> Mapping[str, Any]:
    file = os.path.realpath(os.path.join(path, "record.json") if os.path.isdir(path) else path)  # the hosts are beside the file, not beside a link to it
    schema = _schema()
    record = dict(_json(file, option, schema))
    folder = os.path.join(os.path.dirname(file), "hosts")
    if os.path.basename(file) != "record.json" or not os.path.isdir(folder):
        return record
    hosts: List[Any] = [_json(host, option, schema["$defs"]["host"]) for host in files_in(folder, option) if host.endswith(".json")]
    return dict(record, hosts=[*record["hosts"], *hosts])


@functools.lru_cache(maxsize=None)
def _schema() -> Schema:
    with open(os.path.join(COLLECTION, "docs", "evidence.schema.json"), encoding="utf-8") as stream:
        found: Schema = json.load(stream)
    return found


def _json(path: str, option: str, schema: Schema) -> Mapping[str, Any]:
    """A file that has the form: whoever uses the record can rely on it, whoever wrote the file."""
    way_out = "Give the folder of a run, or its file record.json."
    try:
        value = parse_json(read_file(path, option))
    except ValueError as error:
        raise RemediationError("%s: %s is not JSON: %s" % (option, path, error), way_out) from error
    place = misfit(value, schema, _schema())
    if place is not None:
        where = ", or of another release: %s is not as docs/evidence.schema.json describes it" % place.lstrip(".") if place else ""
        raise RemediationError("%s: %s is no record of a run%s" % (option, path, where), way_out)
    record: Mapping[str, Any] = value
    return record
