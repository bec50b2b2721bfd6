# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook remediate as a job of AWX: by ansible-playbook, by ansible-runner, by ansible-runner on an execution node, and in slices.

Each run carries out the same approved plan, and begins with the same certificates in the same files. The first three leave the same record, and the slices
together do so too.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import json

import pytest

from ansible_collections.certmend.tls.plugins.lookup.evidence import LookupModule
from ansible_collections.certmend.tls.tests.support.awx.jobs import ARTIFACTS, Job
from ansible_collections.certmend.tls.tests.support.clone import LINK, program_of
from ansible_collections.certmend.tls.tests.support.evidence import problems
from ansible_collections.certmend.tls.tests.support.records import comparable, comparable_host, folder_of, read
from ansible_collections.certmend.tls.tests.support.web_estate import HOSTS, WebEstate

#: how each job is run
WAYS = {"playbook": "by_playbook", "runner": "by_runner", "node": "on_a_node"}
#: the hosts of each slice, and how it is run
SLICES = {("cut", "elsewhere"): "by_runner", ("also", "good"): "on_a_node"}


#: differences that two runs of the same job may not have
DIFFERENCES = {
    "a run has no end": lambda record: record["runs"][0].update(ended=None),
    "a host is in another phase": lambda record: record["hosts"][0].update(phase="changed"),
    "a host has one event less": lambda record: record["hosts"][0]["events"].pop(),
    "a step changed another file": lambda record: record["hosts"][0]["steps"][0]["files"][0].update(path="/etc/hosts"),
    "a step has no start": lambda record: record["hosts"][0]["steps"][0].update(started=None),
    "a server presents another certificate": lambda record: record["endpoints"][-1]["after"]["certificates"][0].update(serial_number="1"),
    "another host is restored": lambda record: record["restore"][0].update(command=record["restore"][0]["command"].replace("also", "good")),
    "another run is restored": lambda record: record["restore"][0].update(command=record["restore"][0]["command"].replace("restore_run=", "restore_run=1")),
    "there is one more inventory": lambda record: record["inventory"].append("more.yml"),
}


