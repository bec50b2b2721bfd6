# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run over two hosts that fails: in which order it is rolled back, on which hosts, and what is said of a rollback that nobody has verified."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.depot_and_installer import NAME, estate_in, step
from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION
from ansible_collections.certmend.tls.tests.support.run import run_in_process

FAIL = {"name": "Refuse", "ansible.builtin.fail": {"msg": "the last step is refused"}}
ROOT = mint.authority("Root", **REAL.days())
MIDDLE = mint.authority("Middle", ROOT, **REAL.days())


@pytest.fixture
def estate(tmp_path):
    with estate_in(tmp_path / "estate") as made:
        yield made


def play(hosts, *tasks):
    return {"hosts": hosts, "gather_facts": False, "ignore_unreachable": True, "tasks": list(tasks)}


def attempt(estate, host, *tasks):
    """A play that takes a step of the run."""
    included = {"name": "certmend.tls.remediation", "tasks_from": "attempt.yml"}
    return play(host, {"ansible.builtin.include_role": included, "vars": {"remediation_step": estate.write("step", tasks)}})


def end():
    """The last plays of offline_depot."""
    plays = yaml.safe_load((COLLECTION / "playbooks" / "offline_depot.yml").read_text(encoding="utf-8"))[-2:]
    return [dict(play, hosts="all", become=False, vars_files=[], vars={"depot_keep_on_failure": False}) for play in plays]


def order(done):
    """The hosts in the order in which their journals were restored."""
    return re.findall(r"roll_back.yml for .* => \(item=(\w+): ", done.stdout)


def test_a_host_that_ansible_removed_from_the_run_is_rolled_back_too_and_the_newest_change_first(estate):
    """A file of tasks is missing for the installer, which no rescue sees."""
    file = "{{ 'missing.yml' if inventory_hostname == 'installer' else '%s' }}" % estate.write("nothing", [])
    missing = {"ansible.builtin.include_tasks": {"file": file}}
    plays = [attempt(estate, "installer", estate.mapping()), attempt(estate, "depot", estate.certificate()), play("all", missing)]
    done = estate.playbook(plays + end())
    assert done.returncode != 0 and order(done) == ["depot", "installer"], done.stdout
    assert "installer: installer failed (see above)" in done.stdout and "Rolled back here: %s/hosts" % estate["installer"] in done.stdout
    assert estate.is_restored() and estate.journals("depot") == estate.journals("installer") == [], done.stdout


@pytest.mark.reliability(
    "two runs at once",
    "somebody else changes the file meanwhile",
    playbooks=["offline_depot", "server_chain"],
    afterwards="a run that rolls back leaves alone what another run has changed since, and says so; the other run ends verified",
)
def test_a_rollback_leaves_the_change_of_another_run_alone_and_says_so(estate):
    other = estate.command([play("installer", estate.mapping("other.corp.example"))])
    meanwhile = {
        "ansible.builtin.command": {"argv": other, "chdir": str(estate.controller)},
        "delegate_to": "localhost",
        "vars": {"ansible_connection": "local"},
    }
    plays = [attempt(estate, "installer", estate.mapping()), play("depot", meanwhile), attempt(estate, "depot", FAIL)]
    done = estate.playbook(plays + end())
    hosts = estate["installer"] / "hosts"
    assert done.returncode != 0 and "the last step is refused" in done.stdout, done.stdout
    assert "NOT rolled back here: hosts_mapping: NOT restored: %s (somebody else changed it after this run)" % hosts in done.stdout, done.stdout
    assert "10.77.0.10 %s other.corp.example" % NAME in hosts.read_text(encoding="ascii").replace("\t", " "), hosts.read_text(encoding="ascii")
    assert estate.journals("installer") == ["proved", "proved"], "that of the other run, and that of this one, kept"


def test_that_everything_was_rolled_back_is_said_only_if_the_old_certificate_is_seen_to_be_served(estate):
    """The proof fails, and the service ignores the reload of the rollback."""
    (estate["depot"] / "tired").touch()
    done = estate.playbook([play("depot", estate.certificate(fqdn_certificate_prove_trusted_content=ROOT.pem))])
    assert done.returncode != 0 and "were rolled back" not in done.stdout, done.stdout
    said = "The files on depot are as before the run, but the services may still use the new ones (%s:%d (127.0.0.1), seen from installer: "
    assert said % (NAME, estate.port) + "SERVED-PREVIOUS: " in done.stdout and estate.journals("depot") == ["restored"] and not estate.is_served(), done.stdout


