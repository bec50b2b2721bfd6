# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is done by a path: a second user who can write to a folder wins no race against root."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.second_user import EVE, ROUNDS, a_place, as_eve, eve_at_each_call, eve_repeats, needs_root, paused

pytestmark = needs_root


@pytest.fixture
def place():
    with a_place() as place:
        yield place


def write_new(place):
    """A new file that the second user shall have."""
    for path in place.eves.glob("new*"):
        path.unlink()
    Transaction([Replacement(str(place.eves / "new"), b"new", "path", mode="0666", owner=str(EVE))], backup=False).commit()


def replace_with_backup(place):
    """A file of the second user that is replaced, backed up, and rolled back."""
    path = place.eves / "served"
    with contextlib.suppress(OSError), as_eve():
        path.write_bytes(b"of eve")
        path.chmod(0o666)
    Transaction([Replacement(str(path), b"new", "path")], backup=True).commit()()


def restore(place):
    """What a journal does: the old content and metadata are written again."""
    path = place.eves / "restored"
    with as_eve():
        path.write_bytes(b"of eve")
        path.chmod(0o666)
    snapshot = Snapshot.of_existing(str(path), "path")
    with as_eve():
        path.write_bytes(b"new")
    snapshot.restore()


def in_a_folder(place):
    """A file in a folder of the second user's folder."""
    inner = place.eves / "inner"
    with contextlib.suppress(OSError), as_eve():
        inner.mkdir()
    Transaction([Replacement(str(inner / "victim"), b"new", "path", mode="0666", owner=str(EVE))], backup=True).commit()


#: what root does, and what the second user does meanwhile
RACES = {
    "a temporary file of a new file": (write_new, lambda place: place.swap_temporaries()),
    "a temporary file of a backup": (replace_with_backup, lambda place: place.swap_temporaries()),
    "a temporary file of a restored file": (restore, lambda place: place.swap_temporaries()),
    "the file that is read and replaced": (replace_with_backup, lambda place: place.swap("served")),
    "the file that is restored": (restore, lambda place: place.swap("restored")),
    "a folder on the way": (in_a_folder, lambda place: place.swap_folder("inner")),
}


@pytest.mark.parametrize("race", RACES)
def test_a_second_user_wins_none_of_many_races(place, race):
    root, eve = RACES[race]
    wins = 0
    with eve_repeats(lambda: eve(place)) as child:
        for _round in range(ROUNDS):
            with contextlib.suppress(RemediationError, OSError):
                root(place)
            with paused(child):
                wins += place.won()
    assert wins == 0


@pytest.mark.parametrize("race", RACES)
def test_a_second_user_who_acts_before_every_call_wins_nothing(place, race):
    """No luck is needed here, so that a single step by a path is found."""
    root, eve = RACES[race]
    eve_at_each_call(lambda: eve(place), lambda: root(place))
    assert not place.won()
