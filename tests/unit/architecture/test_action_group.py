# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``module_defaults: {group/certmend.tls.tls: …}`` reaches every module, and every module's page says so."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.doc_fragments.attributes import ModuleDocFragment
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.source import MODULES, ROOT

RUNTIME = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
GROUPS = RUNTIME["action_groups"]
STATED = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["attributes"]["action_group"]


def test_the_group_has_all_modules_and_nothing_else():
    assert {"tls": sorted(module.stem for module in MODULES)} == GROUPS


def test_the_pages_of_the_modules_name_the_group():
    assert STATED["support"] == "full" and STATED["membership"] == ["certmend.tls.%s" % group for group in GROUPS]


@pytest.mark.parametrize("kind", sorted(RUNTIME["plugin_routing"]))
def test_every_redirect_leads_to_a_plugin_of_the_group(kind):
    targets = [route["redirect"] for route in RUNTIME["plugin_routing"][kind].values()]
    assert kind == "modules" and set(targets) <= {"certmend.tls." + name for name in GROUPS["tls"]}


def test_a_default_of_the_group_reaches_a_module_by_either_of_its_names(tmp_path):
    tasks = [{"certmend.tls.%s" % name: {}, "ignore_errors": True} for name in ("lookup_ssl_trust", "lookup_sslTrust")]
    play = {"hosts": "all", "gather_facts": False, "module_defaults": {"group/certmend.tls.tls": {"hostname": "two words"}}, "tasks": tasks}
    [case] = Cases(tmp_path, {"here": {}}).run([play]).values()
    assert [record["msg"].count("two words") for record in case.records] == [1, 1]