def test_a_run_says_once_why_a_proof_failed_in_its_last_lines(estate):
    """The task that fails within the step refers to them."""
    (estate["depot"] / "ignored").touch()
    done = estate.playbook([attempt(estate, "depot", estate.certificate())] + end())
    failed = [line for line in done.stdout.splitlines() if re.match(r"(fatal|failed): \[", line)]
    assert done.returncode != 0 and len(failed) == 2 and estate.is_served(), done.stdout
    assert '"depot failed; the last lines of this run say what was seen"' in failed[0]
    said = "depot: %s:%d (127.0.0.1), seen from installer: SERVED-PREVIOUS: 1 s after the reload, the server still presents" % (NAME, estate.port)
    assert said in failed[1] and "Is web the service on port" in failed[1] and not re.search("[A-Za-z0-9+/]{80}", "".join(failed)), failed


@pytest.mark.parametrize("allowed, is_kept", [(50, True), (49, False)])
def test_as_many_hosts_as_allowed_may_fail_and_the_others_keep_their_changes(estate, allowed, is_kept):
    """One host at a time; the first one fails."""
    given = {"name": "certmend.tls.remediation", "tasks_from": "attempt.yml"}
    refused, mapped = estate.write("step", [FAIL]), estate.write("step", [estate.mapping()])
    step_of = "{{ %r if inventory_hostname == 'depot' else %r }}" % (refused, mapped)
    steps = [{"ansible.builtin.include_role": given, "vars": {"remediation_step": step_of}}]
    batches = dict(play("depot,installer", *steps), serial=1)
    done = estate.playbook([batches] + end(), remediation_max_fail_percentage=allowed)
    assert done.returncode == 2 and "depot: the last step is refused" in done.stdout, done.stdout
    assert (NAME in (estate["installer"] / "hosts").read_text(encoding="ascii")) is is_kept, done.stdout
    assert ("installer: changed " in done.stdout) is is_kept


@pytest.fixture
def incomplete(tmp_path):
    """A server that sends its own certificate alone."""
    with estate_in(tmp_path / "estate", mint.mint(NAME, issuer=MIDDLE, dns=[NAME], **REAL.days())) as made:
        yield made


def appending(estate):
    """A play that appends the missing intermediate."""
    given = {
        "path": str(estate["depot"] / "web.pem"),
        "name": NAME,
        "candidates_content": MIDDLE.pem,
        "trusted_content": ROOT.pem,
        "server": "nginx",
        "service": "web",
        "check_command": ["true"],
        "port": estate.port,
        "prove_address": "127.0.0.1",
        "prove_from": ["installer"],
        "prove_timeout": 1,
    }
    return play("depot", step("server_chain", **{"server_chain_" + name: value for name, value in given.items()}))


@pytest.mark.reliability(
    "the rollback fails too",
    "the change is not wanted any more",
    playbooks=["server_chain"],
    afterwards="the file is as before, the reload that failed is named, and the next run finishes; a restore afterwards has the old chain served",
)
def test_a_reload_that_fails_in_the_rollback_too_is_named_and_a_chain_is_restored_later(incomplete):
    (incomplete["depot"] / "refused").touch()
    failed = incomplete.playbook([appending(incomplete)])
    (incomplete["depot"] / "refused").unlink()
    assert (
        failed.returncode != 0
        and "The files on depot are as before the run, but the services may still use the new ones (Reload: the reload of web" in failed.stdout
    )
    assert incomplete.is_restored() and incomplete.journals("depot") == ["restored"], failed.stdout
    repaired = incomplete.playbook([appending(incomplete)])
    shake = {"host": NAME, "port": incomplete.port, "address": "127.0.0.1", "trusted_content": ROOT.pem, "expect": "any"}
    assert repaired.returncode == 0 and run_in_process("tls_handshake", shake)["verified"], repaired.stdout
    (run,) = incomplete.runs("depot")
    restored = incomplete.restore(run=run)
    assert restored.returncode == 0 and incomplete.is_restored() and len(run_in_process("tls_handshake", shake)["presented"]) == 1, restored.stdout
