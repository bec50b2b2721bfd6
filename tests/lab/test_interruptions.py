# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One server or trust store, and what goes wrong while a role changes it. docs/reliability.md lists the cases; kills.py kills runs at any moment."""

from __future__ import annotations

import json
import re

import pytest
from kill_cases import CERTIFICATE, FQDN, JOURNALS, KEY, KEYSTORE, LEFTOVERS, PICTURE, FqdnCertificate, ServerChain, TrustAnchor

from ansible_collections.certmend.tls.tests.support.acl import ACL

pytestmark = pytest.mark.hosts("depot")
#: a check that waits for the test, if the file is the new one
HALT = "test $(grep -c BEGIN %s) = 1 || { touch /root/checking; until test -e /root/go; do sleep 0.05; done; }; nginx -t" % CERTIFICATE
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
    if event != "os.rename":
        return
    to = arguments[1] if arguments[3] < 0 else os.path.join(os.readlink("/proc/self/fd/%%d" %% arguments[3]), arguments[1])
    if to == %(path)r and os.path.exists("/root/armed"):
        os.unlink("/root/armed")
        %(action)s
sys.addaudithook(at_the_rename)
"""


class Server:
    """The lab's nginx, and a role that changes what it serves: server_chain appends the missing intermediates, fqdn_certificate replaces the certificate."""

    def __init__(self, case, playbook, prepare):
        self.case = case
        self.host, self._playbook, self._prepare = self.case.host, playbook, prepare
        self.start = self.case.in_file()

    def run(self, *arguments, **more):
        """Run the role; ``more`` are its variables, without its name in front, and those of the role remediation."""
        more = {name if name.startswith("remediation_") else "%s_%s" % (self.case.name, name): value for name, value in more.items()}
        return self._playbook(self.case.play() + "\n", "-e", json.dumps(more), *arguments)

    def prepared(self, **more):
        return self._prepare(self.case.play() + "\n", "-e", json.dumps(more))

    def picture(self):
        """Content, mode, owner, group, ACL and extended attributes of all files, and the links."""
        return self.host.run("python3", "-c", PICTURE, "/etc/nginx", "/srv").stdout.splitlines()

    def left(self):
        """Journals that are not closed, temporary files, and copies of private keys."""
        script = "cat %s/journal/*/journal.json 2>/dev/null; true" % JOURNALS
        states = re.findall(r'"state": "(\w+)"', self.host.run("sh", "-c", script).stdout)
        return [state for state in states if state != "proved"] + self.host.run("sh", "-c", LEFTOVERS % KEY).stdout.splitlines()

    def at_the_rename(self, action):
        """Have the next module that replaces the file do something first, once."""
        self.host.run("sh", "-c", "tee /etc/python3.*/sitecustomize.py && touch /root/armed", text=HOOK % {"path": CERTIFICATE, "action": action})

    def assert_repaired(self):
        """The next run completes the change, and the one after it has nothing to do."""
        run = self.run()
        assert run.rc == 0, run.stdout[-3000:]
        assert self.case.unserved() == [] and self.case.presented() not in ([], self.start) and self.left() == []
        again = self.run()
        assert again.rc == 0 and again.changed == [], again.stdout[-3000:]


@pytest.fixture
def server(estate, playbook, prepare, tmp_path):
    return Server(ServerChain(estate, tmp_path), playbook, prepare)


@pytest.fixture
def replaced(estate, playbook, prepare, tmp_path):
    return Server(FqdnCertificate(estate, tmp_path), playbook, prepare)


@pytest.fixture
def changed(request, estate, playbook, prepare, tmp_path):
    """The server of one of the roles."""
    return Server(request.param(estate, tmp_path), playbook, prepare)


