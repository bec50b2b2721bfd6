# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is wrong is reported as one error."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, SeveralErrors, attempt, raise_all

HOST = RemediationError("hostname: is missing", "Give the host name.")
PATH = RemediationError("path: cannot be read", "Check the path.")
PORT = RemediationError("port: 0 is not a port", "Give a port.")


def test_no_error_raises_nothing():
    raise_all([])


def test_a_single_error_is_raised_as_it_is():
    with pytest.raises(RemediationError) as caught:
        raise_all([HOST])
    assert caught.value is HOST


def test_several_errors_are_numbered_in_one_message():
    with pytest.raises(RemediationError) as caught:
        raise_all([HOST, PATH])
    assert caught.value.message == "2 things are wrong: (1) hostname: is missing. Give the host name. (2) path: cannot be read. Check the path."
    assert caught.value.advice == "Nothing was changed."


def test_several_errors_among_others_are_numbered_with_them():
    with pytest.raises(SeveralErrors) as caught:
        raise_all([HOST, SeveralErrors([PATH, PORT])])
    assert caught.value.errors == (HOST, PATH, PORT) and caught.value.message.startswith("3 things are wrong: (1) hostname")


def test_a_failed_attempt_keeps_its_error():
    def fail():
        raise PATH

    errors = []
    assert attempt(errors, fail) is None and attempt(errors, lambda: 5) == 5 and errors == [PATH]
