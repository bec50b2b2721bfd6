# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has no timeout of its own is not waited for beyond a deadline."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.background import results_within
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.run import run_script


def test_results_and_exceptions_are_returned_by_item():
    found = results_within(PATIENCE, lambda item: 6 // item, [1, 2, 0, 3], workers=2)
    assert (found[1], found[2], found[3]) == (6, 3, 2) and isinstance(found[0], ZeroDivisionError)
    assert results_within(PATIENCE, str, []) == {}


def test_neither_the_caller_nor_the_end_of_the_process_waits_for_a_straggler():
    script = "import threading\nfrom %sappliance.net.background import results_within\n" % "ansible_collections.certmend.tls.plugins.module_utils."
    script += "print(results_within(0.05, lambda item: threading.Event().wait(), ['slow', 'slower'], 2))"
    assert run_script(script).strip() == "{}"