#: the offline depot's role is only tried every day where it may differ
BOTH = pytest.mark.parametrize("changed", [ServerChain, FqdnCertificate], ids=["server_chain", "fqdn_certificate"], indirect=True)
NOW_AND_THEN = pytest.param(FqdnCertificate, id="fqdn_certificate", marks=pytest.mark.everything)


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
    assert server.picture() == before and server.left() == [] and server.case.presented() == server.start
    server.assert_repaired()


@pytest.mark.parametrize("changed", [pytest.param(ServerChain, id="server_chain"), NOW_AND_THEN], indirect=True)
@pytest.mark.reliability("the ssh connection is lost", playbooks=["offline_depot", "server_chain"], afterwards="the next run reloads and verifies")
def test_a_connection_that_is_lost_while_the_file_is_replaced_is_finished_by_the_next_run(changed):
    """The module goes on; nobody hears of it."""
    server = changed
    server.at_the_rename("lose_the_connection()")
    run = server.run()
    assert run.rc != 0 and "UNREACHABLE" in run.stdout and server.case.presented() == server.start, run.stdout[-3000:]
    assert server.left() == ["open"]
    server.assert_repaired()


@pytest.mark.reliability(
    "two runs at once",
    playbooks=["server_chain"],
    afterwards="the second waits, changes nothing and names the process and the controller of the first; the first is verified",
)
def test_a_second_run_on_the_same_server_waits_and_then_names_the_first(server, started):
    halted = server.prepared(server_chain_check_command=["sh", "-c", HALT], remediation_timeout=600)
    with started(halted) as first:
        server.host.run("sh", "-c", "until test -e /root/checking; do sleep 0.05; done")
        second = server.run(remediation_wait=1)
        server.host.run("touch", "/root/go")
        assert first.wait() == 0
    assert second.rc == 2 and second.changed == [], second.stdout[-3000:]
    assert "is in use by another run (process %d on " % first.pid in second.failure("depot"), second.failure("depot")
    assert server.case.unserved() == [] and server.left() == []
    assert server.run().changed == []


@BOTH
@pytest.mark.reliability(
    "the reload hangs",
    playbooks=["offline_depot", "server_chain"],
    afterwards="the time limit ends it; rolled back: byte-identical to the start, and the reload is named",
)
def test_a_reload_that_hangs_ends_with_its_time_limit_and_is_rolled_back(changed):
    server = changed
    script = '#!/bin/sh\nif mkdir /root/hung; then touch /root/hangs; exec tail -f /dev/null; else exec service nginx "$@"; fi\n'
    server.host.write("/etc/init.d/slow", script)
    server.host.run("chmod", "755", "/etc/init.d/slow")
    before = server.picture()
    run = server.run(service="slow", remediation_timeout=10)
    message = run.failure("depot")
    assert run.rc == 2 and "the reload of slow did not end within 10 seconds" in message and "were rolled back" in message, message
    assert server.picture() == before and server.left() == [] and server.case.presented() == server.start


@pytest.mark.reliability(
    "the rollback fails too",
    playbooks=["server_chain"],
    afterwards="the files are as before; the service that could not be reloaded is reported, and the journal stays for the next run",
)
def test_a_reload_that_fails_for_the_rollback_too_is_reported_and_its_journal_stays(server):
    server.host.write("/etc/init.d/stubborn", "#!/bin/sh\nexit 1\n")
    server.host.run("chmod", "755", "/etc/init.d/stubborn")
    before = server.picture()
    run = server.run(service="stubborn")
    message = run.failure("depot")
    assert run.rc == 2 and "The files on depot are as before the run, but the services may still use the new ones" in message, message
    assert "stubborn" in message and "the next run reloads or restarts the services" in message and "FAILED" not in message, message
    assert server.picture() == before and server.case.presented() == server.start and server.left() == ["restored"]


MOUNTS = {
    "a link to another file system": "mkdir -p /srv/tls && mount -t tmpfs tls /srv/tls && mv {0} /srv/tls/served.pem && ln -s /srv/tls/served.pem {0}",
    "a bind mount": "cp -a {0} /srv/served.pem && mount --bind /srv/served.pem {0}",
}


