# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copy what git knows to .tree/ansible_collections/certmend/tls, where ansible-test and the collection loader want it.

The copy gets a git repository of its own: in an ignored folder of another one ansible-test finds no files and passes everything.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from typing import Set

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / ".tree"
STAGED = TREE / "ansible_collections" / "certmend" / "tls"
KEPT = (".git", "tests/output")
#: the link that makes the repository a project of AWX (docs/awx.md). ansible-test takes no links, and nothing should follow this one
LEFT_OUT = ("playbooks/collections/ansible_collections/certmend/tls",)


def wanted() -> Set[str]:
    """The files that git knows: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    links = [name for name in names if name and name not in LEFT_OUT and (ROOT / name).is_symlink()]
    if links:
        raise SystemExit("ansible-test takes no symbolic links: %s" % ", ".join(links))
    return {name for name in names if name and name not in LEFT_OUT and (ROOT / name).is_file()}


def _remove_empty(folder: pathlib.Path) -> None:
    """Remove a folder that lost its last file, and those above it: a package that moved must not leave its name behind."""
    while folder != STAGED and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def stage() -> pathlib.Path:
    """Bring the copy up to date; its folder."""
    names = wanted()
    STAGED.mkdir(parents=True, exist_ok=True)
    for path in list(STAGED.rglob("*")):
        name = path.relative_to(STAGED).as_posix()
        if path.is_file() and name not in names and not name.startswith(tuple(kept + "/" for kept in KEPT)):
            path.unlink()
            _remove_empty(path.parent)
    for name in names:
        source, target = ROOT / name, STAGED / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
        shutil.copymode(source, target)
    if not (STAGED / ".git").exists():
        subprocess.run(["git", "init", "--quiet", "."], cwd=STAGED, check=True)
    subprocess.run(["git", "add", "--all"], cwd=STAGED, check=True)
    return STAGED


if __name__ == "__main__":
    print(stage())
