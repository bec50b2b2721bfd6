# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is copied for ansible-test: no links, and not the one that makes a clone a project of AWX."""

from __future__ import annotations

import importlib.util
import subprocess

import pytest

from ansible_collections.certmend.tls.tests.support.clone import LINK
from ansible_collections.certmend.tls.tests.support.source import ROOT


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """tools/stage.py, for a repository with a file and that link."""
    spec = importlib.util.spec_from_file_location("stage", ROOT / "tools" / "stage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    subprocess.run(["git", "init", "--quiet", "."], cwd=tmp_path, check=True)
    (tmp_path / "galaxy.yml").touch()
    (tmp_path / LINK).parent.mkdir(parents=True)
    (tmp_path / LINK).symlink_to("../../../..")
    return module


def test_the_link_for_awx_is_left_out(stage):
    assert stage.LEFT_OUT == (LINK,) and stage.wanted() == {"galaxy.yml"}


def test_another_link_is_refused(stage, tmp_path):
    (tmp_path / "another").symlink_to("galaxy.yml")
    with pytest.raises(SystemExit, match="no symbolic links: another"):
        stage.wanted()
