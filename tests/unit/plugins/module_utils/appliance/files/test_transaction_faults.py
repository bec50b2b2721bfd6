# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A transaction that ends in an exception at any call: all files are as before."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.faults import Fault


@pytest.fixture
def paths(tmp_path):
    """Two files, and one that does not exist."""
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"old")
    return [tmp_path / name for name in ("one", "two", "three")]


def transaction_of(paths):
    return Transaction([Replacement(str(path), b"new", "path") for path in paths[1:]], backup=False)


def contents(paths):
    return [path.read_bytes() if path.exists() else None for path in paths]


@pytest.mark.parametrize("error", [RecursionError("deep"), MemoryError(), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_an_exception_at_any_call_leaves_all_files_as_they_were(error, paths, tmp_path):
    counter, transaction = Fault(), transaction_of(paths)
    counter.run(transaction.commit, [str(paths[0])])
    transaction.roll_back()
    assert counter.calls > 20
    for number in range(1, counter.calls + 1):
        transaction = transaction_of(paths)
        with pytest.raises(type(error)):
            Fault(number, error).run(transaction.commit, [str(paths[0])])
        transaction.settle()
        assert contents(paths) == [b"old", b"old", None], number


def test_a_file_that_cannot_be_restored_does_not_keep_the_others_from_it(paths):
    transaction = transaction_of(paths)
    transaction.commit([str(paths[0])])
    paths[1].unlink()
    paths[1].mkdir()
    with pytest.raises(RemediationError, match="NOT rolled back: %s" % paths[1]):
        transaction.roll_back()
    assert paths[0].read_bytes() == b"old" and not paths[2].exists()
