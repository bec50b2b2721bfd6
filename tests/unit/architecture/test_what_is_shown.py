# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No private key that was given to an option is shown: every module, every option of free text, with the verbosity of -vvv."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint, shown
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.forms import pkcs12
from ansible_collections.certmend.tls.tests.support.run import MODULES as PACKAGE
from ansible_collections.certmend.tls.tests.support.run import TREE
from ansible_collections.certmend.tls.tests.support.source import MODULES, ROOT, code_of

CERTIFICATE = mint.mint(key=shown.RSA, **REAL.days())
KEY = CERTIFICATE.key_pem
PFX = shown.encoded(pkcs12(CERTIFICATE, [], "Pfx-Pw1"))
#: each form of the secret, and what of it must be shown nowhere
FORMS = {
    "PEM": (CERTIFICATE.pem + KEY, shown.words_of(KEY)),
    "PKCS#12": (PFX, shown.wrapped(PFX)),
}
#: what a module requires, so that it gets as far as the option in question
REQUIRED = {
    "cert_issue": {"provider": "import", "fqdn": "depot.corp.example", "private_key_path": "depot.key", "certificate_path": "depot.pem"},
    "cert_pin": {"pins_path": "pins", "host": "depot.corp.example", "presented": [shown.encoded(CERTIFICATE.der)]},
    "hosts_entry": {"address": "192.0.2.1", "names": ["depot.corp.example"], "path": "hosts"},
    "journal": {"name": "test", "folder": "journals"},
    "lookup_ssl_trust": {"hostname": "127.0.0.1", "port": 1},
    "ome_certificate_chain": {"hostname": "127.0.0.1", "port": 1},
    "tls_handshake": {"host": "127.0.0.1", "port": 1, "trusted_path": "depot.pem"},
    "trust_anchor": {"content": CERTIFICATE.pem, "store": "java", "keystore": {"path": "cacerts"}},
}


def spec_of(module):
    return importlib.import_module(PACKAGE + module).ARGUMENT_SPEC


def free_text():
    """Every option of every module that takes any text."""
    for path in MODULES:
        for option, spec in spec_of(path.stem).items():
            kind = spec.get("elements", spec["type"]) if spec["type"] == "list" else spec["type"]
            if kind in ("str", "path", "raw", "dict") and not spec.get("choices"):
                yield path.stem, option, spec["type"] == "list", kind


def value_of(text, listed, kind):
    value = {"subject": text, text: "key"} if kind == "dict" else text
    return [value] if listed else value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("module, option, listed, kind", [pytest.param(*each, id="%s-%s" % each[:2]) for each in free_text()])
