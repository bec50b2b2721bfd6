# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shared flow: how a role ends whose change cannot be proved, and the last lines of a run."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION, render
from ansible_collections.certmend.tls.tests.support.run import PATH, TREE

STAGES = ("inspect", "change", "check", "reload", "prove", "put_back")
UNDO = [{"name": "Undo", "ansible.builtin.fail": {"msg": "it cannot be undone"}}]


def flow(folder, said="it is not served", **variables):
    """What a role fails with whose proof and rollback fail. Its stages lie beside its tasks, or in the folder that is named."""
    fail = [{"name": "Verify", "ansible.builtin.fail": {"msg": said}}]
    tasks = folder / "roles" / "fix" / "tasks"
    tasks.mkdir(parents=True)
    for stage in STAGES:
        (pathlib.Path(variables.get("remediation_stages", tasks)) / (stage + ".yml")).write_text(
            json.dumps({"prove": fail, "put_back": UNDO}.get(stage, [])), encoding="ascii"
        )
    given = dict(variables, remediation_changed=True)
    (tasks / "main.yml").write_text(json.dumps([{"ansible.builtin.include_role": {"name": "certmend.tls.remediation"}, "vars": given}]), encoding="ascii")
    (folder / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "roles": ["fix"]}]), encoding="ascii")
    environment = dict(os.environ, PYTHONPATH=PATH, ANSIBLE_COLLECTIONS_PATH=str(TREE), ANSIBLE_HOME=str(folder / "home"), ANSIBLE_NOCOLOR="1")
    command = [sys.executable, "-m", "ansible", "playbook", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stdout


def test_a_rollback_that_fails_is_reported_with_where_the_old_files_are(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    said = flow(tmp_path, remediation_stages=str(tmp_path / "elsewhere"))
    assert "Verify: it is not served. The rollback FAILED on localhost (Undo: it cannot be undone). Restore the remaining files from their backups." in said


@pytest.mark.parametrize(
    "said, ended", [("it is not served.", "it is not served."), ("who are you?", "who are you?"), ("nothing was said: ", "nothing was said.")]
)
def test_what_went_wrong_and_the_outcome_are_two_sentences(tmp_path, said, ended):
    assert "Verify: %s Go back to the snapshot." % ended in flow(tmp_path, said, remediation_no_way_back="Go back to the snapshot.")


@pytest.mark.parametrize("way", ["Go back to the snapshot of localhost.", ""])
def test_a_change_that_nothing_can_undo_is_not_rolled_back_but_names_the_way_back(tmp_path, way):
    said = flow(tmp_path, remediation_no_way_back=way)
    assert ("Verify: it is not served. Go back to the snapshot of localhost." in said) is bool(way)
    assert ("rollback FAILED" in said) is not bool(way) and ("it cannot be undone" in said) is not bool(way)


RUN = "ctl.7-42"
JOURNALS = "/var/lib/certmend/journal/"


def journal(name, files, run=RUN, written=1):
    return {"name": name, "path": JOURNALS + name, "run": {"id": run}, "files": files, "written_ns": written, "journal_state": "proved"}


def proof(by, server="depot.corp.example:443", anchor="CN=Corp Root", until="2027-03-01T00:00:00Z"):
    return {"server": server, "by": by, "anchor": anchor, "until": until}


def host(*journals, **more):
    return dict(remediation_listed={"journals": list(journals), "this_run": {"id": RUN}}, **more)


HOSTS = {
    "depot": host(
        journal("fqdn_certificate-nginx", ["/etc/nginx/tls/depot.pem"]),
        journal("hosts_mapping", ["/etc/hosts"], run="another"),
        remediation_ending=[{"verified": [proof("installer"), proof("installer2")]}],
    ),
    "installer": host(
        journal("hosts_mapping", ["/etc/hosts"]),
        journal("trust_anchor", ["/etc/pki/ca.crt", "/etc/java/cacerts"], written=2),
        remediation_ending=[{"verified": [proof("installer (/etc/java/cacerts)"), proof("installer (the system store)")]}],
    ),
    "idle": host(remediation_ending=[{"verified": [proof("idle", server="one:443"), proof("idle", server="two:443", until="2028-01-01T00:00:00Z")]}]),
    "vault": host(
        remediation_ending=[
            {
                "changed": ["pin of vault:443"],
                "backups": ["/srv/pins/.vaults.bak"],
                "undo": "ansible localhost -m x",
                "verified": ["vault:443 presents its pin"],
            },
            {"next": ["re-pin by hand: /srv/pins/repin.txt"]},
        ]
    ),
    "last": host(),
}


def lines_of(template, folder, hosts):
    """The rendered lines of each host that has not said what it renders instead."""
    hosts = {host: {"remediation_failed_hosts": "{{ remediation_failed_now }}", **values} for host, values in hosts.items()}  # as finish.yml sets it
    name = "lookup('ansible.builtin.template', '%s').rstrip('\n').split('\n')" % (COLLECTION / "roles/remediation/templates" / template)
    found = render(folder, "roles/remediation/vars/main.yml", {"cases": {"hosts": hosts}}, [name])
    return {host: values[name] for host, values in found.items() if name in values}


def rendered(folder, more=None):
    return lines_of("ending.j2", folder, {host: dict(values, **(more or {}).get(host, {})) for host, values in HOSTS.items()})


def summary(folder, hosts, lines):
    """What is printed at the end of a run over these hosts, of which each has these lines."""
    others = {host: dict(values, remediation_lines=lines[host], rendered_names=[]) for host, values in hosts.items()}
    one = list(hosts)[-1]
    del others[one]["rendered_names"]
    return tuple(lines_of("summary.j2", folder, others)[one])


@pytest.fixture(scope="module")
def ending(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("ended"))


def test_a_host_says_what_was_changed_where_the_old_files_are_and_who_verified_it(ending):
    assert ending["depot"] == [
        "depot: changed /etc/nginx/tls/depot.pem; old files in /var/lib/certmend/journal/fqdn_certificate-nginx",
        "  VERIFIED depot.corp.example:443 from installer, installer2, anchor CN=Corp Root, until 2027-03-01T00:00:00Z",
    ]
    assert ending["installer"][0].startswith("installer: changed /etc/pki/ca.crt, /etc/java/cacerts, /etc/hosts; old files in ")
    assert (
        ending["installer"][1].count("VERIFIED") == 1 and "from installer (/etc/java/cacerts), installer (the system store), anchor" in ending["installer"][1]
    )


def test_a_host_that_was_right_before_says_so_and_is_verified(ending):
    assert ending["idle"] == [
        "idle: nothing had to be changed",
        "  VERIFIED one:443 from idle, anchor CN=Corp Root, until 2027-03-01T00:00:00Z; two:443 from idle, anchor CN=Corp Root, until 2028-01-01T00:00:00Z",
    ]


def test_a_role_without_files_on_the_host_says_how_to_undo_it_and_what_a_person_must_do(ending):
    assert ending["vault"] == [
        "vault: changed pin of vault:443; old files in /srv/pins/.vaults.bak",
        "  VERIFIED vault:443 presents its pin",
        "  undo: ansible localhost -m x; next: re-pin by hand: /srv/pins/repin.txt",
    ]


def test_a_run_prints_the_lines_of_all_hosts_and_one_command_that_undoes_it(ending, tmp_path):
    *lines, command = summary(tmp_path, HOSTS, ending)
    assert lines == [line for host in HOSTS for line in ending[host]] and len(lines) + 1 <= 15
    assert command.startswith("undo all: ansible-playbook -i /") and command.split()[4].endswith("inventory.yml")
    assert command.endswith("certmend.tls.restore -e restore_run=%s --limit depot,installer" % RUN)


def test_a_run_over_many_hosts_prints_fifteen_lines_and_names_the_file_with_the_rest(tmp_path):
    changed = {"changed%02d" % number: host(journal("hosts_mapping", ["/etc/hosts"])) for number in range(20)}
    idle = {"idle%02d" % number: host() for number in range(200)}
    hosts = {**idle, **changed}
    lines = {name: ["%s: changed /etc/hosts" % name, "  VERIFIED"] if name in changed else [name + ": nothing had to be changed"] for name in hosts}
    printed = summary(tmp_path, hosts, lines)
    assert len(printed) == 14 and printed[:2] == ("changed00: changed /etc/hosts", "  VERIFIED")
    assert printed[10].startswith("15 more hosts with changes: changed05, ") and printed[10].endswith(", changed19")
    assert printed[11].startswith("200 hosts without changes: idle00, ") and printed[11].endswith(" [...]") and len(printed[11]) < 500
    assert printed[12].startswith("all lines: ") and printed[12].endswith("/certmend/runs/%s.txt" % RUN)
    assert printed[13].startswith("undo all: ") and printed[13].endswith(",".join(changed))


def test_a_command_to_copy_is_never_shortened_and_a_long_list_is(tmp_path):
    command, files = "  undo: ansible localhost -m x -a " + "y" * 1000, "vault: changed " + ", ".join(["/srv/file"] * 100)
    printed = summary(tmp_path, {"vault": host()}, {"vault": [files, command]})
    assert printed[1] == command and 380 < len(printed[0]) <= 400 and "[...] (all of it: " in printed[0]


LONG = "x " * 1000
REPORT = """
- hosts: all
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - ansible.builtin.include_role: {name: certmend.tls.remediation, tasks_from: finish.yml}
"""


def finish(folder, hosts):
    """The end of a run on hosts with these variables: its status, what it prints, and the file with all lines."""
    inventory = {"all": {"hosts": hosts}}
    (folder / "inventory.yml").write_text(json.dumps(inventory), encoding="ascii")
    (folder / "play.yml").write_text(REPORT, encoding="ascii")
    environment = dict(os.environ, PYTHONPATH=PATH, ANSIBLE_COLLECTIONS_PATH=str(TREE), ANSIBLE_HOME=str(folder / "home"), ANSIBLE_NOCOLOR="1")
    environment.update(XDG_STATE_HOME=str(folder / "state"), ANSIBLE_CALLBACK_RESULT_FORMAT="yaml")
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventory.yml", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    kept = list((folder / "state").rglob("*.txt"))
    return done.returncode, done.stdout, kept[0].read_text(encoding="utf-8") if kept else None


def test_a_long_error_is_shortened_on_the_screen_and_kept_in_a_file(tmp_path):
    error = {"remediation_error": LONG + "the end. All changes were rolled back"}
    status, printed, kept = finish(tmp_path, {"depot": error, "other": {"remediation_ending": []}})
    assert "All changes were rolled back" in printed
    assert status == 2 and LONG.strip() not in printed and "[...] (all of it: %s/state/certmend/runs/" % tmp_path in printed
    assert error["remediation_error"] in kept and "other: nothing was changed here, because depot failed" in kept
    (folder,) = (tmp_path / "state" / "certmend").iterdir()
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())] == ["0o700", "0o600"]