@pytest.mark.parametrize(
    "changed, mount",
    [
        (ServerChain, "a bind mount"),
        (FqdnCertificate, "a link to another file system"),
        pytest.param(ServerChain, "a link to another file system", marks=pytest.mark.everything),
        pytest.param(FqdnCertificate, "a bind mount", marks=pytest.mark.everything),
    ],
    ids=["server_chain-mount", "fqdn_certificate-link", "server_chain-link", "fqdn_certificate-mount"],
    indirect=["changed"],
)
@pytest.mark.reliability(
    "the check of the new configuration fails",
    "files are links or on another file system",
    "files are bind mounts",
    "files have ACLs",
    playbooks=["offline_depot", "server_chain"],
    afterwards="after a rollback as before, and after the change too, apart from the content",
)
def test_links_mounts_and_acls_are_as_before_after_a_rollback_and_after_a_change(changed, mount):
    """The rollback is that of a configuration that fails its check, and that no server has loaded."""
    server = changed
    server.host.run("cp", CERTIFICATE, "/root/original.pem")
    server.host.run("sh", "-c", MOUNTS[mount].format(CERTIFICATE))
    server.host.run("sh", "-c", "chown 0:33 %s" % CERTIFICATE)
    server.host.run("python3", "-c", "import os; os.setxattr(%r, 'system.posix_acl_access', bytes.fromhex(%r))" % (CERTIFICATE, ACL.hex()))
    before = server.picture()
    assert any("system.posix_acl_access" in line for line in before)
    failed = server.run(check_command=["cmp", "/root/original.pem", CERTIFICATE])
    assert failed.rc == 2 and "were rolled back" in failed.failure("depot"), failed.stdout[-3000:]
    assert server.picture() == before and server.left() == [] and server.case.presented() == server.start
    server.assert_repaired()
    assert [line.rpartition(" ")[0] for line in server.picture()] == [line.rpartition(" ")[0] for line in before], "only the content differs"


@pytest.mark.reliability(
    "the controller is killed",
    playbooks=["offline_depot", "server_chain"],
    afterwards="the next run reloads and verifies, although it writes nothing; the third changes nothing",
)
def test_a_run_that_was_killed_before_the_reload_is_finished_by_the_next(replaced, killed_playbook):
    """Of 35 such runs 14 left a new file and the old certificate in service, and every rerun ended with changed=0."""
    host, case = replaced.host, replaced.case
    new = "openssl x509 -in %s -noout -subject | grep -q %s" % (CERTIFICATE, FQDN)
    check = "if %s; then touch /root/checking; until test -e /root/go; do sleep 0.05; done; fi; nginx -t" % new
    halted = json.dumps({"fqdn_certificate_check_command": ["sh", "-c", check], "remediation_timeout": 600})
    killed_playbook(lambda: host.run("test", "-e", "/root/checking", check=False).returncode == 0, case.play() + "\n", "-e", halted)
    host.run("touch", "/root/go")
    assert case.presented() == replaced.start != case.in_file() and host.run("sh", "-c", new).returncode == 0
    again = replaced.run()
    assert again.rc == 0 and case.unserved() == [] and replaced.left() == [], again.stdout[-3000:]
    assert again.of("Reload the server")[-1]["changed"], "although this run wrote no file"
    third = replaced.run()
    assert third.rc == 0 and third.changed == [], third.stdout[-3000:]


