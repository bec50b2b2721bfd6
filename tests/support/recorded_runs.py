# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs over a depot and an installer with a record."""

from __future__ import annotations

import json
import os

from ansible_collections.certmend.tls.tests.support.depot_and_installer import NAME

#: what an operator gives
GIVEN = {"evidence_path": "evidence", "evidence_ticket": "CHG-1", "evidence_operator": "ops"}
WINDOW = {"open": True, "reason": "It is open."}


def evidence(part, **variables):
    """A play of the controller that includes a part of the role."""
    role = {"ansible.builtin.include_role": {"name": "certmend.tls.evidence", "tasks_from": part + ".yml"}, "vars": variables}
    return {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [role]}


def audit(estate):
    """A play that inspects the depot, as the playbook audit does."""
    target = {"host": NAME, "port": estate.port, "address": "127.0.0.1"}
    inspect = {"certmend.tls.cert_inspect": {"endpoints": [target]}, "register": "inspected"}
    result = {"ansible.builtin.set_fact": {"audit_result": "{{ [inspected] | certmend.tls.joined_reports }}"}}
    return {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [inspect, result]}


def plays(estate, *changes):
    """An audit, the changes of hosts, and an audit again, with a record of all of it."""
    plan = [{"host": "depot", "codes": ["NAME-CN-IS-IP"], "role": "fqdn_certificate", "order": 1, "endpoints": ["%s:%d" % (NAME, estate.port)]}]
    start = [audit(estate), evidence("begin", evidence_before="{{ audit_result }}", evidence_plan=plan, evidence_window=WINDOW)]
    return start + list(changes) + [audit(estate), evidence("end", evidence_after="{{ audit_result }}")]


def changes(estate):
    finish = {"ansible.builtin.include_role": {"name": "certmend.tls.remediation", "tasks_from": "finish.yml"}}
    tasks = {"depot": estate.certificate(), "installer": estate.mapping()}
    return [{"hosts": host, "gather_facts": False, "tasks": [task]} for host, task in {**tasks, "all": finish}.items()]


def killed_in_the_reload(estate):
    """A run of these plays whose controller is killed while the depot's server reloads."""
    pipe = estate["depot"] / "hangs"
    os.mkfifo(pipe)
    with estate.start(estate.write("play", plays(estate, *changes(estate))), **GIVEN) as process:
        assert pipe.read_text(encoding="ascii") == "reloading\n"
        estate.kill()
        process.communicate()
    pipe.unlink()


def folder_of(estate):
    (folder,) = (estate.controller / "evidence").iterdir()
    return folder


def attempts(estate, **more):
    """The plays that take a step on each host, as the playbooks do; the depot is the second."""
    included = {"name": "certmend.tls.remediation", "tasks_from": "attempt.yml"}
    steps = {"installer": estate.mapping(), "depot": estate.certificate()}
    tasks = {
        host: {"ansible.builtin.include_role": included, "vars": {"remediation_step": estate.write("step", [step]), **more}} for host, step in steps.items()
    }
    return [{"hosts": host, "gather_facts": False, "ignore_unreachable": True, "tasks": [task]} for host, task in tasks.items()]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))
