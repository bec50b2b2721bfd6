# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that end a process are raised once, and can be held back; everything is as before afterwards."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import SIGNALS, Interrupted, held_signals, raised_signals


@pytest.fixture(params=SIGNALS)
def name(request):
    """A signal, with a handler that the tests can set apart from ours."""
    number = getattr(signal, request.param)
    before = signal.signal(number, lambda _number, _frame: None)
    yield request.param
    signal.signal(number, before)


def send(name):
    os.kill(os.getpid(), getattr(signal, name))


def test_a_signal_is_raised_and_those_that_follow_are_ignored(name):
    with raised_signals():
        with pytest.raises(Interrupted, match="interrupted by %s" % name):
            send(name)
        send(name)


def test_the_handlers_are_as_before_afterwards(name):
    before = signal.getsignal(getattr(signal, name))
    with raised_signals():
        assert signal.getsignal(getattr(signal, name)) is not before
    assert signal.getsignal(getattr(signal, name)) is before
    with pytest.raises(Interrupted), raised_signals():
        send(name)
    assert signal.getsignal(getattr(signal, name)) is before


def test_a_signal_that_is_ignored_stays_ignored(name):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
    with raised_signals():
        send(name)
        assert signal.getsignal(getattr(signal, name)) is signal.SIG_IGN


def test_a_signal_that_is_held_back_arrives_afterwards(name):
    reached = []
    with raised_signals():
        with pytest.raises(Interrupted), held_signals():
            send(name)
            reached.append("the end of the block")
        assert reached


def test_another_thread_has_no_signals():
    outcome = []

    def work():
        with raised_signals():
            outcome.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcome == ["done"]
