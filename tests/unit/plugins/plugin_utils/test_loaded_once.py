# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-playbook has loaded after a task of the module journal, the tasks after it do not load again."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.plugin_utils.loaded_once import FILTERS, LOOKUPS
from ansible_collections.certmend.tls.tests.support.run import TREE, run_script
from ansible_collections.certmend.tls.tests.support.source import ROOT

#: as ansible-playbook does: the class of the action plugin in its own process, a lookup or a filter in that of a task
SCRIPT = """
import json, sys
from ansible.plugins.loader import action_loader, filter_loader, init_plugin_loader, lookup_loader

init_plugin_loader([sys.argv[1]])
assert action_loader.get("certmend.tls.journal", class_only=True)
before = set(sys.modules)
for name in json.loads(sys.argv[2]):
    kind, plugin = name.split(".")[-2:]
    assert (lookup_loader if kind == "lookup" else filter_loader).get("certmend.tls." + plugin)
print(json.dumps(sorted(name for name in set(sys.modules) - before if name.startswith("ansible_collections.certmend"))))
"""


def name_of(module):
    return module.__name__.split(".")[-1]


def test_a_task_inherits_the_lookups_and_filters_with_all_that_they_import():
    names = [module.__name__ for module in FILTERS + LOOKUPS]
    assert json.loads(run_script(SCRIPT, str(TREE), json.dumps(names))) == []


@pytest.mark.parametrize("folder, loaded", [("filter", FILTERS), ("lookup", LOOKUPS)])
def test_all_of_them_are_loaded(folder, loaded):
    assert sorted(map(name_of, loaded)) == sorted(path.stem for path in (ROOT / "plugins" / folder).glob("[a-z]*.py"))
