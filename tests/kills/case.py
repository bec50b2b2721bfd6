# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is killed: a module, what it finds, and how to see whether anything is torn or left over."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil
import stat
from typing import Any, Dict, List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import PREFIX
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import work_folder
from ansible_collections.certmend.tls.tests.support.run import run_in_process

#: files that wait for a later task of the same run, and for its end
WAITING = (".next", ".signing")


class NotFinished(Exception):
    """What a run after the killed one needs is refused."""


class Case:
    """A module with something to change. What takes long is made once, in ``prepare``; each trial begins with ``fresh``.

    :param variant: what the module does, if there are several cases of it.
    """

    module, variant = "", ""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.estate = folder, folder / "estate"
        #: what an undisturbed run makes of it
        self.reference: Dict[str, Any] = {}
        #: of the process that was killed last
        self.identity = ""
        self.prepare()

    @property
    def name(self) -> str:
        """The module, and what it does."""
        return " ".join(filter(None, (self.module, self.variant)))

    def prepare(self) -> None:
        """Make what all trials have in common."""

    def fresh(self) -> None:
        """Bring everything into the state from which each run starts."""
        shutil.rmtree(self.estate, ignore_errors=True)
        self.estate.mkdir(parents=True)

    def close(self) -> None:
        """End the servers."""

    def params(self) -> Dict[str, Any]:
        """The parameters of the run that is killed."""
        raise NotImplementedError

    def run(self, number: int) -> Dict[str, Any]:
        """The result of a further run, which nobody kills."""
        raise NotImplementedError

    def picture(self) -> Dict[str, Any]:
        """What is the same after each undisturbed run, by name."""
        raise NotImplementedError

    def torn(self) -> List[str]:
        """What is neither as before nor as the run wanted it."""
        raise NotImplementedError

    def progress(self) -> str:
        """How far the killed run got: ``as before``, ``in between``, ``complete``."""
        raise NotImplementedError

    def undone(self) -> List[str]:
        """Undo the change by the documented way: what is not as before then."""
        return []

    def loose(self) -> List[str]:
        """Private keys that others than their owner can read."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink() and b"PRIVATE KEY" in path.read_bytes()]
        return ["%s has mode %04o" % (path, mode_of(path)) for path in files if mode_of(path) & 0o077]

    def left_over(self) -> List[str]:
        """Temporary files, here and where other programs work on copies."""
        found = [path for path in self.folder.rglob("*") if path.name.startswith(PREFIX) or path.name.endswith(WAITING)]
        work = work_folder()
        found += pathlib.Path(work).glob("%s%s_*" % (PREFIX, self.identity)) if work and self.identity else []
        return ["%s is left" % path for path in found]


class FilesCase(Case):
    """A module that changes files and records them in a journal, as the roles use it."""

    #: the files, below the estate, that it may change
    watched: List[str] = []

    def write_old(self) -> None:
        """Write the files as they are before."""
        raise NotImplementedError

    def options(self) -> Dict[str, Any]:
        """The module's parameters, without journal and backup."""
        raise NotImplementedError

    def readable(self, name: str) -> Any:
        """What is the same in a file after each undisturbed run."""
        return self.content(name)

    def fresh(self) -> None:
        shutil.rmtree(self.folder / "journals", ignore_errors=True)
        super().fresh()
        self.write_old()
        self.old = self.found()
        self.opened = self.journal("opened", 0)["path"]
        self.begun = self.traces()

    def params(self) -> Dict[str, Any]:
        return dict(self.options(), journal=self.opened, backup=False)

    def run(self, number: int) -> Dict[str, Any]:
        begun = bool(self.recorded())
        opened = self.journal("opened", number, lost_run="run%d" % (number - 1))
        if number == 1 and opened["unfinished"] is not begun:
            return {"failed": True, "msg": "journal: unfinished is %s" % opened["unfinished"]}
        result = run_in_process(self.module, dict(self.options(), journal=opened["path"], backup=False))
        return result if result.get("failed") else dict(self.journal("proved", number), **result)

    def picture(self) -> Dict[str, Any]:
        return {name: (mode_of(self.estate / name), self.readable(name)) for name in self.names()}

    def torn(self) -> List[str]:
        if self.recorded() is None:
            return ["the record of the journal is half written"]
        after = {pathlib.Path(change["path"]).name: change["after_sha256"] for change in self.recorded() or ()}
        allowed = {name: {digest(content), after.get(name, digest(content))} for name, (_mode, content) in self.old.items()}
        torn = [name for name in self.watched if digest(self.content(name)) not in allowed[name]]
        return ["%s is neither the old file nor the one that the journal has" % name for name in torn]

    def progress(self) -> str:
        new = [self.content(name) != content for name, (_mode, content) in self.old.items()]
        if all(new):
            return "complete"
        return "in between" if any(new) or self.traces() != self.begun else "as before"

    def undone(self) -> List[str]:
        restored = self.journal("restored", 9, only_run="run1", lost_run="run1")
        now = self.found()
        wrong = ["%s is not restored (mode %s, was %s)" % (name, now[name][0], self.old[name][0]) for name in self.watched if now[name] != self.old[name]]
        return wrong + [str(left) for left in restored["left"]]

    def journal(self, state: str, number: int, **more: Any) -> Dict[str, Any]:
        """What the module ``journal`` returns to a run."""
        run = {"id": "run%d" % number, "controller": "here/0", "process": "1-2-%d" % number}
        given = {"name": "trial", "folder": str(self.folder / "journals"), "run": run, "state": state}
        result = run_in_process("journal", dict(given, **more))
        if result.get("failed"):
            raise NotFinished("journal %s: %s" % (state, result["msg"]))
        return result

    def recorded(self) -> Optional[List[Dict[str, Any]]]:
        """The changes that the journal has; without one, none. None: its record is torn."""
        path = pathlib.Path(self.opened, "journal.json")
        try:
            return json.loads(path.read_bytes())["changes"] if path.exists() else []
        except ValueError:
            return None

    def traces(self) -> List[Any]:
        """What a run leaves besides its files: entries of the journal, and temporary files."""
        return [self.recorded(), *self.left_over()]

    def names(self) -> List[str]:
        """The files of the estate, temporary ones aside."""
        return sorted(path.relative_to(self.estate).as_posix() for path in self.estate.rglob("*") if path.is_file() and not path.name.startswith(PREFIX))

    def content(self, name: str) -> Optional[bytes]:
        """What a file contains; None: it does not exist."""
        path = self.estate / name
        return path.read_bytes() if path.exists() else None

    def found(self) -> Dict[str, Any]:
        """Mode and content of the watched files."""
        return {name: (mode_of(self.estate / name), self.content(name)) for name in self.watched}


def digest(content: Optional[bytes]) -> Optional[str]:
    """The SHA-256 of a content, in hexadecimal."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def mode_of(path: pathlib.Path) -> Optional[int]:
    """The mode of a file; None: it does not exist."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None
