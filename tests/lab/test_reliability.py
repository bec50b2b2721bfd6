# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong in the middle of a run: afterwards, or after one more run, everything is proved, or as it was, or reported. docs/reliability.md lists it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

pytestmark = pytest.mark.hosts("depot", "installer", "web")

FQDN = "depot.corp.example"
#: content, mode, owner, group and time of the last change of everything that a run may change, and what is on the disk beside it
WATCHED = "find /etc/nginx /etc/hosts /etc/vmware /etc/ssl/certs /usr/local/share/ca-certificates /etc/alternatives/jre/lib/security -xdev"
PICTURE = WATCHED + " \\( -type f -printf '%p %m %u %g %T@ ' -exec sha256sum {} \\; \\) -o -type l -printf '%p -> %l\\n' | sort"


def extra(estate, **more):
    """The command line of a run with the estate's own CA."""
    pki = estate.state / "pki"
    given = dict(
        more, offline_depot_fqdn=FQDN, offline_depot_signing_ca_path=str(pki / "ca.pem"), offline_depot_signing_ca_private_key_path=str(pki / "ca.key")
    )
    return ["-e", json.dumps(given)]


def picture(host, without=("/etc/ssl/certs",)):
    """Everything that a run may change. What the system's tool makes of the anchors is compared by content, its Java keystore not at all."""
    lines = host.run("sh", "-c", PICTURE + " 2>/dev/null").stdout.splitlines()
    lines = [line for line in lines if "/etc/ssl/certs/java/" not in line]
    return [" ".join([words[0], *words[5:]]) if words[0].startswith(without) and len(words) > 5 else " ".join(words) for words in map(str.split, lines)]


def served(estate):
    """The subject that the depot presents, as openssl sees it from another host."""
    script = "openssl s_client -connect 10.77.0.10:443 </dev/null 2>/dev/null | openssl x509 -noout -subject -ext subjectAltName"
    return estate["web"].run("sh", "-c", script, check=False).stdout


def journals(host):
    """The journals on a host; beside them is a list of the runs that were restored."""
    names = host.run("sh", "-c", "ls /var/lib/certmend/journal 2>/dev/null", check=False).stdout.split()
    return [name for name in names if name != "restored-runs"]


@pytest.mark.reliability("a host that verifies cannot be reached", playbooks=["offline_depot"], afterwards="stopped before the first change")
def test_a_prover_that_cannot_be_reached_stops_the_run_before_the_first_change(estate, playbook):
    before = picture(estate["depot"])
    estate["installer"].stop()
    try:
        run = playbook("certmend.tls.offline_depot", *extra(estate))
    finally:
        estate["installer"].start()
    assert run.rc != 0 and "installer cannot be reached" in run.stdout and "Nothing was changed on any host." in run.stdout, run.stdout[-3000:]
    assert picture(estate["depot"]) == before and journals(estate["depot"]) == []


@pytest.mark.reliability(
    "the last step fails",
    "files are bind mounts",
    playbooks=["offline_depot"],
    afterwards="all hosts byte-identical to the start, with owner, group, mode and times; kept with offline_depot_keep_on_failure",
)
def test_a_last_step_that_fails_is_rolled_back_on_all_hosts(estate, playbook):
    """The installer refuses the depot's password, which no prediction sees."""
    depot, installer = estate["depot"], estate["installer"]
    assert " /etc/hosts " in installer.read("/proc/self/mountinfo"), "a bind mount"
    before = picture(depot), picture(installer)
    api = dict(offline_depot_username="depot", offline_depot_password="wrong", offline_depot_installer_password="AdminPw1!Admin")
    api.update(offline_depot_configure_installer=True, offline_depot_installer_url="https://installer.corp.example")
    run = playbook("certmend.tls.offline_depot", *extra(estate, **api))
    assert run.rc == 2 and "Invalid username or password" in "".join(run.failure("installer")), run.stdout[-3000:]
    assert "Rolled back" in run.stdout and "10.77.0.10" in served(estate)
    assert picture(depot) == before[0]
    assert picture(installer) == before[1]
    assert journals(depot) == journals(installer) == []
    kept = playbook("certmend.tls.offline_depot", *extra(estate, offline_depot_keep_on_failure=True, **api))
    assert kept.rc == 2 and "Kept, as asked" in "".join(kept.failure("installer")), kept.stdout[-3000:]
    assert FQDN in served(estate) and "Rolled back" not in kept.stdout and picture(installer) != before[1]


