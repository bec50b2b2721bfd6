# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of a running lab, for tests and for the command line."""

import functools
import os
import select
import signal
import socket
import ssl
import subprocess
import time

from lab import controller, estate, inside, kernel, namespaces, places
from lab.errors import LabError

READY_WITHIN = 120
"""Seconds after which a host that does not answer is a failure; it is waited for, never slept for."""


class Lab:
    """The lab this process runs in: a mapping of host names to hosts."""

    def __init__(self, state, hosts):
        self.state = state
        self.hosts = {name: Host(state, specification) for name, specification in hosts.items()}

    @classmethod
    def current(cls):
        if not places.inside():
            raise LabError("This runs within a lab only.", "Put 'tests/lab/labctl enter --' before the command.")
        return cls(places.state(), estate.load())

    def __getitem__(self, name):
        if name not in self.hosts:
            raise LabError(f"No host {name}", f"The hosts are: {', '.join(self.hosts)}")
        return self.hosts[name]

    @property
    def inventory(self):
        return self.state / "inventory.yml"

    @property
    def ca(self):
        """The certificate of the lab's own CA; its key, ca.key, lies beside it."""
        return self.state / "pki" / "ca.pem"

    def up(self, *names):
        """Start the hosts that do not run yet (default: all), and wait until they answer."""
        hosts = [self[name] for name in names or self.hosts]
        estate.make_ssh_keys(self.state)
        estate.mint({name: host.specification for name, host in self.hosts.items()}, self.state)
        self.write_inventory()
        starting = [host for host in hosts if not host.runs]
        for host in starting:
            host.stop()  # what one that ended by itself has left
            host.launch()
        for host in starting:
            host.wait_until_ready()

    def down(self, *names):
        for name in names or self.hosts:
            self[name].stop()

    def reset(self, *names):
        """Bring hosts (default: all) back to the state in which `up` leaves them; together, which is faster than one by one."""
        self.down(*names)
        self.up(*names)

    def write_inventory(self):
        specifications = {name: host.specification for name, host in self.hosts.items()}
        estate.write(self.inventory, estate.inventory(specifications, self.state))
        return self.inventory


class Host:
    """One host; `specification` is its entry in estate.json."""

    def __init__(self, state, specification):
        self.state = state
        self.specification = specification
        self.name = specification["name"]
        self.address = specification["address"]
        self.fqdn = specification["fqdn"]
        self.group = specification["group"]
        self._line = None

    @property
    def log(self):
        return self.state / f"{self.name}.log"

    @property
    def pid(self):
        """The host's process 1 as this namespace counts, or None."""
        try:
            return int((self.state / f"{self.name}.pid").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    @property
    def runs(self):
        return self.pid is not None and os.path.exists(f"/proc/{self.pid}")

    def start(self):
        """A stopped host comes back fresh: what it changed was in memory."""
        if not self.runs:
            self.stop()
            self.launch()
            self.wait_until_ready()

    def stop(self):
        """Switch the host off, as by pulling its plug; afterwards it is unreachable."""
        if self.pid is None:
            return
        if self.runs:
            handle = os.pidfd_open(self.pid)
            os.kill(self.pid, signal.SIGKILL)
            select.select([handle], [], [])  # readable once the process has ended
            os.close(handle)
        controller.unplug(self.name)
        (self.state / f"{self.name}.pid").unlink()

    def reset(self):
        """Back to the state in which `up` leaves it, with the same certificates and keys."""
        self.stop()
        self.start()

    def launch(self):
        """Start the host without waiting for it."""
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            ours.close()
            os.setsid()
            namespaces.leave(functools.partial(self._begin, theirs))
        theirs.close()
        os.waitpid(child, 0)
        answer = ours.recv(32)
        if not answer:
            raise LabError(f"{self.name} did not start: {self._last_words()}")
        controller.plug(self.name, self.address, int(answer))
        estate.write(self.state / f"{self.name}.pid", answer.decode())
        ours.send(b"g")
        self._line = ours

    def _begin(self, line):
        """In between: make the namespaces, leave their first process behind for the lab's process 1 to adopt."""
        with open(self.log, "wb") as log, open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        kernel.unshare(namespaces.ISOLATED)
        first = os.fork()
        if first:
            line.send(str(first).encode())
            return 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if not line.recv(1):
            return namespaces.FAILED
        os.closerange(3, line.fileno())  # the caller's files are not the host's
        os.closerange(line.fileno() + 1, 1024)
        return inside.become(self.specification, self.state)

    def wait_until_ready(self):
        """Until sshd says its banner, every TCP port accepts and every TLS port completes a handshake."""
        if self._line is not None:  # this process launched it
            self._line.recv(1)  # ends when init begins: asked earlier, the kernel would wait a second to ask for the address again
            self._line.close()
            self._line = None
        deadline = time.monotonic() + READY_WITHIN
        for probe in (self._ssh_answers, self._services_answer):
            while not probe():
                if not os.path.exists(f"/proc/{self.pid}") or time.monotonic() > deadline:
                    raise LabError(f"{self.name} did not get ready: {self._last_words()}")
                select.select([], [], [], 0.005)

    def _ssh_answers(self):
        try:
            with socket.create_connection((self.address, 22), 1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _services_answer(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            for port in self.specification.get("tcp_ports", []):
                socket.create_connection((self.address, port), 1).close()
            for port in self.specification.get("tls_ports", []):
                with socket.create_connection((self.address, port), 1) as connection:
                    context.wrap_socket(connection).close()
        except OSError:
            return False
        return True

    def _last_words(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:].strip() or "no output"

    def _nsenter(self, command):
        if not self.runs:
            raise LabError(f"{self.name} does not run", f"Start it with: labctl up {self.name}")
        return ["nsenter", "--mount", "--uts", "--ipc", "--net", "--pid", f"--target={self.pid}", "--", *command]

    def run(self, *command, text=None, check=True):
        """Run a command as root on the host; a failure raises with what it printed."""
        result = subprocess.run(self._nsenter(command), input=text, capture_output=True, text=True, check=False, env=places.ENVIRONMENT)
        if check and result.returncode != 0:
            raise LabError(f"{self.name}: {' '.join(command)}: status {result.returncode}: {result.stdout}{result.stderr}".strip())
        return result

    def call(self, command):
        """As run, with this process's own input and output; returns the exit status."""
        environment = {**places.ENVIRONMENT, "TERM": os.environ.get("TERM", "dumb")}
        return subprocess.run(self._nsenter(command), check=False, env=environment).returncode

    def read(self, path):
        return self.run("cat", path).stdout

    def write(self, path, text):
        self.run("tee", path, text=text)
