# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that are neither nginx, Apache httpd nor HAProxy: none reads its file by itself, custom has commands. One run, a host for each case."""

from __future__ import annotations

import contextlib
import json

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.depot_and_installer import RESTORE
from ansible_collections.certmend.tls.tests.support.hosts_here import by_itself, web_server
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

NAME = "www.corp.example"
ROOT = mint.authority("Root", **REAL.days())
MIDDLE = mint.authority("Middle", ROOT, **REAL.days())
OLD = mint.mint(NAME, **REAL.days())
ALONE = mint.mint(NAME, issuer=MIDDLE, dns=[NAME], **REAL.days())
RELOAD = ["systemctl", "reload", "of its own"]
#: what a case sets besides; the server of "by-itself" reads its file for each connection, the others read it when they are reloaded
CASES = {
    "by-itself": {"server": "none"},
    "not-by-itself": {"server": "none"},
    "without-port": {"server": "none", "port": None},
    "custom": {
        "server": "custom",
        "reload_command": RELOAD,
        "check_command": ["test", "-s", "{{ here }}/web.pem"],
        "prove_timeout": None,
        "prove_attempts": 20,
    },
    "custom-service": {"server": "custom", "service": "web"},
    "custom-refused": {"server": "custom", "reload_command": RELOAD, "check_command": ["ls", "{{ here }}/no-such-file"]},
    "custom-fails": {"server": "custom", "reload_command": ["sh", "-c", "test -e once || { touch once; echo no such unit >&2; exit 1; }"]},
    "custom-unable": {"server": "custom"},
    "custom-text": {"server": "custom", "reload_command": "systemctl reload web"},
    "none-with-command": {"server": "none", "reload_command": RELOAD},
}
CHAINED = {"chained": {"server": "custom", "reload_command": RELOAD, "check_command": ["true"]}, "chained-none": {"server": "none", "port": None}}


