# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A single entry or a list of them, each with its state."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.entries import HostsEntry
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State

PARAMS = dict(
    address=None, names=None, comment=None, state="present", entries=None, exclusive=True, path="/etc/hosts", check_resolution=True, backup=True, journal=None
)


def test_the_short_form_is_one_entry():
    options = Options.from_params(dict(PARAMS, address="10.0.0.1", names=["A"], comment="why"))
    assert options.entries == (HostsEntry("10.0.0.1", ("a",), "why"),)
    assert (options.exclusive, options.path, options.check_resolution, options.backup) == (True, "/etc/hosts", True, True)


def test_entries_have_their_own_state_or_that_of_the_task():
    listed = [dict(address="10.0.0.1", names=["a"], comment=None, state=None), dict(address="10.0.0.2", names=["b"], comment=None, state="present")]
    options = Options.from_params(dict(PARAMS, state="absent", entries=listed))
    assert [entry.state for entry in options.entries] == [State.ABSENT, State.PRESENT]