def test_no_option_of_any_module_shows_a_private_key(module, option, listed, kind, form, run_module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, words = FORMS[form]
    result = run_module(module, dict(REQUIRED.get(module, {}), **{option: value_of(text, listed, kind)}))
    assert shown.shown_of(words, json.dumps(result)) == []


def secret_options():
    """Every option whose value Ansible must not show, as the names that lead to it."""

    def options(spec, trail=()):
        for name, kind in spec.items():
            if kind.get("no_log"):
                yield (*trail, name)
            yield from options(kind.get("options") or {}, (*trail, name))

    return [pytest.param(path.stem, trail, id="%s-%s" % (path.stem, ".".join(trail))) for path in MODULES for trail in options(spec_of(path.stem))]


@pytest.mark.parametrize("value", [{"Wrong-Type-Pw1": None}, {"pw": ["Wrong-Type-Pw1"]}, [["Wrong-Type-Pw1"]], {"ab": "cd"}], ids=str)
@pytest.mark.parametrize("module, trail", secret_options())
@pytest.mark.parametrize("more", [{}, {"no_such_option": 1}])
def test_a_secret_of_a_wrong_type_is_not_shown(module, trail, value, more, run_module, tmp_path, monkeypatch):
    """A password that YAML reads as a dict, such as an unquoted {word}: its names are as secret as its values."""
    monkeypatch.chdir(tmp_path)
    given = value
    for name in reversed(trail):
        kind = spec_of(module)[trail[0]]
        given = {name: [given] if name == trail[0] and len(trail) > 1 and kind["type"] == "list" else given}
    result = run_module(module, {**REQUIRED.get(module, {}), **given, **more})
    shown_args = result["invocation"]["module_args"]
    assert "Wrong-Type-Pw1" not in json.dumps(result) and "{'ab'" not in json.dumps(result) and '"ab": ' not in json.dumps(shown_args)


def together(module, text):
    """A task that gives the text to the options that certificates are given to, and to no two that exclude each other."""
    wanted = {
        "cert_chain_build": ["content", "trusted_content", "candidates_content"],
        "cert_inspect": ["content", "trusted_content", "csr_content", "name"],
        "cert_issue": ["certificate_content", "candidates_content", "trusted_content"],
        "cert_pin": ["name"],
        "change_window": ["windows"],
        "hosts_entry": ["comment"],
        "journal": ["only_run"],
        "lookup_ssl_trust": ["old_certificate", "trusted_content", "listed"],
        "ome_certificate_chain": ["content", "peer_content", "csr_content", "trusted_content"],
        "tls_handshake": ["trusted_content"],
        "trust_anchor": ["content"],
    }
    given = dict(REQUIRED.get(module, {}), **dict.fromkeys(wanted[module], text))
    if module == "tls_handshake":
        del given["trusted_path"]
    return given


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("module", [path.stem for path in MODULES])
def test_the_process_of_a_module_shows_no_private_key(module, form, run_module_process, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, words = FORMS[form]
    result = run_module_process(module, together(module, text))
    assert "invocation" in result, result
    assert shown.shown_of(words, json.dumps(result)) == []


def test_a_hosts_file_that_is_a_key_file_shows_no_private_key(run_module_process, tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n" + KEY, encoding="ascii")
    result = run_module_process("hosts_entry", {"path": str(path), "address": "192.0.2.1", "names": ["depot.corp.example"], "check_resolution": False})
    assert "192.0.2.1" in result["diff"][0]["after"], result
    assert shown.shown_of(shown.words_of(KEY), json.dumps(result)) == []
    assert KEY in path.read_text(encoding="ascii"), "the file itself keeps its lines"


def test_the_password_in_an_address_is_not_shown(run_module):
    result = run_module("lookup_ssl_trust", {"hostname": "127.0.0.1", "port": 1, "verify_urls": ["https://operator:Url-Pw1@vc.corp.example/"]})
    assert "vc.corp.example" in json.dumps(result)
    assert "Url-Pw1" not in json.dumps(result)


WITH_ACCOUNT = [
    ("cert_inspect", "endpoints", ["operator:Url-Pw1@127.0.0.1:1"]),
    ("cert_inspect", "endpoints", [{"host": "operator:Url-Pw1@127.0.0.1", "port": 1}]),
    ("cert_inspect", "endpoints", ["https://operator:Url-Pw1@127.0.0.1:1"]),
    ("cert_inspect", "endpoints", ["operator:Url-@Pw1@127.0.0.1:1"]),
    ("cert_pin", "endpoints", ["operator:Url-Pw1@127.0.0.1:1"]),
    ("cert_pin", "host", "operator:Url-Pw1@127.0.0.1"),
    ("tls_handshake", "host", "operator:Url-Pw1@127.0.0.1"),
    ("tls_handshake", "name", "operator:Url-Pw1@127.0.0.1"),
    ("lookup_ssl_trust", "hostname", "operator:Url-Pw1@127.0.0.1"),
    ("lookup_ssl_trust", "verify_urls", ["operator:Url-Pw1@127.0.0.1"]),
    ("ome_certificate_chain", "hostname", "operator:Url-Pw1@127.0.0.1"),
    ("hosts_entry", "names", ["operator:Url-Pw1@depot.corp.example"]),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("module, option, value", WITH_ACCOUNT)
def test_the_password_before_a_host_is_not_shown(module, option, value, check, run_module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    needed = {} if module == "cert_inspect" else dict(REQUIRED[module])
    if option == "endpoints" and module == "cert_pin":
        needed = {"pins_path": "pins"}
    result = run_module(module, {**needed, option: value}, check)
    assert "Pw1" not in json.dumps(result) and "Url-" not in json.dumps(result)
    if option == "endpoints":
        assert result["failed"] and "endpoints[0]: an account before the host is not allowed" in result["msg"]


def test_texts_with_an_at_sign_that_are_no_account_are_shown(run_module):
    result = run_module("hosts_entry", {"address": "192.0.2.1", "names": ["a.b"], "path": "/nowhere/hosts", "comment": "ask: ops@corp.example"})
    assert result["invocation"]["module_args"]["comment"] == "ask: ops@corp.example"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What a run of ansible-playbook -vvv prints that gives each module a private key; the action plugin and the lookup too."""
    folder = tmp_path_factory.mktemp("play")
    forms = {"pem": CERTIFICATE.pem + KEY, "pfx": PFX}
    tasks = [
        {"certmend.tls." + path.stem: together(path.stem, "{{ %s }}" % form), "ignore_errors": True, "name": "%s with %s" % (path.stem, form)}
        for path in MODULES
        for form in forms
    ]
    tasks += [
        {"name": "lookup with %s" % form, "debug": {"msg": "{{ lookup('certmend.tls.certificates', %s) }}" % term}, "ignore_errors": True}
        for form in forms
        for term in (form, "content=%s, password='wrong', private_key=true" % form)
        if not (form == "pem" and "private_key" in term)
    ]
    (folder / "secrets.yml").write_text(yaml.safe_dump(forms), encoding="utf-8")
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars_files": ["secrets.yml"], "tasks": tasks}]
    (folder / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(TREE), "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "true"}
    environment.update(ANSIBLE_PYTHON_INTERPRETER=sys.executable, ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_INJECT_INVOCATION="true")
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-vvv", "play.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
    return done.stdout + done.stderr


@pytest.mark.parametrize("module", [path.stem for path in MODULES])
def test_ansible_playbook_vvv_ran_each_module_with_a_private_key(module, played):
    for form in ("pem", "pfx"):
        task = played.split("TASK [%s with %s]" % (module, form))[1].split("\nTASK [")[0]
        assert '"module_args"' in task, task


@pytest.mark.parametrize("form", FORMS)
def test_ansible_playbook_vvv_shows_no_private_key(form, played):
    lines = [line for line in played.splitlines() if shown.shown_of(FORMS[form][1], line)]
    assert lines == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_has_the_one_way_out(path):
    calls = [ast.unparse(node.func) for node in ast.walk(code_of(path)) if isinstance(node, ast.Call)]
    assert "discreet(AnsibleModule)" in calls and "AnsibleModule" not in calls


TEMPLATES = sorted(path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.j2"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_template_escapes_what_it_shows(path):
    """Line by line: what is outside of the filter is a header, a loop, or a cell."""
    text = path.read_text(encoding="utf-8")
    outside = re.sub(r"{% filter certmend\.tls\.printable\(lines=true\) %}.*{% endfilter %}", "", text, flags=re.DOTALL)
    shown_outside = [line for line in outside.splitlines() if "{{" in line and "certmend.tls.csv_cell" not in line]
    assert shown_outside == []


#: what a program or a server has said, as tasks that fail or report have it
SAID = re.compile(r"\.(?:stderr|stdout|json\.message|content)\b")


def tasks_of(value):
    """Every task in a file of tasks, blocks included."""
    if isinstance(value, list):
        for item in value:
            yield from tasks_of(item)
    elif isinstance(value, dict):
        yield value
        for name in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
            yield from tasks_of(value.get(name, []))


def tasks():
    for folder in ("roles", "playbooks"):
        for path in sorted((ROOT / folder).rglob("*.yml")):
            for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
                yield path.relative_to(ROOT).as_posix(), task


REQUESTS = [pytest.param(task, id="%s: %s" % (path, task.get("name"))) for path, task in tasks() if {"uri", "ansible.builtin.uri"} & set(task)]


def test_the_search_finds_requests():
    assert len(REQUESTS) >= 4


@pytest.mark.parametrize("task", REQUESTS)
def test_a_request_of_a_playbook_follows_no_redirect_and_is_not_logged(task):
    """Another address would get the account; the answer may have what was sent."""
    request = task["ansible.builtin.uri"]
    assert request["follow_redirects"] == "none"
    assert task["no_log"] is True


@pytest.mark.parametrize("path, task", [pytest.param(path, task, id="%s: %s" % (path, task.get("name"))) for path, task in tasks()])
def test_what_a_program_or_a_server_said_is_escaped_before_it_is_shown(path, task):
    for module in ("ansible.builtin.fail", "ansible.builtin.assert", "ansible.builtin.debug"):
        for message in (task.get(module) or {}).values():
            for expression in re.findall(r"{{.*?}}", str(message), re.DOTALL):
                assert not SAID.search(expression) or "certmend.tls.printable" in expression or ".split()" in expression, expression