@pytest.mark.reliability(
    "the server presents other certificates than its files have",
    playbooks=["offline_depot", "server_chain"],
    afterwards="reloaded and verified; check mode reports the reload",
)
def test_a_file_that_is_right_and_not_served_is_reloaded(replaced):
    """Whatever the reason: no run of ours is needed for it, and check mode says so."""
    host, case = replaced.host, replaced.case
    assert replaced.run().rc == 0
    host.run("sh", "-c", "cp -a /etc/nginx/tls /root/new; openssl req -x509 -key %s -out %s -subj /CN=old" % (KEY, CERTIFICATE))
    case.reload()
    host.run("sh", "-c", "cp -a /root/new/. /etc/nginx/tls")
    check = replaced.run("--check")
    assert [result["task"] for result in check.changed] == ["certmend.tls.remediation : Reload the server"], check.stdout[-3000:]
    run = replaced.run()
    assert run.rc == 0 and case.unserved() == [] and len(run.changed) == 1, run.stdout[-3000:]


class Stores:
    """The installer's trust stores, and a service that reads them when it starts; the first restart of a run waits for the test."""

    def __init__(self, case, playbook):
        self.case, self.host, self.playbook = case, case.host, playbook
        self.before = self.state()
        halt = "if mkdir /root/once 2>/dev/null; then touch /root/restarting; until test -e /root/go; do sleep 0.05; done; fi"
        self.host.write("/etc/init.d/halting", '#!/bin/sh\n%s\nexec service lcm "$@"\n' % halt)
        self.host.run("chmod", "755", "/etc/init.d/halting")

    def state(self):
        """All stores but the Java keystore that the system's own tool makes anew of the others."""
        return [line for line in self.case.picture() if "/etc/ssl/certs/java/" not in line]

    def arguments(self, **more):
        return self.case.play() + "\n", "-e", json.dumps(dict(more, trust_anchor_restart=["halting"]))

    def run(self, **more):
        return self.playbook(*self.arguments(**more))


@pytest.fixture
def stores(estate, playbook, tmp_path):
    return Stores(TrustAnchor(estate, tmp_path), playbook)


@pytest.mark.hosts("installer")
@pytest.mark.reliability(
    "the reload hangs",
    playbooks=["offline_depot"],
    afterwards="the time limit ends the restart of the installer's service; the trust stores are as before, and the restart is named",
)
def test_a_restart_that_hangs_ends_with_its_time_limit_and_the_stores_are_as_before(stores):
    run = stores.run(remediation_timeout=20)
    message = run.failure("installer")
    assert run.rc == 2 and "halting" in message and "within 20 seconds" in message and "were rolled back" in message, message
    assert stores.state() == stores.before and stores.case.leftovers() + stores.case.journals() == [], message
    running = stores.host.run("sh", "-c", "stat -c %%Y %s; stat -c %%Y /proc/$(pgrep -f vcf-installer-api | head -1)" % KEYSTORE).stdout.split()
    assert int(running[1]) >= int(running[0]), "the service runs with the former anchors"


@pytest.mark.everything
@pytest.mark.hosts("installer")
@pytest.mark.reliability(
    "the controller is killed",
    playbooks=["offline_depot"],
    afterwards="killed between the keystore and the restart: the next run restarts the service, although it writes nothing; the third changes nothing",
)
def test_a_run_that_was_killed_between_the_keystore_and_the_restart_is_finished_by_the_next(stores, killed_playbook):
    """The rerun was green, and the installer refused the depot, because its service had never read the keystore."""
    killed_playbook(lambda: stores.host.run("test", "-e", "/root/restarting", check=False).returncode == 0, *stores.arguments())
    stores.host.run("sh", "-c", "pkill -f '[i]nit.d/halting'; true")
    assert stores.state() != stores.before and stores.case.journals() == ["open"]
    again = stores.run()
    assert again.rc == 0 and stores.case.unserved() == [] and stores.case.leftovers() == [], again.stdout[-3000:]
    assert stores.case.journals() == ["proved"]
    assert [result["task"].rpartition(" : ")[2] for result in again.changed] and "restart" in str([result["task"] for result in again.changed]).lower()
    third = stores.run()
    assert third.rc == 0 and third.changed == [], third.stdout[-3000:]
