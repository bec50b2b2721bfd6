# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a process has ended is known of those that can be seen, and of no others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import has_ended, identity_of


def test_a_process_has_ended_when_it_has():
    assert not has_ended(identity_of(os.getpid()))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = identity_of(process.pid)
        assert not has_ended(identity)
        process.communicate(b"\n")
    assert has_ended(identity)


def test_another_process_with_the_same_number_is_another_process():
    namespace, number, start = identity_of(os.getpid()).split("-")
    assert has_ended("%s-%s-%d" % (namespace, number, int(start) + 1))


def test_a_number_that_no_process_can_have_is_of_none():
    """A hostile file beside a target has such a name; it must not end the run."""
    assert has_ended("%s-%d-1" % (identity_of(os.getpid()).split("-")[0], 10**30))


@pytest.mark.parametrize("identity", ["1-999999-1", "nonsense", "", "1-2"])
def test_a_process_that_cannot_be_seen_may_be_running(identity):
    assert not has_ended(identity)
