# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts for Ansible that are folders of this machine: a program in place of ssh runs their commands here, unless the host is lost."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from ansible_collections.certmend.tls.tests.support.run import PATH, TREE
from ansible_collections.certmend.tls.tests.unit.conftest import listening

#: the last two words are the host and the command. Journals lie in the host's folder: the command does not think that it is root, or it sees that folder
#: in the place of root's if the host has a folder named ``of_root``
SSH = """#!/bin/sh
while [ $# -gt 2 ]; do shift; done
if [ -e "%(hosts)s/$1/lost" ]; then echo "ssh: connect to host $1 port 22: No route to host" >&2; exit 255; fi
cd "%(hosts)s/$1" || exit 255
export HOME="$PWD" XDG_STATE_HOME="$PWD/state" PATH="$PWD/bin:$PATH"
test -d of_root && exec unshare --mount sh -c 'mount --bind of_root /var/lib && mount --bind of_root /run && exec sh -c "$1"' sh "$2"
test "$(id -u)" = 0 && exec unshare --user --map-user=1000 --map-group=1000 sh -c "$2"
exec sh -c "$2"
"""


class Hosts:
    """Some hosts, and playbooks that run on them.

    :param names: of the hosts; each has a folder of its own in ``folder``/hosts.
    :ivar environment: what the runs find in their environment besides.
    """

    def __init__(self, folder: pathlib.Path, names: Sequence[str]) -> None:
        self.folder, self.hosts, self.controller, self.home = folder, folder / "hosts", folder / "controller", folder / "home"
        self.environment: Dict[str, str] = {}
        self.controller.mkdir(parents=True)
        for name in names:
            (self.hosts / name / "bin").mkdir(parents=True)
        self.program(folder / "ssh", SSH % {"hosts": self.hosts})
        shared = {
            "ansible_connection": "ssh",
            "ansible_ssh_executable": str(folder / "ssh"),
            "ansible_pipelining": True,
            "ansible_ssh_transfer_method": "piped",
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
        }
        inventory = {"all": {"vars": shared, "hosts": dict.fromkeys(names, {})}}
        (self.controller / "inventory.yml").write_text(json.dumps(inventory), encoding="ascii")

    def __getitem__(self, name: str) -> pathlib.Path:
        return self.hosts / name

    @staticmethod
    def program(path: pathlib.Path, script: str) -> None:
        """Write a program."""
        path.write_text(script, encoding="ascii")
        path.chmod(0o755)

    def playbook(self, playbook: Any, *arguments: str, **variables: Any) -> subprocess.CompletedProcess:
        """Run a playbook: the name of one, or its plays."""
        process = self.start(playbook, *arguments, **variables)
        output, _errors = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def start(self, playbook: Any, *arguments: str, **variables: Any) -> subprocess.Popen:
        """Start a playbook in a session of its own. A playbook of a collection does not lie where it is started."""
        command = [*self.command(playbook), *arguments, "-e", json.dumps(variables)]
        environment = dict(os.environ, PYTHONPATH=PATH, ANSIBLE_COLLECTIONS_PATH=str(TREE), ANSIBLE_HOME=str(self.home), ANSIBLE_NOCOLOR="1")
        environment.update(ANSIBLE_SSH_RETRIES="0", ANSIBLE_STDOUT_CALLBACK="default", PYTHONDONTWRITEBYTECODE="1", **self.environment)
        pipes: Dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.controller, env=environment, start_new_session=True, **pipes)

    def command(self, playbook: Any) -> List[str]:
        """The command that runs a playbook, or plays, in the folder ``controller``."""
        path = playbook if isinstance(playbook, str) else self.write("play", playbook)
        return [sys.executable, "-m", "ansible", "playbook", "-i", "inventory.yml", path]

    def write(self, name: str, content: Any) -> str:
        """Write a file of plays or tasks with a name of its own, and return its path."""
        folder = self.folder / "plays"
        folder.mkdir(exist_ok=True)
        path = folder / ("%s-%d.yml" % (name, len(list(folder.iterdir()))))
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def kill(self) -> None:
        """Kill all processes of this folder's runs: the first one first, before it learns of the others' end."""
        mark = ("ANSIBLE_HOME=%s\0" % self.home).encode()
        for process in sorted(pathlib.Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            with contextlib.suppress(OSError):
                if mark in (process / "environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)

    def picture(self) -> Mapping[str, Any]:
        """Content, mode and time of the last change of all files of all hosts but their journals, their programs, and what these leave."""
        skipped = {"state", "bin", ".ansible", "loaded.pem", "checked", "hangs"}
        files = [path for path in self.hosts.rglob("*") if path.is_file() and not skipped & set(path.relative_to(self.hosts).parts)]
        return {str(path): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in files}

    def journals(self, name: str) -> List[str]:
        """The states of the journals of a host."""
        found = sorted((self[name] / "state").glob("certmend/journal/*/journal.json"))
        return [json.loads(path.read_text(encoding="utf-8"))["state"] for path in found]

    def runs(self, name: str) -> List[str]:
        """The ids of the runs that have left a journal on a host."""
        found = (self[name] / "state").glob("certmend/journal/*/journal.json")
        return sorted({json.loads(path.read_text(encoding="utf-8"))["run"]["id"] for path in found})

    def keep(self) -> None:
        """Keep all hosts as they are, for ``reset``."""
        shutil.copytree(self.hosts, self.folder / "kept", symlinks=True)

    def reset(self) -> None:
        """Make all hosts as they were kept."""
        shutil.rmtree(self.hosts)
        shutil.copytree(self.folder / "kept", self.hosts, symlinks=True)


#: in place of ``systemctl``, and of OpenRC's programs on a machine without it. Files in the host's folder have them fail (refused), hang (hangs; a pipe is told
#: first), do nothing (ignored; tired: from the next time on), or serve what is in stranger once
SERVICES = """#!/bin/sh
cd "$(dirname "$0")/.."
case " $* " in
*" reload "*)
    test ! -e refused || exit 1
    test ! -e hangs || { test ! -p hangs || echo reloading > hangs; exec tail -f /dev/null; }
    test ! -e stranger || { mv stranger loaded.pem; exit; }
    test -e ignored || { cat web.pem web.key > loaded.new && mv loaded.new loaded.pem; }
    test ! -e tired || mv tired ignored ;;
*" show "*) printf 'Id=web.service\\nLoadState=loaded\\nActiveState=active\\nSubState=running\\n' ;;
*) echo "web is started and running" ;;
esac
"""


def by_itself(folder: pathlib.Path, address: str = "127.0.0.1") -> Any:
    """A TLS server on loopback that reads ``web.pem`` and ``web.key`` of its folder for each connection. Yields its port."""

    def serve(connection: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "web.pem", folder / "web.key")
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return listening(serve, (address, 0))


@contextlib.contextmanager
def web_server(folder: pathlib.Path) -> Iterator[int]:
    """A TLS server on loopback: it presents what a reload has read from web.pem and web.key in the host's folder. Yields its port."""

    def serve(connection: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "loaded.pem")
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    for name in ("systemctl", "rc-service", "rc-update"):
        Hosts.program(folder / "bin" / name, SERVICES)
    with listening(serve) as port:
        yield port
