# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module on real files: many writers, a kill at any moment, a file that cannot be renamed over."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts
from ansible_collections.certmend.tls.tests.support.run import module_process

WRITERS = 50


@pytest.fixture
def hosts(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n", encoding="ascii")
    path.chmod(0o640)
    return path


def entry(path, number, **more):
    return dict(path=str(path), address="10.1.0.%d" % number, names=["h%d.example" % number], backup=False, **more)


def test_check_mode_predicts_the_diff_and_changes_nothing(hosts, run_module):
    before = hosts.read_bytes()
    predicted = run_module("hosts_entry", entry(hosts, 1), check=True)
    assert hosts.read_bytes() == before and predicted["changed"]
    made = run_module("hosts_entry", entry(hosts, 1))
    assert made["diff"] == predicted["diff"] and made["write_method"] == "rename"
    assert not run_module("hosts_entry", entry(hosts, 1))["changed"]


def test_mode_and_link_are_kept_and_the_backup_is_no_wider(hosts, run_module, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(hosts)
    made = run_module("hosts_entry", dict(entry(link, 1), backup=True))
    assert link.is_symlink() and hosts.stat().st_mode & 0o777 == 0o640
    [kept] = made["backup_files"].values()
    assert os.stat(kept).st_mode & 0o777 == 0o640
    assert open(kept, encoding="ascii").read() == "127.0.0.1 localhost\n"


def test_entries_without_a_state_have_the_one_of_the_task(hosts, run_module):
    run_module("hosts_entry", entry(hosts, 1))
    listed = dict(path=str(hosts), state="absent", entries=[dict(names=["h1.example"]), dict(names=["new.example"], address="10.1.0.2", state="present")])
    assert run_module("hosts_entry", listed)["changed"]
    assert hosts.read_text(encoding="ascii") == "127.0.0.1 localhost\n10.1.0.2\tnew.example\n"


def test_fifty_writers_at_once_lose_nothing(hosts):
    processes = [module_process("hosts_entry", entry(hosts, number)) for number in range(1, WRITERS + 1)]
    for process in processes:
        process.stdin.write(process.ask)
        process.stdin.close()
        process.stdin = None
    results = [json.loads(process.communicate()[0].strip().splitlines()[-1]) for process in processes]
    assert all(result["changed"] for result in results)
    text = hosts.read_text(encoding="ascii")
    assert [number for number in range(1, WRITERS + 1) if "h%d.example" % number not in text] == []
    assert sorted(os.listdir(hosts.parent)) == ["hosts"], "no lock, no temporary file is left"


def killed_at_any_moment(hosts, script, prefix):
    """Writes again and again in a process that is killed; the file must always be one of the two texts."""
    old = "127.0.0.1 localhost\n" + "".join("10.9.%d.%d old%d\n" % (n // 250, n % 250 + 1, n) for n in range(3000))
    new = old.replace("old", "newer")
    dice = random.Random(1)
    for _attempt in range(15):
        hosts.write_text(old, encoding="ascii")
        process = subprocess.Popen(prefix + [sys.executable, "-c", script, str(hosts), old, new], stdout=subprocess.PIPE, start_new_session=True)
        process.stdout.readline()
        time.sleep(dice.uniform(0, 0.02))  # the moment of the kill, not a wait
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        ended(process)
        assert hosts.read_text(encoding="ascii") in (old, new), "neither the old nor the new file"


def ended(process):
    """Wait until the last process that has its output has ended: a writer of its own session is still at work after the kill."""
    process.stdout.read()


SCRIPT = """
import sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
path, old, new = sys.argv[1:]
print("ready", flush=True)
while True:
    for text in (new, old):
        transaction = Transaction([Replacement(path, text.encode(), "path")], backup=False)
        transaction.commit()
        assert transaction.methods[path] == %r
"""


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_file(hosts):
    killed_at_any_moment(hosts, SCRIPT % "rename", [])


BIG = 48 * 1024 * 1024


@needs_mounts
def test_a_kill_while_a_mounted_file_is_written_in_place_leaves_the_old_or_the_new_file(hosts):
    killed_at_any_moment(hosts, SCRIPT % "in_place", MOUNTED)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(names=["a\nb"]), "line break"),
        (dict(address="10.0.0"), "address"),
        (dict(path="/nowhere/hosts"), "path"),
        (dict(names=["localhost"]), "relies on it"),
    ],
)
def test_bad_input_is_named_in_check_mode_and_in_the_run(hosts, run_module, wrong, words):
    before = hosts.read_bytes()
    for check in (True, False):
        result = run_module("hosts_entry", dict(entry(hosts, 1), **wrong), check=check)
        assert result["failed"] and words in result["msg"] and result["advice"]
    assert hosts.read_bytes() == before


MOUNTED = ["unshare", "-m", "sh", "-c", 'mount --bind "$4" "$4" && exec "$@"', "sh"]
ONE_BIG_WRITE = (
    """
import sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
print("ready", flush=True)
Transaction([Replacement(sys.argv[1], b"n" * %d, "path")], backup=False).commit()
"""
    % BIG
)


@needs_mounts
def test_a_kill_in_the_middle_of_a_long_write_in_place_does_not_stop_the_writer(hosts):
    hosts.write_bytes(b"o" * BIG)
    process = subprocess.Popen(MOUNTED + [sys.executable, "-c", ONE_BIG_WRITE, str(hosts)], stdout=subprocess.PIPE, start_new_session=True)
    with open(hosts, "rb", buffering=0) as reader:
        over = False
        while os.pread(reader.fileno(), 1, 0) != b"n":
            assert not over, "the write never began"
            over = process.poll() is not None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    ended(process)
    assert set(hosts.read_bytes()) == {ord("n")}


@needs_mounts
def test_nobody_reads_an_empty_file_while_it_is_written_in_place(hosts):
    text = "127.0.0.1 localhost\n" * 100
    hosts.write_text(text, encoding="ascii")
    script = SCRIPT % "in_place"
    process = subprocess.Popen(MOUNTED + [sys.executable, "-c", script, str(hosts), text, text + text], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        sizes = {len(hosts.read_bytes()) for _read in range(20000)}
    finally:
        process.kill()
        process.wait()
    assert min(sizes) >= len(text)


@pytest.mark.parametrize("text", ["\r\r\r", "\r", "127.0.0.1 localhost\r", "10.0.0.9 old\r\r\n"])
def test_a_file_that_ends_in_carriage_returns_gets_its_entry_once(run_module, tmp_path, text):
    path = tmp_path / "hosts"
    path.write_bytes(text.encode("ascii"))
    given = {"path": str(path), "address": "10.0.0.1", "names": ["x.corp.example"]}
    assert [run_module("hosts_entry", given)["changed"] for _run in (1, 2)] == [True, False]
    kept, added = (text, "\r\n") if text.endswith("\n") else (text + "\n", "\n")
    assert path.read_bytes() == (kept + "10.0.0.1\tx.corp.example" + added).encode("ascii")


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\xa0", "\x1c"])
def test_only_blanks_of_the_resolver_separate_names(run_module, tmp_path, separator):
    """It reads bytes: what Unicode calls a blank or the end of a line is a part of the name."""
    path = tmp_path / "hosts"
    path.write_bytes(("10.0.0.9 a%sb.corp.example c.corp.example\n" % separator).encode("utf-8"))
    made = run_module("hosts_entry", {"path": str(path), "address": "10.0.0.1", "names": ["b.corp.example", "c.corp.example"]})
    assert [moved["name"] for moved in made["moved"]] == ["c.corp.example"]
    assert path.read_bytes().startswith(("10.0.0.9 a%sb.corp.example\n" % separator).encode("utf-8"))


def test_the_diff_of_a_huge_file_has_the_change_and_not_the_file(run_module, tmp_path):
    path = tmp_path / "hosts"
    path.write_text("".join("10.%d.%d.1 host%d-%d.corp.example\n" % (a, b, a, b) for a in range(200) for b in range(200)), encoding="ascii")
    given = {"path": str(path), "address": "10.250.0.1", "names": ["host100-100.corp.example", "new.corp.example"]}
    predicted, made = run_module("hosts_entry", given, check=True), run_module("hosts_entry", given)
    (diff,) = made["diff"]
    assert made["changed"] and predicted["diff"] == made["diff"] and all(len(diff[side]) < 300000 for side in ("before", "after"))
    assert "10.100.100.1 host100-100.corp.example\n" in diff["before"] and "lines are not shown" in diff["before"]
    assert "10.250.0.1\thost100-100.corp.example new.corp.example\n" in diff["after"] or "not shown" in diff["after"]


def test_the_diff_of_one_entry_added_to_a_huge_file_is_short(run_module, tmp_path):
    path = tmp_path / "hosts"
    path.write_text("".join("10.%d.%d.1 host%d-%d.corp.example\n" % (a, b, a, b) for a in range(200) for b in range(200)), encoding="ascii")
    (diff,) = run_module("hosts_entry", {"path": str(path), "address": "10.250.0.1", "names": ["new.corp.example"]})["diff"]
    assert diff["before"].count("\n") == 4 and diff["after"].count("\n") == 5 and diff["after"].endswith("10.250.0.1\tnew.corp.example\n")
    assert diff["before"].startswith("(39997 lines are not shown)\n")
