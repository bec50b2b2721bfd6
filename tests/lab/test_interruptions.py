# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One server, and what goes wrong while the playbook server_chain changes it. docs/reliability.md lists the cases; kills.py kills runs at any moment."""

from __future__ import annotations

import re
import struct

import pytest
from kill_cases import JOURNALS, LEFTOVERS, PICTURE
from test_server_chain import NGINX, given, install, presented, verifies

pytestmark = pytest.mark.hosts("depot")
PLAYBOOK = "certmend.tls.server_chain"
HALT = "touch /root/checking; until test -e /root/go; do sleep 0.05; done; nginx -t"
#: the first Python that is about to replace the file does what the test asks for; the journal and the new content are on the disk then
HOOK = """
import os, signal, sys
def parent(pid):
    with open("/proc/%%s/stat" %% pid) as stream:
        name, words = stream.read().partition("(")[2].rpartition(")")[::2]
    return name, int(words.split()[1])
def lose_the_connection():
    pid, sessions = os.getpid(), []
    while pid != 1:
        name, above = parent(pid)
        sessions += [pid] if name.startswith("sshd") and above != 1 else []
        pid = above
    for session in sessions:
        os.kill(session, signal.SIGKILL)
def at_the_rename(event, arguments):
    if event == "os.rename" and arguments[1] == %(path)r and os.path.exists("/root/armed"):
        os.unlink("/root/armed")
        %(action)s
sys.addaudithook(at_the_rename)
"""


class Server:
    """The lab's nginx, whose file lacks the intermediate certificates."""

    def __init__(self, estate, playbook, prepare, pki):
        self.host, self.pki, self._playbook, self._prepare = estate["depot"], pki, playbook, prepare
        self.leaf = pki.leaf(NGINX.name)
        install(estate, NGINX, self.leaf)

    def run(self, **more):
        return self._playbook(PLAYBOOK, *given(self.pki, NGINX, **more))

    def prepared(self, **more):
        return self._prepare(PLAYBOOK, *given(self.pki, NGINX, **more))

    def picture(self):
        """Content, mode, owner, group, ACL and extended attributes of all files, and the links."""
        return self.host.run("python3", "-c", PICTURE, "/etc/nginx", "/srv").stdout.splitlines()

    def left(self):
        """Journals that are not closed, temporary files, and copies of private keys."""
        script = "cat %s/journal/*/journal.json 2>/dev/null; true" % JOURNALS
        states = re.findall(r'"state": "(\w+)"', self.host.run("sh", "-c", script).stdout)
        return [state for state in states if state != "proved"] + self.host.run("sh", "-c", LEFTOVERS % NGINX.key_path).stdout.splitlines()

    def at_the_rename(self, action):
        """Have the next module that replaces the file do something first, once."""
        self.host.run("sh", "-c", "tee /etc/python3.*/sitecustomize.py && touch /root/armed", text=HOOK % {"path": NGINX.path, "action": action})

    def assert_repaired(self):
        """The next run completes the change, and the one after it has nothing to do."""
        run = self.run()
        assert run.rc == 0, run.stdout[-3000:]
        assert verifies(NGINX, self.pki) and len(presented(NGINX)) == 3 and self.left() == []
        again = self.run()
        assert again.rc == 0 and again.changed == [], again.stdout[-3000:]


@pytest.fixture
def server(estate, playbook, prepare, pki):
    return Server(estate, playbook, prepare, pki)


@pytest.mark.reliability(
    "the module is killed",
    playbooks=["server_chain"],
    afterwards="rolled back: byte-identical to the start, no temporary file and no copy of a key; the next run completes the change",
)
def test_a_module_that_is_killed_before_it_replaces_the_file_leaves_nothing(server):
    """Its journal is written, and its temporary file; 94 of 124 killed runs left such files."""
    before = server.picture()
    server.at_the_rename("os.kill(os.getpid(), signal.SIGKILL)")
    run = server.run()
    assert run.rc == 2 and server.host.run("test", "-e", "/root/armed", check=False).returncode == 1, run.stdout[-3000:]
    assert server.picture() == before and server.left() == [] and presented(NGINX) == [server.leaf.der]
    server.assert_repaired()


