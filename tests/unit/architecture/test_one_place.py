# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done in one place, so that it is done alike everywhere: contexts of TLS, and the start of programs."""

from __future__ import annotations

import ast

import pytest

from ansible_collections.certmend.tls.tests.support.source import PLUGINS, code_of, imports_of, name_of

ALL = sorted(PLUGINS.rglob("*.py"))
#: what makes a context, or hides one
MAKERS = {"SSLContext", "create_default_context", "_create_unverified_context", "HTTPSConnection", "HTTPSHandler", "urlopen", "open_url", "fetch_url"}


def contexts_in(path):
    """The calls in a file that make a context for TLS."""
    calls = (node.func for node in ast.walk(code_of(path)) if isinstance(node, ast.Call))
    return {getattr(called, "attr", getattr(called, "id", "")) for called in calls} & MAKERS


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_one_file_makes_the_contexts_of_tls(path):
    """Another one would be as strict as the release of Python is: docs/adr/0016-one-strictness.md."""
    assert bool(contexts_in(path)) is (name_of(path) == "module_utils/appliance/net/tls_context")


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_one_file_starts_programs(path):
    assert ("subprocess" in imports_of(path)) is (name_of(path) == "module_utils/core/programs")


@pytest.mark.parametrize("line", ["ssl.SSLContext(2)", "from ssl import create_default_context as made; create_default_context()", "open_url('https://…')"])
def test_a_context_of_tls_is_noticed(line, tmp_path):
    (tmp_path / "code.py").write_text(line, encoding="utf-8")
    assert contexts_in(tmp_path / "code.py")
