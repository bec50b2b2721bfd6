# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath queries."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.query import parse_query, select

RESULT = {"results": [{"source": "a", "verdict": "ok"}, {"source": "b", "verdict": "error"}]}


def test_a_query_selects_values():
    assert select(parse_query("results[?verdict=='error'].source"), RESULT) == ["b"]


def test_a_malformed_query_is_refused_before_anything_is_read():
    with pytest.raises(RemediationError, match="query: ") as raised:
        parse_query("results[")
    assert "\n" not in raised.value.message


def test_a_query_that_cannot_be_evaluated_names_the_option():
    with pytest.raises(RemediationError, match="query: .*abs"):
        select(parse_query("abs(results)"), RESULT)


def test_without_jmespath_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(RemediationError, match="query: the Python library jmespath is missing") as raised:
        parse_query("results")
    assert raised.value.advice == "Install jmespath on the controller."