class Made:
    """The runs, first in check mode, and a restore."""

    def __init__(self, folder, servers):
        hosts = {name: {"here": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}"} for name in (*CASES, *CHAINED)}
        self.hosts = Cases(folder / "hosts", hosts)
        self.servers = servers
        shared = {"path": "{{ here }}/web.pem", "prove_address": "127.0.0.1", "prove_timeout": 1}
        issued = dict(shared, fqdn=NAME, provider="self_signed", private_key_path="{{ here }}/web.key", force=True)
        chained = dict(shared, name=NAME, candidates_content=MIDDLE.pem, trusted_content=ROOT.pem)
        for cases, role, of_role, present in ((CASES, "fqdn_certificate", issued, OLD), (CHAINED, "server_chain", chained, ALONE)):
            for host, given in cases.items():
                self.prepare(host, role, dict(of_role, **given), present)
        names = ((":".join(CASES), "fqdn_certificate"), (":".join(CHAINED), "server_chain"))
        plays = [{"hosts": hosts, "gather_facts": False, "roles": ["certmend.tls." + role]} for hosts, role in names]
        self.check = self.hosts.run(plays, "--check")
        self.run = self.hosts.run(plays)

    def prepare(self, host, role, given, present):
        folder = self.hosts[host]
        for name, text in (("web.pem", present.pem), ("web.key", present.key_pem), ("loaded.pem", present.pem + present.key_pem)):
            (folder / name).write_text(text, encoding="ascii")
        port = self.servers.enter_context(by_itself(folder) if host == "by-itself" else web_server(folder))
        given = dict({"port": port}, **given)
        self.hosts.give(host, **{"%s_%s" % (role, name): value for name, value in given.items() if value is not None})

    def is_new(self, host):
        """Whether the file has another certificate, or another chain, than before the run."""
        present = ALONE if host in CHAINED else OLD
        return (self.hosts[host] / "web.pem").read_text(encoding="ascii") != present.pem

    def reloaded(self, run, host):
        return [record for record in run[host].records if record["task"].endswith("eload the server with the command") and record["status"] == "ok"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with contextlib.ExitStack() as servers:
        yield Made(tmp_path_factory.mktemp("kinds") / "run", servers)


def test_a_server_that_reads_its_file_by_itself_is_verified_and_nothing_is_reloaded(made):
    assert not made.run["by-itself"].failure and made.is_new("by-itself")
    assert [record["status"] for record in made.run["by-itself"].records if record["task"].endswith("Keep the proof for the ending")] == ["ok"]


def test_one_that_does_not_is_rolled_back_and_the_way_out_is_named(made):
    failure = made.run["not-by-itself"].failure
    assert "SERVED-PREVIOUS: 1 s after the change, the server still presents its previous certificate (SHA-256 %s)" % fingerprint_of(OLD.der) in failure
    assert "Nothing reloads this server, because fqdn_certificate_server is none; custom with a command reloads it" in failure
    assert "were rolled back" in failure and not made.is_new("not-by-itself")


@pytest.mark.parametrize("host, role", [("without-port", "fqdn_certificate"), ("chained-none", "server_chain")])
def test_without_a_port_nothing_is_verified_and_the_role_says_why(made, host, role):
    assert not made.run[host].failure and made.is_new(host)
    words = "not verified that %s presents the certificate of the file: %s_server is none, and neither %s_port nor tls_port is set" % (NAME, role, role)
    assert words in made.run[host].said


@pytest.mark.parametrize("host", ["custom", "chained"])
def test_a_custom_server_is_checked_reloaded_by_its_command_and_verified(made, host):
    assert not made.check[host].failure and " ".join(RELOAD) in made.check[host].said and not made.reloaded(made.check, host)
    assert len(made.check[host].changed) == len(made.run[host].changed) == 2, "check mode counts the reload too"
    assert not made.run[host].failure and made.is_new(host) and made.reloaded(made.run, host)
    loaded = (made.hosts[host] / "loaded.pem").read_text(encoding="ascii")
    assert loaded.startswith((made.hosts[host] / "web.pem").read_text(encoding="ascii"))


def test_a_custom_server_may_have_a_service(made):
    assert not made.run["custom-service"].failure and made.is_new("custom-service") and not made.reloaded(made.run, "custom-service")


@pytest.mark.parametrize(
    "host, words",
    [
        (
            "custom-refused",
            "Check the configuration of the server: ls {here}/no-such-file failed: ls: cannot access '{here}/no-such-file': No such file or directory",
        ),
        ("custom-fails", "sh -c test -e once || {{ touch once; echo no such unit >&2; exit 1; }} failed: no such unit"),
    ],
)
def test_a_command_that_fails_rolls_back_with_what_it_said(made, host, words):
    failure = made.run[host].failure
    assert words.format(here=made.hosts[host]) in failure and not made.is_new(host), failure


@pytest.mark.parametrize(
    "host, words",
    [
        ("custom-unable", "fqdn_certificate_server: custom needs fqdn_certificate_reload_command, or fqdn_certificate_service"),
        ("custom-text", "fqdn_certificate_check_command and fqdn_certificate_reload_command are lists of words, such as [systemctl, reload, web]; no shell"),
        ("none-with-command", "fqdn_certificate_server: with none, nothing is checked and reloaded; use custom with these commands"),
    ],
)
def test_commands_that_do_not_fit_are_refused_before_any_change(made, host, words):
    for run in (made.check, made.run):
        assert words in run[host].failure and not made.is_new(host)


def test_a_restore_reloads_the_server_by_the_command_too(made):
    folder = made.hosts["custom"]
    (run,) = made.hosts.runs("custom")
    given = json.dumps({"restore_run": run, "restore_become": False})
    restored = made.hosts.run(RESTORE, "--limit", "custom", "-e", given)["custom"]
    assert not restored.failure and not made.is_new("custom") and "presents the restored certificate (SHA-256 %s)" % fingerprint_of(OLD.der) in restored.said
    assert (folder / "loaded.pem").read_text(encoding="ascii") == OLD.pem + OLD.key_pem