@pytest.mark.reliability("the ssh connection is lost", playbooks=["server_chain"], afterwards="the next run reloads and verifies")
def test_a_connection_that_is_lost_while_the_file_is_replaced_is_finished_by_the_next_run(server):
    """The module goes on; nobody hears of it."""
    server.at_the_rename("lose_the_connection()")
    run = server.run()
    assert run.rc != 0 and "UNREACHABLE" in run.stdout and presented(NGINX) == [server.leaf.der], run.stdout[-3000:]
    assert server.left() == ["open"]
    server.assert_repaired()


@pytest.mark.reliability(
    "two runs at once",
    playbooks=["server_chain"],
    afterwards="the second waits, changes nothing and names the process and the controller of the first; the first is verified",
)
def test_a_second_run_on_the_same_server_waits_and_then_names_the_first(server, started):
    halted = server.prepared(server_chain_check_command=["sh", "-c", HALT])
    with started(halted) as first:
        server.host.run("sh", "-c", "until test -e /root/checking; do sleep 0.05; done")
        second = server.run(remediation_wait=1)
        server.host.run("touch", "/root/go")
        assert first.wait() == 0
    assert second.rc == 2 and second.changed == [], second.stdout[-3000:]
    assert "is in use by another run (process %d on " % first.pid in second.failure("depot"), second.failure("depot")
    assert verifies(NGINX, server.pki) and server.left() == []
    assert server.run().changed == []


@pytest.mark.reliability(
    "the reload hangs", playbooks=["server_chain"], afterwards="the time limit ends it; rolled back: byte-identical to the start, and the reload is named"
)
def test_a_reload_that_hangs_ends_with_its_time_limit_and_is_rolled_back(server):
    script = '#!/bin/sh\nif mkdir /root/hung; then touch /root/hangs; exec tail -f /dev/null; else exec service nginx "$@"; fi\n'
    server.host.write("/etc/init.d/slow", script)
    server.host.run("chmod", "755", "/etc/init.d/slow")
    before = server.picture()
    run = server.run(server_chain_service="slow", remediation_timeout=10)
    message = run.failure("depot")
    assert run.rc == 2 and "Reload the server" in message and "Timed out after 10 second" in message and "were rolled back" in message, message
    assert server.picture() == before and server.left() == [] and presented(NGINX) == [server.leaf.der]


MOUNTS = {
    "a link to another file system": "mkdir -p /srv/tls && mount -t tmpfs tls /srv/tls && mv {0} /srv/tls/served.pem && ln -s /srv/tls/served.pem {0}",
    "a bind mount": "cp -a {0} /srv/served.pem && mount --bind /srv/served.pem {0}",
}
#: user::rw-, user:www-data:r--, group::r--, mask::r--, other::---, as Linux keeps it (uapi/linux/posix_acl_xattr.h)
ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 6, 2**32 - 1, 2, 4, 33, 4, 4, 2**32 - 1, 16, 4, 2**32 - 1, 32, 0, 2**32 - 1)


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.reliability(
    "files are links or on another file system",
    "files are bind mounts",
    "files have ACLs",
    playbooks=["server_chain"],
    afterwards="after a rollback as before, and after the change too, apart from the content",
)
def test_links_mounts_and_acls_are_as_before_after_a_rollback_and_after_a_change(server, mount):
    server.host.run("sh", "-c", MOUNTS[mount].format(NGINX.path))
    server.host.run("sh", "-c", "chown 0:33 %s" % NGINX.path)
    server.host.run("python3", "-c", "import os; os.setxattr(%r, 'system.posix_acl_access', bytes.fromhex(%r))" % (NGINX.path, ACL.hex()))
    before = server.picture()
    assert any("system.posix_acl_access" in line for line in before)
    failed = server.run(server_chain_check_command=["sh", "-c", "test $(grep -c BEGIN %s) = 1" % NGINX.path])
    assert failed.rc == 2 and "were rolled back" in failed.failure("depot"), failed.stdout[-3000:]
    assert server.picture() == before and server.left() == []
    server.assert_repaired()
    assert [line.rpartition(" ")[0] for line in server.picture()] == [line.rpartition(" ")[0] for line in before], "only the content differs"
