# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual environments with another ansible-core, which wants another Python than the one of this machine: made by the check that needs one."""

from __future__ import annotations

import os
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

from stage import ROOT

#: where Pythons are that are on no PATH
ELSEWHERE = ("~/.pyenv/versions/{0}.*/bin", "~/.local/share/uv/python/cpython-{0}.*/bin", "/usr/local/bin", "/usr/bin")
WANTED = "import ensurepip, ssl, sys, venv; sys.exit(sys.version_info[:2] != (3, %d))"


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    :param folder: its name, in the top folder.
    :param minors: the oldest and the newest Python 3 that its ansible-core runs on: ``(11, 13)`` for 3.11 to 3.13.
    """

    folder: str
    minors: Tuple[int, int]

    @property
    def programs(self) -> pathlib.Path:
        """The folder with its programs."""
        return ROOT / self.folder / "bin"

    def making(self) -> Optional[List[str]]:
        """The command that makes it, or that finds it made; None if this machine has no Python for it."""
        python = next(filter(_is_usable, self._candidates()), None)
        return None if python is None else ["make", "--no-print-directory", "-C", str(ROOT), "PY=%s" % python, "%s/.made" % self.folder]

    @property
    def missing(self) -> str:
        """What to say if this machine has no Python for it."""
        places = "the PATH, ~/.pyenv/versions and ~/.local/share/uv/python"
        return "%s needs Python 3.%d to 3.%d with ensurepip and venv; there is none on %s" % (self.folder, *self.minors, places)

    def _candidates(self) -> Iterator[pathlib.Path]:
        """The newest first."""
        for minor in range(self.minors[1], self.minors[0] - 1, -1):
            version = "3.%d" % minor
            for place in os.environ.get("PATH", "").split(os.pathsep):
                yield pathlib.Path(place, "python" + version)
            for pattern in ELSEWHERE:
                folder = pathlib.Path(pattern.format(version)).expanduser()
                yield from sorted(pathlib.Path(folder.anchor).glob(str(folder.relative_to(folder.anchor) / ("python" + version))), reverse=True)


def _is_usable(python: pathlib.Path) -> bool:
    """Whether it makes virtual environments; a shim of pyenv is there for every version, and runs only the chosen one."""
    command = [str(python), "-c", WANTED % int(python.name.rpartition(".")[2])]
    return python.exists() and subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


NEWEST = Environment(".venv-newest", (13, 14))
#: for each ansible-core that is tested by ansible-test alone, and not every day
CORES = {
    "2.17": Environment(".venv-core-2.17", (10, 12)),
    "2.18": Environment(".venv-core-2.18", (11, 13)),
    "2.20": Environment(".venv-core-2.20", (12, 14)),
    "2.21": Environment(".venv-newest", (13, 14)),
}
