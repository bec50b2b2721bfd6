# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python for an environment with another ansible-core: one that makes virtual environments, or else the reason why a check is skipped."""

from __future__ import annotations

import re
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import environments  # noqa: E402 - the line above makes it importable

HERE = sys.version_info[1]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing but these two folders of programs, the second of which is pyenv's."""
    folders = tmp_path / "bin", tmp_path / ".pyenv/versions" / ("3.%d.9" % HERE) / "bin"
    for folder in folders:
        folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(folders[0]))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(environments, "ELSEWHERE", environments.ELSEWHERE[:2])
    return folders


def test_a_python_of_pyenv_is_found_and_its_shim_is_not_taken_for_one(machine):
    (machine[0] / ("python3.%d" % HERE)).write_text("#!/bin/sh\nexit 127\n", encoding="ascii")
    (machine[0] / ("python3.%d" % HERE)).chmod(0o755)
    python = machine[1] / ("python3.%d" % HERE)
    python.symlink_to(sys.executable)
    assert environments.Environment(".venv-case", (HERE, HERE)).making()[-2:] == ["PY=%s" % python, ".venv-case/.made"]


def test_a_python_of_another_release_is_none(machine):
    (machine[0] / ("python3.%d" % (HERE + 1))).symlink_to(sys.executable)
    wanted = environments.Environment(".venv-case", (HERE + 1, HERE + 2))
    assert wanted.making() is None
    assert wanted.missing.startswith(".venv-case needs Python 3.%d to 3.%d with ensurepip and venv; there is none on the PATH" % (HERE + 1, HERE + 2))


def test_every_environment_has_a_target_of_make():
    targets = set(re.findall(r"^(\.venv-\S+)/\.made: requirements", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {one.folder for one in (environments.NEWEST, *environments.CORES.values())} <= targets
