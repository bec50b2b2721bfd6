# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task has asked for is kept for the task, and for no other."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.plugin_utils.given_variables import Kept


class Asked:
    """Counts how often the values are made."""

    def __init__(self):
        self.kept, self.count = Kept(), 0

    def values(self, variables, asked="audit"):
        return self.kept.values(variables, asked, self.make)

    def make(self):
        self.count += 1
        return {"count": self.count}


def test_a_task_asks_once():
    asked, task = Asked(), {"fqdn": "www"}
    assert asked.values(task) is asked.values(task) and asked.count == 1


def test_another_host_or_description_is_asked_for_besides():
    asked, task = Asked(), {"fqdn": "www"}
    assert asked.values(task, ("audit", "www")) != asked.values(task, ("audit", "lb"))
    assert asked.values(task, ("audit", "www")) == {"count": 1}


def test_another_task_asks_anew_even_if_its_variables_are_the_same():
    asked = Asked()
    assert asked.values({"fqdn": "www"}) != asked.values({"fqdn": "www"})


def test_each_item_of_a_loop_asks_anew():
    asked, task = Asked(), {"ansible_loop_var": "server", "server": "www"}
    asked.values(task)
    task["server"] = "lb"
    assert asked.values(task) == {"count": 2}
    plain = {"item": "www"}
    asked.values(plain)
    plain["item"] = "lb"
    assert asked.values(plain) == {"count": 4}