@pytest.mark.reliability(
    "the rollback fails too",
    playbooks=["offline_depot"],
    afterwards="the files are as before on all hosts; the service that could not be restarted is reported, and its journal stays",
)
def test_what_cannot_be_rolled_back_does_not_keep_the_rest(estate, playbook):
    """A service that cannot be restarted: not for the change, and not for the rollback. One that is missing is found before."""
    depot, installer = estate["depot"], estate["installer"]
    before = picture(depot), picture(installer)
    missing = playbook("certmend.tls.offline_depot", "--check", *extra(estate, offline_depot_restart=["lcm", "no-such-service"]))
    assert missing.rc == 2 and "installer has no service no-such-service. Correct the list" in "".join(missing.failure("installer")), missing.stdout[-3000:]
    installer.run("sh", "-c", "printf '#!/bin/sh\\nexit 1\\n' > /etc/init.d/stubborn; chmod +x /etc/init.d/stubborn")
    run = playbook("certmend.tls.offline_depot", *extra(estate, offline_depot_restart=["stubborn"]))
    message = "".join(run.failure("installer"))
    assert run.rc == 2 and "stubborn" in message, run.stdout[-3000:]
    assert "The files on installer are as before the run, but the services may still use the new ones (Restart: the restart of stubborn failed" in message, (
        message
    )
    assert "the next run reloads or restarts the services" in message and "FAILED" not in message, message
    assert picture(depot) == before[0] and journals(depot) == []
    assert picture(installer) == before[1], "the files are as before"
    assert journals(installer) == ["trust_anchor"]


@pytest.mark.everything
@pytest.mark.reliability(
    "the change is not wanted any more",
    playbooks=["offline_depot", "restore"],
    afterwards="restored on all hosts, byte-identical; a second restore changes nothing",
)
def test_what_a_run_changed_is_restored_later_and_only_once(estate, playbook):
    depot, installer = estate["depot"], estate["installer"]
    before = picture(depot), picture(installer)
    run = playbook("certmend.tls.offline_depot", *extra(estate))
    (named,) = set(re.findall(r"undo all: ansible-playbook -i (\S+) (certmend.tls.restore [^\"]*)", run.stdout))
    command = shlex.split(named[1])
    assert Path(named[0]).is_file() and command[-2] == "--limit" and set(command[-1].split(",")) == {"depot", "installer"}
    check = playbook(*command, "--check")
    assert picture(depot) != before[0] and "depot: check mode, would restore /etc/nginx/tls/depot.pem" in check.stdout
    restored = playbook(*command)
    assert check.rc == restored.rc == 0 and "depot: restored /etc/nginx/tls/depot.pem" in restored.stdout, restored.stdout[-3000:]
    assert picture(depot) == before[0] and picture(installer) == before[1] and "10.77.0.10" in served(estate)
    again = playbook(*command)
    assert again.rc == 0 and again.changed == []


@pytest.mark.reliability(
    "a host is lost in the middle", playbooks=["offline_depot"], afterwards="the other hosts are as before, byte-identical; the lost host is reported"
)
def test_a_host_that_is_lost_in_the_middle_is_reported_and_the_others_are_rolled_back(estate, prepare, started):
    """The depot has its new certificate and is about to reload it when the installer's plug is pulled."""
    depot, installer = estate["depot"], estate["installer"]
    before = picture(depot)
    new = "openssl x509 -in /etc/nginx/tls/depot.pem -noout -subject | grep -q " + FQDN
    check = "if %s; then touch /root/checking; until test -e /root/go; do sleep 0.05; done; fi; nginx -t" % new
    halted = prepare("certmend.tls.offline_depot", *extra(estate, fqdn_certificate_check_command=["sh", "-c", check], remediation_timeout=600))
    with started(halted) as run:
        depot.run("sh", "-c", "until test -e /root/checking; do sleep 0.05; done")
        installer.stop()
        depot.run("touch", "/root/go")
        status = run.wait()
    installer.start()
    output = (halted.folder / "output").read_text(encoding="utf-8")
    assert status != 0 and "installer cannot be reached" in output, output[-3000:]
    assert picture(depot) == before and journals(depot) == [] and "10.77.0.10" in served(estate), output[-3000:]