def test_what_fits_on_a_screen_is_printed_once_and_kept_in_no_file(tmp_path):
    verified = {"remediation_ending": [{"verified": [proof("other")]}]}
    status, printed, kept = finish(tmp_path, {"depot": {"remediation_ending": []}, "other": verified})
    assert status == 0 and kept is None
    assert "\\n" not in printed and printed.count("depot: nothing had to be changed") == printed.count("VERIFIED depot.corp.example:443 from other") == 1


def test_of_a_host_that_cannot_be_reached_nothing_is_said_but_that(tmp_path):
    lost = rendered(
        tmp_path, {"idle": {"remediation_listed": {"unreachable": True, "msg": "timed out"}, "remediation_ending": []}, "last": {"remediation_error": "x"}}
    )
    assert lost["idle"] == ["idle: cannot be reached; if it has changes of this run, its journal is kept, and the next run verifies or restores them"]


def test_no_host_has_more_than_three_lines(ending):
    assert max(map(len, ending.values())) <= 3


def test_after_a_failure_the_other_hosts_say_what_was_rolled_back_and_because_of_whom(tmp_path):
    failed = rendered(tmp_path, {"last": {"remediation_error": "refused"}})
    assert failed["depot"] == ["depot: rolled back /etc/nginx/tls/depot.pem, because last failed"]
    assert failed["vault"][0] == "vault: kept pin of vault:443, because last failed" and "undo: ansible localhost -m x" in failed["vault"][1]
    assert failed["idle"] == ["idle: nothing was changed here, because last failed"]