class Jobs:
    """The jobs on the same hosts, each of which finds them as they were at first. A job is run for the first test that asks for it."""

    def __init__(self, folder, servers):
        self.folder, self.shared, self.estate = folder, folder / "shared", WebEstate(folder / "estate", servers)
        outside = self.estate.serve("outside", "127.0.0.6", False)
        self.given = {"remediate_hosts": "all", "audit_endpoints": ["127.0.0.6:%d" % outside], "evidence_ticket": "CHG-7"}
        self.given["remediate_plan_path"] = str(self.shared / "plan.yml")
        self.shared.mkdir()
        self.estate.keep()
        self.before, self.after, self.jobs = self.certificates(), {}, {}
        self.job("plan", self.estate.inventory, "", remediate_approved="false").by_playbook()

    def certificates(self):
        """What each server presents."""
        return {path.parent.name: path.read_text(encoding="ascii") for path in self.estate.hosts.glob("[a-z]*/web.pem")}

    def job(self, name, inventory, records, **more):
        """A job that is not run yet."""
        number = 7 + len(list(self.folder.glob("job-*")))
        return Job(self.folder / ("job-" + name), number, inventory, {**self.given, "evidence_path": str(records), **more})

    def run(self, name, ways):
        """Run a job, or its slices at the same time; and make the hosts as they were."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda way: way(), ways))
        self.after[name] = self.certificates()
        self.estate.reset()

    def whole(self, name):
        """A job with all hosts, in one of the ways."""
        if name not in self.jobs:
            self.jobs[name] = self.job(name, self.estate.inventory, self.shared / name if name == "playbook" else ARTIFACTS + "/records")
            self.run(name, [getattr(self.jobs[name], WAYS[name])])
        return self.jobs[name]

    def records(self, name):
        """The folder of the only run of such a job."""
        job = self.whole(name)
        return folder_of(self.shared / name if name == "playbook" else job.artifacts / "records")

    @functools.cached_property
    def slices(self):
        """The same job in slices."""
        slices = [self.job("-".join(hosts), self.estate.part_with(*hosts), self.shared / "slices") for hosts in SLICES]
        self.run("slices", [getattr(job, way) for job, way in zip(slices, SLICES.values())])
        return slices

    def result(self, name):
        """What each server presents after a job, and what the job said."""
        jobs = self.slices if name == "slices" else [self.whole(name)]
        return self.after[name], "\n".join(job.said for job in jobs)

    def joined(self):
        """The record of the slices."""
        assert self.slices
        (record,) = LookupModule().run([str(folder) for folder in (self.shared / "slices").iterdir()], {})
        return record


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    program_of("ansible-runner")  # without it, all of these tests are skipped
    with contextlib.ExitStack() as servers:
        yield Jobs(tmp_path_factory.mktemp("jobs") / "all", servers)


@pytest.mark.parametrize("name", [*WAYS, "slices"])
def test_the_plan_is_carried_out(jobs, name):
    after, said = jobs.result(name)
    assert {host for host in jobs.before if after[host] != jobs.before[host]} == {"cut", "also"}, said
    assert after == jobs.result("playbook")[0]


@pytest.mark.parametrize("name", ["runner", "node"])
def test_a_job_of_ansible_runner_leaves_the_record_that_ansible_playbook_leaves(jobs, name):
    record, expected = (read(jobs.records(each) / "record.json") for each in (name, "playbook"))
    assert problems(record) == [] and record["runs"][0]["id"] != expected["runs"][0]["id"]
    assert comparable(record) == comparable(expected)
    assert [run["job"] for run in record["runs"]] == [jobs.whole(name).number] and record["operator"] == "ops"


@pytest.mark.parametrize("change", DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_two_runs_may_not_differ_in_is_noticed(jobs, change):
    record, changed = (read(jobs.records("playbook") / "record.json") for _time in range(2))
    change(changed)
    assert comparable(record) != comparable(changed)


@pytest.mark.parametrize("name", ["runner", "node"])
def test_the_files_of_the_hosts_are_the_same_too(jobs, name):
    files, expected = ({path.name: comparable_host(read(path)) for path in (jobs.records(each) / "hosts").iterdir()} for each in (name, "playbook"))
    assert files == expected and set(files) == {"also.json", "cut.json"}


@pytest.mark.parametrize("name", ["runner", "node"])
def test_the_record_comes_with_the_artifacts_of_the_job(jobs, name):
    job = jobs.whole(name)
    assert (job.artifacts / "status").read_text(encoding="ascii") == "successful", job.said
    assert {path.name for path in jobs.records(name).iterdir()} == {"hosts", "junit.xml", "record.json", "report.html"}
    assert {path.stat().st_mode & 0o777 for path in jobs.records(name).glob("*.*")} == {0o640}


def test_nothing_of_the_job_stays_on_the_execution_node(jobs):
    assert not any(job.node.exists() for job in (jobs.whole("node"), *jobs.slices))


def test_an_execution_node_gets_the_link_of_the_project_and_keeps_no_file_of_a_relative_path(tmp_path):
    job = Job(tmp_path / "job", 5, {"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}}, {"shared": str(tmp_path / "shared.txt")})
    job.playbook, link = "playbooks/show.yml", {"path": "{{ playbook_dir }}/%s" % LINK.partition("/")[2]}
    paths = ["relative.txt", "{{ shared }}", ARTIFACTS + "/kept.txt"]
    tasks = [{"ansible.builtin.stat": link, "register": "found"}, {"ansible.builtin.debug": {"msg": "the link leads to {{ found.stat.lnk_target }}"}}]
    tasks.append({"ansible.builtin.copy": {"content": "a record", "dest": "{{ item }}"}, "loop": paths})
    (job.project / job.playbook).write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    job.on_a_node()
    assert "the link leads to ../../../.." in job.said and "failed=0" in job.said, job.said
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.txt") if path.read_text(encoding="utf-8") == "a record"} == {
        "shared.txt",
        "job/private/artifacts/5/kept.txt",
    }


def test_each_slice_leaves_a_folder_of_its_own(jobs):
    _after, said = jobs.result("slices")
    found = {tuple(sorted(each["host"] for each in read(folder / "record.json")["endpoints"] if each["host"])) for folder in (jobs.shared / "slices").iterdir()}
    assert found == {tuple(sorted(hosts)) for hosts in SLICES}, said


def test_the_slices_together_have_each_host_endpoint_and_step_once(jobs):
    joined = jobs.joined()
    assert problems(joined) == []
    assert [host["host"] for host in joined["hosts"]] == ["also", "cut"]
    assert [each["source"].partition(":")[0] for each in joined["endpoints"]] == ["127.0.0.6", *("%s.corp.example" % name for name in sorted(HOSTS))]
    steps = sorted((item["host"].partition(":")[0], item["role"], *item["codes"]) for item in joined["plan"])
    incomplete = {"127.0.0.6": "", "also": "server_chain", "cut": "server_chain", "elsewhere": ""}
    expected = [(host, role, "CHAIN-INCOMPLETE") for host, role in incomplete.items()]
    assert steps == sorted([*expected, ("127.0.0.6", "", "NAME-MISMATCH")]), "the endpoint that no slice has in its inventory is audited by each of them"
    assert sorted(run["job"] for run in joined["runs"]) == sorted(job.number for job in jobs.slices)


def test_the_slices_together_are_the_record_of_the_whole_job(jobs):
    joined, whole = comparable(jobs.joined()), comparable(read(jobs.records("playbook") / "record.json"))
    apart = ("inventory", "plan", "restore", "runs")
    assert {name: value for name, value in joined.items() if name not in apart} == {name: value for name, value in whole.items() if name not in apart}
    steps = [sorted(json.dumps(dict(item, order=0)) for item in record["plan"]) for record in (joined, whole)]
    assert steps[0] == steps[1], "the order of a step is that of its slice"


def test_each_run_of_the_slices_is_restored_with_an_inventory_that_has_its_hosts(jobs):
    joined = jobs.joined()
    inventories = {str(job.private / "inventory") if way == "by_runner" else str(job.node / "inventory") for job, way in zip(jobs.slices, SLICES.values())}
    assert set(joined["inventory"]) == inventories
    assert {tuple(item["hosts"]): all("-i %s " % source in item["command"] for source in inventories) for item in joined["restore"]} == {
        ("also",): True,
        ("cut",): True,
    }
