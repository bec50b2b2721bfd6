# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody with a clone and an empty folder: installs the artefact as README.md says, and types commands, without privileges, in a clean environment."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any, Dict, List, Mapping, Set

from ansible_collections.certmend.tls.tests.support.source import ROOT

#: the folder with the programs of the oldest ansible-core
OLDEST = os.environ.get("LAB_OLDEST")
#: what is in a working copy besides the sources
NO_SOURCES = shutil.ignore_patterns(".git", ".tree", ".venv*", ".docsite", ".logs", "*.tar.gz")
#: root becomes an ordinary user for the commands, so that nothing is written to this machine's own folders
ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []


def section(title: str) -> str:
    """A section of README.md."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"^##+ %s\n(.*?)(?=^##|\Z)" % re.escape(title), text, re.MULTILINE | re.DOTALL)
    return str(found)


def blocks(text: str, kind: str) -> List[str]:
    """The contents of the fenced blocks of a kind: yaml, console, or none for output."""
    return [content for of, content in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if of == kind]


def commands(text: str) -> List[str]:
    """The commands of a section."""
    lines = "".join(blocks(text, "console")).replace("\\\n", " ").splitlines()
    return [line[2:] for line in lines if line.startswith("$ ")]


class Newcomer:
    """The artefact, installed, and a folder to start from."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.start, self.programs, self.home = folder, folder / "start", folder / "programs", folder / "home"
        for path in (self.start, self.programs, self.home):
            path.mkdir()
        for name, word in (("ansible", "adhoc"), ("ansible-playbook", "playbook"), ("ansible-galaxy", "galaxy")):
            self.program(folder / "this" / name, "%s -m ansible %s" % (sys.executable, word))
        shutil.copytree(ROOT, folder / "clone", ignore=NO_SOURCES)
        for command in commands(section("Installation")):
            done = self.type("this", command, folder / "clone")
            assert done.returncode == 0, done.stdout + done.stderr
        self.collections = self.home / ".ansible/collections"
        self.shipped = self.picture()

    @staticmethod
    def program(path: pathlib.Path, command: str) -> None:
        """Write a program that starts another one."""
        path.parent.mkdir(exist_ok=True)
        path.write_text('#!/bin/sh\nexec %s "$@"\n' % command, encoding="utf-8")
        path.chmod(0o755)

    def picture(self) -> Set[str]:
        """What lies in the installed collection."""
        return {path.relative_to(self.collections).as_posix() for path in self.collections.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"}

    def type(self, core: str, command: str, folder: Any = None) -> subprocess.CompletedProcess:
        """Type a command, for this ansible-core or the oldest one, in the folder to start from or another one."""
        environment = self.environment(core)
        return subprocess.run(
            [*ORDINARY, "sh", "-c", command], cwd=folder or self.start, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def environment(self, core: str) -> Dict[str, str]:
        """A clean environment whose PATH has the programs of an ansible-core."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_")) and name != "PYTHONPATH"}
        ansible = str(OLDEST) if core == "oldest" else str(self.folder / "this")
        path = os.pathsep.join([ansible, str(self.programs), kept.get("PATH", os.defpath)])
        # with the connection local, Ansible takes the home folder from the accounts of this machine, not from HOME
        kept["ANSIBLE_REMOTE_TMP"] = str(self.home / ".ansible/tmp")
        return dict(kept, HOME=str(self.home), PATH=path, ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="false")

    def play(self, core: str, playbook: str, variables: Mapping[str, Any], *arguments: str) -> subprocess.CompletedProcess:
        """Run a playbook with variables, for the inventory ``inventory.yml``."""
        (self.start / "answers.json").write_text(json.dumps(variables), encoding="utf-8")
        return self.type(core, " ".join(["ansible-playbook -i inventory.yml certmend.tls.%s -e @answers.json" % playbook, *arguments]))


def in_one_line(done: subprocess.CompletedProcess) -> str:
    """All output of a command."""
    return re.sub(r"\s+", " ", done.stdout + done.stderr)
