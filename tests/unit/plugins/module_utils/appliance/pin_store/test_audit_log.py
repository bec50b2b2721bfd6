# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit log: lines are added whole or not at all, and older lines are never touched."""

from __future__ import annotations

import contextlib
import json
import os
import resource

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.audit_log import (
    append_entries,
    check_appendable,
    ends_with,
    format_entry,
    last_entries,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

ENTRIES = [{"event": "pinned", "host": "würzburg.example"}, {"event": "removed", "host": "b.example"}]


@contextlib.contextmanager
def largest_file(size):
    """The kernel writes no file beyond this size: a write stops short there, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_entries_are_added_behind_older_ones(tmp_path):
    path = tmp_path / "log"
    append_entries(str(path), ENTRIES[:1])
    first = path.read_bytes()
    append_entries(str(path), ENTRIES[1:])
    assert path.read_bytes().startswith(first) and path.read_bytes().isascii()
    assert [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()] == ENTRIES
    assert path.stat().st_mode & 0o777 == 0o640 & ~current_umask()


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_truncated_last_line_gets_no_entry_behind_it(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"cut o")
    append_entries(str(path), ENTRIES[:1])
    assert path.read_bytes().splitlines() == [b"cut o", json.dumps(ENTRIES[0]).encode("ascii")]


def test_a_write_that_stops_short_leaves_nothing_behind(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"older\n")
    with largest_file(20), pytest.raises(RemediationError, match="audit_log: .*/log: the disk is full"):
        append_entries(str(path), ENTRIES)
    assert path.read_bytes() == b"older\n"


def test_what_the_system_refuses_is_reported_by_the_option(tmp_path):
    for path, reason in (("/dev/full", "No space left"), (str(tmp_path), "Is a directory"), (str(tmp_path / "no" / "log"), "No such file")):
        with pytest.raises(RemediationError, match="audit_log: %s cannot be written: %s" % (path, reason)):
            append_entries(path, ENTRIES)


def test_check_mode_finds_the_same_without_writing(tmp_path):
    path = tmp_path / "log"
    check_appendable(str(path), ENTRIES)
    assert not path.exists()
    for wrong in (tmp_path, tmp_path / "no" / "log"):
        with pytest.raises(RemediationError, match="audit_log: .* cannot be written"):
            check_appendable(str(wrong), ENTRIES)


def test_a_diff_shows_an_entry_as_the_log_has_it(tmp_path):
    append_entries(str(tmp_path / "log"), ENTRIES[:1])
    assert format_entry(ENTRIES[0]) + "\n" == (tmp_path / "log").read_text(encoding="ascii")


def test_the_last_entry_of_each_server_of_a_store_is_found_among_everything_else(tmp_path):
    path = tmp_path / "log"
    entries = [dict(entry, port=443, store=store) for store in ("/a", "/b") for entry in ENTRIES]
    append_entries(str(path), [{"event": "old", "host": "b.example", "port": 443, "store": "/a"}])
    append_entries(str(path), entries)
    append_entries(str(path), [{"event": "of an earlier release", "host": "b.example", "port": 443}])
    with open(path, "ab") as log:
        log.write(b'[]\n\xff\n{"store": "/a", "host": 1, "port": 443}\ncut o')
    assert last_entries(str(path), "/a") == {HostPort.of(entry["host"], 443): entry for entry in entries[:2]}
    assert last_entries(str(path), "/c") == last_entries(str(tmp_path / "none"), "/a") == last_entries("/dev/zero", "/a") == {}


def test_whether_entries_are_the_last_ones(tmp_path):
    path = tmp_path / "log"
    append_entries(str(path), ENTRIES)
    assert ends_with(str(path), ENTRIES) and ends_with(str(path), ENTRIES[1:]) and not ends_with(str(path), ENTRIES[:1])
    assert not ends_with(str(tmp_path / "none"), ENTRIES)


def test_a_log_that_cannot_be_read_is_reported_by_the_option(tmp_path):
    (tmp_path / "log").symlink_to("log")
    with pytest.raises(RemediationError, match="audit_log: .*/log cannot be read"):
        last_entries(str(tmp_path / "log"), "/a")
