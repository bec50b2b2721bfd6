# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that was killed leaves temporary files, some with a private key; the next run removes them, even if it changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of
from ansible_collections.certmend.tls.tests.support.second_user import EVE, needs_root
from ansible_collections.certmend.tls.tests.support.writers import MODULES


def name_of_ended_process():
    """The name of a temporary file whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return ".certmend-%s_" % identity_of(process.pid)


@pytest.fixture
def done(run_module, tmp_path, monkeypatch):
    """done(module, check): a run of a module whose file is as it should be already."""
    monkeypatch.chdir(tmp_path)

    def run(module, check=False):
        option, needed = MODULES[module]
        result = run_module(module, {option: str(tmp_path / "file"), **needed}, check)
        assert not result.get("failed"), result
        return result

    return run


@pytest.mark.parametrize("module", MODULES)
def test_the_next_run_removes_what_a_killed_run_left_and_check_mode_does_not(module, done, tmp_path):
    done(module)
    left, living = tmp_path / (name_of_ended_process() + "1"), tmp_path / (".certmend-%s_1" % identity_of(os.getpid()))
    left.write_bytes(b"key")
    living.write_bytes(b"key")
    assert not done(module, check=True)["changed"] and left.exists()
    assert not done(module)["changed"] and not left.exists() and living.exists()


@needs_root
@pytest.mark.parametrize("module", MODULES)
def test_only_regular_files_are_removed_and_nothing_else_stops_that(module, done, tmp_path):
    done(module)
    name = name_of_ended_process()
    (tmp_path / (name + "1")).mkdir()
    os.mkfifo(tmp_path / (name + "2"))
    (tmp_path / (name + "3")).symlink_to(tmp_path / "file")
    (tmp_path / (name + "4")).write_bytes(b"a key whose owner is the user of the service already")
    os.chown(tmp_path / (name + "4"), EVE, EVE)
    (tmp_path / ".certmend-notes").write_bytes(b"no temporary file")
    (tmp_path / (name + "5")).write_bytes(b"key")
    done(module)
    assert sorted(path.name for path in tmp_path.glob(".certmend-*")) == sorted([".certmend-notes", *("%s%d" % (name, number) for number in (1, 2, 3))])
