# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup in real playbooks: its examples, and what an operator reads if a file is not what it should be."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import subprocess
import sys
from importlib.util import find_spec

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.forms import openssl, pkcs12
from ansible_collections.certmend.tls.tests.support.mint import authority, mint

PLUGIN = pathlib.Path(find_spec("ansible_collections.certmend.tls.plugins.lookup.certificates").origin)
TREE = PLUGIN.parents[5]
PASSWORD = "Lookup-Pw1!"


def examples():
    for node in ast.parse(PLUGIN.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES":
            return yaml.safe_load(node.value.value)
    raise AssertionError("no EXAMPLES")


@pytest.fixture
def started(tmp_path):
    """started(tasks): run a playbook that lies in another folder than the one in which it is started."""
    for name in ("start", "play/files"):
        (tmp_path / name).mkdir(parents=True)

    def run(tasks, **variables):
        play = tmp_path / "play" / "play.yml"
        known = {"ansible_python_interpreter": sys.executable, "folder": str(tmp_path / "start"), "ca_password": PASSWORD, **variables}
        text = yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": known, "tasks": tasks}])
        play.write_text(text, encoding="utf-8")
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(TREE),
            "ANSIBLE_HOME": str(tmp_path / "home"),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "PWD": "/",
        }
        command = [sys.executable, "-m", "ansible", "playbook", "-vvv", str(play)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path / "start")

    run.start, run.play = tmp_path / "start", tmp_path / "play"
    return run


def test_the_examples_run_from_where_the_playbook_is_started(started, tmp_path):
    pki = Pki(tmp_path)
    (started.start / "root.pem").write_text(pki.root.pem, encoding="ascii")
    (started.start / "corp-roots.p7b").write_bytes(openssl("crl2pkcs7", "-nocrl", "-certfile", started.start / "root.pem", "-outform", "DER"))
    (started.start / "intermediates").mkdir()
    (started.start / "intermediates" / "one.crt").write_bytes(pki.one.der)
    (started.start / "issuing-ca.cer").write_bytes(pki.two.der)
    (started.start / "server.der").write_bytes(pki.leaf("www.corp.example").der)
    (started.start / "ca.p12").write_bytes(pkcs12(pki.root, [], PASSWORD))
    done = started(examples())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed=0" in done.stdout and (started.start / "depot.pem").is_file()
    chain = (started.start / "depot.pem").read_text(encoding="ascii")
    assert chain.count("BEGIN CERTIFICATE") == 1, "issued by the root of the PKCS#12, which is not written"
    assert PASSWORD not in done.stdout + done.stderr and "PRIVATE KEY" not in done.stdout + done.stderr


CASES = {
    "missing": (
        "nowhere.pem",
        {},
        "roots_path: {start}/nowhere.pem does not exist. A relative path starts from the folder in which the playbook is started ({start})",
    ),
    "ambiguous": ("both.pem", {}, "roots_path: both.pem can be {start}/both.pem, from the folder in which the playbook was started, or {play}/files/both.pem"),
    "no certificate": ("key.pem", {}, "roots_path: {start}/key.pem contains no certificate: the content holds no certificate, but: PRIVATE KEY"),
    "no key": ("ca.der", {"private_key": True}, "roots_path: {start}/ca.der contains no private key"),
    "wrong password": (
        "ca.p12",
        {"password": "wrong-Pw1!"},
        "roots_path: {start}/ca.p12 contains no certificate: the content is a PKCS#12 that cannot be opened",
    ),
    "key behind a wrong password": ("ca.p12", {"password": "wrong-Pw1!", "private_key": True}, "roots_path: {start}/ca.p12: the PKCS#12 cannot be opened"),
}


def test_what_is_wrong_is_reported_by_variable_and_file_without_secrets(started):
    ca = authority("Corp CA")
    for name, data in (("key.pem", ca.key_pem.encode()), ("ca.der", ca.der), ("both.pem", ca.pem.encode()), ("ca.p12", pkcs12(ca, [], PASSWORD))):
        (started.start / name).write_bytes(data)
    (started.play / "files" / "both.pem").write_text(ca.pem, encoding="ascii")
    tasks = [
        {
            "name": name,
            "ignore_errors": True,
            "set_fact": {"ignored": "{{ lookup('certmend.tls.certificates', %s, variable='roots_path') }}" % given(path, options)},
        }
        for name, (path, options, _words) in CASES.items()
    ]
    done = started(tasks)
    output = " ".join((done.stdout + done.stderr).split())
    for _path, _options, words in CASES.values():
        assert json.dumps(words.format(start=started.start, play=started.play))[1:-1] in output, done.stdout
    key_lines = [line for line in ca.key_pem.splitlines() if len(line) > 40 and "-----" not in line]
    assert key_lines and not [line for line in key_lines if line in output]
    assert "Unexpected" not in output and "unhandled exception" not in output


def given(path, options):
    return ", ".join(["'%s'" % path] + ["%s=%r" % option for option in options.items()])


def test_text_lists_and_nothing_are_taken_as_they_come(started):
    one, two = authority("One"), mint("two.corp.example")
    (started.start / "one.der").write_bytes(one.der)
    lookups = {
        "{{ lookup('certmend.tls.certificates', '') }}": "",
        "{{ lookup('certmend.tls.certificates') }}": "",
        "{{ lookup('certmend.tls.certificates', ['one.der', '']) }}": one.pem,
        "{{ lookup('certmend.tls.certificates', 'one.der', content=two) }}": one.pem + two.pem,
        "{{ lookup('certmend.tls.certificates', content=key, private_key=true) }}": two.key_pem,
        "{{ lookup('certmend.tls.certificates', content=two, private_key=true, required=false) }}": "",
        "{{ query('certmend.tls.certificates', 'one.der') | length }}": "1",
        "{{ query('certmend.tls.certificates', 'one.der', problems=true) | length }}": "0",
        "{{ query('certmend.tls.certificates', ['no.pem', 'none.pem'], problems=true) | map('regex_search', 'no[a-z]*.pem') | join }}": "no.pemnone.pem",
    }
    tasks = [
        {"ansible.builtin.copy": {"content": expression + "|", "dest": "{{ folder }}/%d" % number}, "no_log": True} for number, expression in enumerate(lookups)
    ]
    done = started(tasks, two=two.pem, key=two.key_pem)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(started.start / str(number)).read_text(encoding="ascii") for number in range(len(lookups))] == [text + "|" for text in lookups.values()]
