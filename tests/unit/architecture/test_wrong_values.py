# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A number out of bounds, or a path that no file can have, ends a task with the name of the option: every such option of every module."""

from __future__ import annotations

import importlib
import re

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.option_values import BOUNDS, problems_in
from ansible_collections.certmend.tls.tests.support.run import MODULES as PACKAGE
from ansible_collections.certmend.tls.tests.support.run import module_process, result_of
from ansible_collections.certmend.tls.tests.support.source import MODULES, ROOT

#: what Ansible itself requires of a module's options
REQUIRED = {
    "cert_chain_build": {"content": "", "dest": "chain.pem"},
    "cert_inspect": {"content": ""},
    "cert_issue": {"provider": "self_signed", "fqdn": "depot.corp.example", "private_key_path": "depot.key", "certificate_path": "depot.pem"},
    "cert_pin": {"pins_path": "pins", "host": "depot.corp.example", "presented": ["AAAA"]},
    "change_window": {},
    "hosts_entry": {"address": "192.0.2.1", "names": ["depot.corp.example"], "path": "hosts"},
    "journal": {"name": "test", "folder": "journals"},
    "lookup_ssl_trust": {"hostname": "127.0.0.1", "username": "operator", "password": "Lookup-Pw1"},
    "ome_certificate_chain": {"hostname": "127.0.0.1", "state": "validated", "content": "", "username": "admin", "password": "Ome-Pw1"},
    "tls_handshake": {"host": "127.0.0.1", "trusted_content": ""},
    "trust_anchor": {"content": "", "store": "debian"},
}


def options_of(kinds, spec, trail=()):
    """The options of these types, each as the names that lead to it, with its specification."""
    for name, kind in spec.items():
        if kind.get("elements", kind["type"]) in kinds and not kind.get("choices"):
            yield (*trail, name), kind
        yield from options_of(kinds, kind.get("options") or {}, (*trail, name))


def everywhere(*kinds):
    for path in MODULES:
        spec = importlib.import_module(PACKAGE + path.stem).ARGUMENT_SPEC
        for trail, kind in options_of(kinds, spec):
            yield pytest.param(path.stem, spec, trail, kind, id="%s-%s" % (path.stem, ".".join(trail)))


def problems(spec, trail, value):
    """The errors if the option has this value, and the name of the option in them."""
    given, names, inner = {trail[-1]: value}, "", spec
    for name in trail[:-1]:
        names += name + ("[0]." if inner[name]["type"] == "list" else ".")
        inner = inner[name]["options"]
    for name in reversed(trail[:-1]):
        outer = spec
        for step in trail[: trail.index(name)]:
            outer = outer[step]["options"]
        given = {name: [given] if outer[name]["type"] == "list" else given}
    return [error.message for error in problems_in(spec, given)], names + trail[-1]


@pytest.mark.parametrize("module, spec, trail, kind", list(everywhere("int", "float")))
def test_every_number_has_bounds_and_is_refused_outside_of_them(module, spec, trail, kind):
    lowest, highest = BOUNDS[trail[-1]]
    outside = [lowest - 1, highest + 1, -1, 10**5000, -(10**400), *map(float, ("nan", "inf", "-inf"))]
    for value in outside:
        said, option = problems(spec, trail, value)
        assert len(said) == 1 and said[0].startswith("%s: " % option) and "is not between %s and %s" % (lowest, highest) in said[0]
        assert len(said[0]) < 200
    for value in (lowest, highest, kind.get("default")):
        assert problems(spec, trail, value)[0] == []


def test_the_documentation_has_the_bounds():
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| ([0-9.]+) \| ([0-9]+)[a-z ]* \|$", (ROOT / "docs/hostile_input.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: (float(low), float(high)) for names, low, high in rows for name in re.findall("[a-z_]+", names)} == BOUNDS


@pytest.mark.parametrize("module, spec, trail, kind", list(everywhere("path")))
def test_every_path_that_no_file_can_have_is_refused(module, spec, trail, kind):
    listed = kind["type"] == "list"
    for wrong, words in (("", "the path is empty"), ("/tls/a\0b.pem", "no path can have"), ("/tls/\ud800.pem", "no path can have")):
        said, option = problems(spec, trail, [wrong] if listed else wrong)
        assert said and said[0].startswith(option + ("[0]: " if listed else ": ")) and words in said[0]
    for right in ("/tls/depot.pem", "/tls/\udce9.pem", "~", "."):
        assert problems(spec, trail, [right] if listed else right)[0] == []


@pytest.mark.parametrize("module, spec, trail, kind", list(everywhere("str", "raw", "dict")))
def test_every_text_that_is_no_unicode_is_refused_and_not_shown(module, spec, trail, kind):
    if "options" in kind:
        return
    for text in ("Surrogate-Pw1\ud800", "\udce9"):
        value = text if kind["type"] in ("str", "list") else {"O": [text]}
        said, option = problems(spec, trail, [value] if kind["type"] == "list" else value)
        assert said and said[0].startswith(option) and "a character that is not Unicode" in said[0] and "Pw1" not in said[0]
    assert problems(spec, trail, ["é \U0001f512"] if kind["type"] == "list" else {"O": "é"} if kind["type"] != "str" else "é")[0] == []


@pytest.mark.parametrize("check", [True, False])
def test_a_module_ends_with_the_name_of_the_text(check, tmp_path, monkeypatch):
    """In a process of its own: in one that has imported Ansible's controller, Ansible itself refuses such a text."""
    monkeypatch.chdir(tmp_path)
    process = module_process("cert_issue", {**REQUIRED["cert_issue"], "subject": {"O": "Example \ud800"}}, check)
    result = result_of(*process.communicate(process.ask))
    assert result["failed"] and result["msg"].startswith("subject: ") and "exception" not in result and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("value", ["nan", -1])
@pytest.mark.parametrize("module, spec, trail, kind", [each for each in everywhere("float", "int") if len(each.values[2]) == 1])
def test_a_module_ends_with_the_name_of_the_number(module, spec, trail, kind, value, check, run_module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run_module(module, {**REQUIRED[module], trail[0]: value}, check)
    assert result["failed"] and trail[0] in result["msg"] and "defect" not in result["msg"] and "exception" not in result, result
    assert list(tmp_path.iterdir()) == []


def test_a_module_reports_all_of_them_at_once(run_module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run_module("cert_issue", {**REQUIRED["cert_issue"], "valid_days": 10**9, "csr_path": "", "renew_before_days": -1, "combined_path": "a\0"})
    assert result["failed"] and not result["changed"] and list(tmp_path.iterdir()) == []
    assert all("%s: " % option in result["msg"] for option in ("valid_days", "csr_path", "renew_before_days", "combined_path"))
