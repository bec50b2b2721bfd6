# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock keeps concurrent runs out, other users cannot hold it, and nothing of it remains."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked, locked_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import lock_folder
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts
from ansible_collections.certmend.tls.tests.support.run import TREE
from ansible_collections.certmend.tls.tests.support.second_user import a_place, become_eve, needs_root

#: takes the locks of its arguments, says so, and holds them until its input ends
HOLDER = """
import sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked_all
with locked_all(sys.argv[1:], "path", patience=0):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def held_elsewhere(*paths, before=()):
    """Another process holds the locks; yields it."""
    environment = dict(os.environ, PYTHONPATH=str(TREE), PYTHONDONTWRITEBYTECODE="1")
    command = [*before, sys.executable, "-c", HOLDER, *map(str, paths)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "held\n"
        yield process


@contextlib.contextmanager
def eve_holds(*paths, then=lambda: None):
    """The second user holds a lock on each of these files and folders."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        become_eve()
        for path in paths:
            fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)
        then()
        os.write(tell, b"x")
        sys.stdin = None
        os.read(wait, 1)
        os._exit(0)
    try:
        os.read(told, 1)
        yield child
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


wait, _never = os.pipe()


def test_no_lock_file_remains(tmp_path):
    before = set(os.listdir(lock_folder()))
    with locked(str(tmp_path / "one"), "path"):
        assert set(os.listdir(lock_folder())) > before
    assert os.listdir(tmp_path) == [] and not set(os.listdir(lock_folder())) - before


def test_a_second_run_waits_until_its_deadline_and_then_names_the_process(tmp_path):
    (tmp_path / "file").touch()
    with held_elsewhere(tmp_path / "file") as process:
        words = "path: .*/file is locked by process %d of user ID %d" % (process.pid, os.geteuid())
        with pytest.raises(RemediationError, match=words) as caught, locked(str(tmp_path / "file"), "path", patience=0):
            pass
        assert "end the process if it hangs" in caught.value.advice
        process.communicate()
    with locked(str(tmp_path / "file"), "path", patience=0):
        pass


def test_a_link_and_a_file_with_two_names_are_one_lock(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    os.link(tmp_path / "folder" / "file", tmp_path / "other")
    with held_elsewhere(tmp_path / "folder" / "file"):
        for name in ("link", "other"):
            with pytest.raises(RemediationError, match="is locked by process"), locked(str(tmp_path / name), "path", patience=0):
                pass


def test_a_process_may_lock_several_files_of_a_folder(tmp_path):
    with locked(str(tmp_path / "one"), "path", patience=0), locked_all([str(tmp_path / "two"), str(tmp_path / "three")], "path", patience=0):
        pass


@pytest.mark.parametrize("link", [os.link, os.symlink], ids=["hard", "symbolic"])
def test_a_run_does_not_wait_for_itself_if_two_of_its_paths_are_one_file(tmp_path, link):
    (tmp_path / "one").write_text("", encoding="ascii")
    link(tmp_path / "one", tmp_path / "two")
    with locked_all([str(tmp_path / "one"), str(tmp_path / "two")], "path", patience=0):
        pass
    with held_elsewhere(tmp_path / "two"), pytest.raises(RemediationError, match="is locked by process"), locked_all(
        [str(tmp_path / "one")], "path", patience=0
    ):
        pass


def test_a_killed_run_leaves_no_lock(tmp_path):
    with held_elsewhere(tmp_path / "file") as process:
        process.kill()
    with locked(str(tmp_path / "file"), "path", patience=0):
        pass
    assert not [name for name in os.listdir(lock_folder()) if name.endswith("none")]


def test_a_folder_that_does_not_exist_names_the_option(tmp_path):
    with pytest.raises(RemediationError, match="keystore.path: .*/none cannot be opened: No such file"), locked(str(tmp_path / "none" / "x"), "keystore.path"):
        pass


@needs_root
def test_another_user_cannot_hold_the_lock():
    """Neither on the folder, nor on the file, nor by a process that he leaves behind: no run of root waits for any of them."""
    with a_place() as place:
        (place.top / "hosts").write_text("", encoding="ascii")
        with eve_holds(place.top, place.top / "hosts"), locked(str(place.top / "hosts"), "path", patience=0):
            pass


@needs_root
def test_another_user_cannot_open_the_lock_file():
    with a_place() as place, locked(str(place.top / "hosts"), "path"):
        for name in os.listdir(lock_folder()):
            status = os.stat(os.path.join(lock_folder(), name))
            assert (status.st_uid, status.st_mode & 0o777) == (0, 0o600)
        assert os.stat(lock_folder()).st_mode & 0o777 == 0o700


@needs_mounts
def test_a_run_in_another_namespace_that_sees_the_file_by_a_mount_is_waited_for(tmp_path):
    """Two containers: each has a /run of its own, and the same /etc/hosts is mounted at another place in each."""
    (tmp_path / "hosts").touch()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hosts").touch()
    mounts = 'mount -t tmpfs -o mode=755 none /run && mount --bind %s/hosts %s/%s/hosts && exec "$@"'
    with held_elsewhere(tmp_path / "there" / "hosts", before=["unshare", "-m", "sh", "-c", mounts % (tmp_path, tmp_path, "there"), "sh"]):
        script = HOLDER.replace("print", "raise SystemExit('not refused') or print")
        command = ["unshare", "-m", "sh", "-c", mounts % (tmp_path, tmp_path, "here"), "sh", sys.executable, "-c", script, str(tmp_path / "here" / "hosts")]
        environment = dict(os.environ, PYTHONPATH=str(TREE), PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert "is locked by process" in done.stderr, done.stderr
