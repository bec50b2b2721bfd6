# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repository as somebody has it who clones it: with the link that makes it a project of AWX, which the copy for ansible-test lacks."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from typing import Dict, List, Optional

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

#: where the playbooks of a clone find the collection that they belong to
LINK = "playbooks/collections/ansible_collections/certmend/tls"


def repository() -> Optional[pathlib.Path]:
    """The top folder of the repository that these tests belong to; None if they run in an artefact or in a lone copy."""
    return next((folder for folder in (ROOT, *ROOT.parents) if (folder / ".git").exists() and (folder / LINK).is_symlink()), None)


def clone(folder: pathlib.Path) -> pathlib.Path:
    """Copy what git knows of the repository, links as links, into a new folder; what is not committed yet too."""
    top = repository()
    if top is None:
        pytest.skip("the link %s is only in a clone of the repository" % LINK)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=top, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        target = folder / name
        if os.path.lexists(top / name):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(top / name, target, follow_symlinks=False)
    return folder


def program_of(name: str, environment: str = ".venv-eda") -> pathlib.Path:
    """A program of one of the environments that ``make prepared`` makes, or of the PATH; without it, the test is skipped and says why."""
    top = repository()
    places = [str(top / environment / "bin")] if top else []
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip("%s is not there; make %s/.made installs it" % (name, environment))
    return pathlib.Path(found)


def bare_environment(home: pathlib.Path) -> Dict[str, str]:
    """The environment of a fresh account: no collection is on any path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    return dict(kept, HOME=str(home), ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="false", PYTHONDONTWRITEBYTECODE="1")


def play(folder: pathlib.Path, home: pathlib.Path, *arguments: str, core: str = "") -> subprocess.CompletedProcess[str]:
    """Run ansible-playbook in a clone, as a job of AWX does.

    :param core: a folder with the programs of another ansible-core.
    """
    program: List[str] = [os.path.join(core, "ansible-playbook")] if core else [sys.executable, "-m", "ansible", "playbook"]
    environment, nothing = bare_environment(home), subprocess.DEVNULL
    return subprocess.run([*program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=nothing)
