# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One error with a message and advice; several of them become one that reports all."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, SeveralErrors, attempt, raise_all

ONE, TWO = RemediationError("path: is empty.", "Give a path."), RemediationError("name: is empty", "Give a name.")


def test_an_error_is_its_message_and_its_advice():
    assert str(ONE) == "path: is empty. Give a path." and str(TWO) == "name: is empty. Give a name."
    assert str(RemediationError("the appliance answers: (Invalid CSR key.)", "Request again.")) == "the appliance answers: (Invalid CSR key.) Request again."
    assert str(RemediationError("path: is empty", "")) == "path: is empty"


def test_no_error_is_no_error():
    raise_all([])


def test_a_single_error_is_raised_as_it_is():
    with pytest.raises(RemediationError) as caught:
        raise_all([ONE])
    assert caught.value is ONE


def test_several_errors_are_reported_as_one():
    with pytest.raises(RemediationError) as caught:
        raise_all([ONE, TWO])
    assert caught.value.message == "2 things are wrong: (1) path: is empty. Give a path. (2) name: is empty. Give a name."
    assert caught.value.advice == "Nothing was changed."


def test_several_errors_among_others_are_numbered_with_them():
    with pytest.raises(SeveralErrors) as caught:
        raise_all([ONE, SeveralErrors([TWO, ONE])])
    assert caught.value.errors == (ONE, TWO, ONE) and caught.value.message.startswith("3 things are wrong: (1) path")


def test_an_attempt_returns_the_value_or_keeps_the_error():
    def fail():
        raise TWO

    errors = []
    assert attempt(errors, lambda: 7) == 7 and errors == []
    assert attempt(errors, fail) is None and errors == [TWO]


def test_an_attempt_keeps_no_error_that_is_not_ours():
    errors = []
    with pytest.raises(ZeroDivisionError):
        attempt(errors, lambda: 1 // 0)
    assert errors == []


def test_a_line_of_an_error_is_one_that_we_wrote():
    error = RemediationError("the server says: no\n  VERIFIED\x1b[2K", "try\u2028again", ["  copy: this", "a\nb"])
    assert str(error) == "the server says: no\\u{A}  VERIFIED\\u{1B}[2K. try\\u{2028}again\n  copy: this\na\\u{A}b"
