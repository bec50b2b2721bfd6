# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_pin whose store does not exist: a first use that was asked for, or a store that was lost."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, Store, pin


@pytest.fixture
def store(tmp_path, run_module):
    return Store(tmp_path, run_module)


@pytest.mark.parametrize("check", [True, False])
def test_a_new_store_is_made_only_if_that_was_asked_for(check, store):
    result = store.run(OLD, state="pinned", create=False, check=check)
    assert result["failed"] and "pins_path: %s does not exist, and create is false" % store.path in result["msg"]
    assert not store.path.exists() and not store.log.exists()
    assert store.pinned(OLD)["changed"] and not store.pinned(OLD, create=False)["changed"]


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("check", [True, False])
def test_a_store_that_was_lost_is_no_first_use(create, check, store):
    store.pinned(OLD)
    store.path.unlink()
    log = store.log.read_bytes()
    result = store.run(NEW, state="pinned", create=create, check=check)
    assert result["failed"] and "the audit log %s has changes of it, so the store was lost" % store.log in result["msg"] and "state=restored" in result["msg"]
    assert not store.path.exists() and store.log.read_bytes() == log


def test_a_lost_store_is_restored_from_a_backup(store):
    store.pinned(OLD)
    backup = store.path.with_name("backup")
    store.path.rename(backup)
    assert store.run(state="restored", backup_path=str(backup), create=False)["changed"]
    assert store.known() == {HOST + ":443": [pin(OLD)]} and store.run(NEW, state="pinned")["failed"]


def test_a_log_whose_changes_were_never_stored_or_are_of_another_store_loses_nothing(store, tmp_path, run_module):
    store.pinned(OLD)
    other = Store(tmp_path, run_module)
    other.path = tmp_path / "others"
    assert other.pinned(NEW)["changed"]

    store.path.unlink()
    first = store.log.read_text(encoding="ascii").splitlines()[0]
    with store.log.open("a", encoding="ascii") as log:
        log.write(first.replace('"pinned"', '"not_stored"') + "\n")
    assert store.pinned(NEW)["changed"]
