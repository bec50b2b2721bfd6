# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup in a real playbook: what Ansible evaluates, and of which host."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.rendered import UNDEFINED, render

VALUES = "lookup('certmend.tls.variables', 'audit')"
OF_OTHER = "lookup('certmend.tls.variables', 'audit', host='other')"
HOSTS = ["lookup('certmend.tls.variables', 'host'%s).ansible_host" % which for which in ("", ", host='case'", ", host='other'")]
PROBLEMS = "query('certmend.tls.variables', 'audit', problems=true, hosts=['case', 'other'])"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The expressions, on host ``case``."""
    folder = tmp_path_factory.mktemp("variables")
    case = {"port_of_ours": "8443", "audit_port": "{{ port_of_ours }}", "audit_profiles": "generic, vcf_installer", "audit_trusted": "roots.pem"}
    other = {"ansible_host": "10.77.0.9", "audit_port": "none", "audit_fqdn": "{{ missing }}", "audit_prot": 1, "audit_questions": ""}
    inventory = {"cases": {"hosts": {"case": case}}, "others": {"hosts": {"other": other}}}
    return folder, render(folder, "endpoint", inventory, [VALUES, OF_OTHER, PROBLEMS, *HOSTS])["case"]


def test_expressions_are_evaluated_and_texts_converted(rendered):
    folder, found = rendered
    assert (found[VALUES]["audit_port"], found[VALUES]["audit_profiles"]) == (8443, ["generic", "vcf_installer"])
    assert found[VALUES]["audit_trusted_path"] == [str(folder / "roots.pem")]


def test_the_values_of_another_host_are_refused_with_everything_that_is_wrong(rendered):
    assert "audit_port: 'none' is not a whole number" in rendered[1][OF_OTHER]["failed"]


def test_the_problems_of_all_hosts_name_those_that_have_them(rendered):
    problems = rendered[1][PROBLEMS]
    assert [problem.partition(":")[0] for problem in problems] == ["audit_fqdn", "audit_port", "audit_prot"]
    assert all(problem.endswith("(other)") for problem in problems)


def test_the_address_of_a_host_is_what_the_inventory_says_and_not_where_the_task_connects_to(rendered):
    """Ansible adds ansible_host to the variables of a task; of a delegated task it is the other host's."""
    assert [rendered[1][name] for name in HOSTS] == [UNDEFINED, UNDEFINED, "10.77.0.9"]
