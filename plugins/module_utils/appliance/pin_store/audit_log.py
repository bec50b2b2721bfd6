# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit log of a pin store: lines of JSON that are only ever added. Standard library only."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import Any, Dict, Iterator, Mapping, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.folder import Folder
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.place import link_refused
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import opened
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import way_to
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

OPTION = "audit_log"
#: bytes; a longer one is none of ours
LONGEST_LINE = 1 << 20
Entry = Mapping[str, Any]


def check_appendable(path: str, entries: Sequence[Entry]) -> None:
    """Find out without writing whether entries can be added.

    :raises RemediationError: naming the option.
    """
    check_writable([Replacement(path, _encode(entries), OPTION)])
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise path_error(OPTION, path, "cannot be written", PermissionError(13, os.strerror(13)))


def append_entries(path: str, entries: Sequence[Entry]) -> None:
    """Add a line for each entry, all in one write. Older lines are not touched, and a write that fails leaves nothing behind.

    :raises RemediationError: naming the option.
    """
    way = way_to(path)
    if way.foreign_link:
        raise link_refused(OPTION, path, way)
    try:
        with Folder(os.path.dirname(way.target)) as folder, locked(path, OPTION):  # several stores may share a log
            _append_in(folder, os.path.basename(way.target), path, _encode(entries))
    except OSError as error:
        raise path_error(OPTION, path, "cannot be written", error) from error


def _append_in(folder: Folder, name: str, path: str, data: bytes) -> None:
    handle = folder.open(name, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        _append(handle, path, data)
        os.fsync(handle)
    finally:
        os.close(handle)


def _append(handle: int, path: str, data: bytes) -> None:
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":  # the last line was truncated: begin a new one
        data = b"\n" + data
    if os.write(handle, data) != len(data):
        os.ftruncate(handle, size)
        raise RemediationError("%s: %s: the disk is full" % (OPTION, path), "Make room and run the task again; nothing was changed.")


def last_entries(path: str, store: str) -> Dict[HostPort, Entry]:
    """The last entry of each server of a store. Lines that are no entries of it are ignored, and so are logs that are no files.

    :param store: the path in the entries' key ``store``; several stores may share a log.
    :raises RemediationError: naming the option.
    """
    last: Dict[HostPort, Entry] = {}
    for entry in _entries(path):
        if entry.get("store") == store and isinstance(entry.get("host"), str) and isinstance(entry.get("port"), int):
            last[HostPort.of(entry["host"], entry["port"])] = entry
    return last


def ends_with(path: str, entries: Sequence[Entry]) -> bool:
    """Whether these are the last entries."""
    return list(_entries(path))[-len(entries) :] == list(entries)


def _entries(path: str) -> Iterator[Entry]:
    if not os.path.lexists(path) or (os.path.exists(path) and not os.path.isfile(path)):
        return
    with opened(path, OPTION) as lines:  # a log has no largest size, its lines have
        for line in iter(partial(lines.readline, LONGEST_LINE), b""):
            entry = _parse(line)
            if isinstance(entry, dict):
                yield entry


def _parse(line: bytes) -> Any:
    try:
        return parse_json(line)
    except ValueError:  # a truncated line, or somebody's own
        return None


def format_entry(entry: Entry) -> str:
    """An entry as a line of a diff."""
    return json.dumps(entry)


def _encode(entries: Sequence[Entry]) -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode("ascii")
