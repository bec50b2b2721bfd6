# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed proof says: what was seen in words, once for each host, without certificates. One run, a host for each case."""

from __future__ import annotations

import contextlib
import re
import socket

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.hosts_here import web_server
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

NAME = "www.corp.example"
ROOT, OLD, STRANGER = mint.authority("Root", **REAL.days()), mint.mint(NAME, **REAL.days()), mint.mint(NAME, **REAL.days())
#: the files of each host that have its service misbehave, and what its case sets besides
CASES = {
    "ignored": (["ignored"], {"prove_from": ["{{ inventory_hostname }}", "watcher"]}),
    "stranger": (["stranger"], {}),
    "gone": ([], {}),
    "untrusted": ([], {"prove_trusted_content": ROOT.pem}),
    "stuck": (["tired"], {"prove_trusted_content": ROOT.pem}),
    "unproved": (["ignored"], {"prove_from": []}),
}
SEEN = "(127.0.0.1), seen from {host}: "
WORDS = {
    "ignored": "(127.0.0.1), seen from ignored, watcher: SERVED-PREVIOUS: 1 s after the reload, the server still presents its previous certificate "
    "(SHA-256 {old}). Is web the service on port {port}, and does it read {here}/web.pem?",
    "stranger": SEEN + "SERVED-DIFFERS: 1 s after the reload, the server presents a certificate (SHA-256 {stranger}) that is neither the expected "
    "({new}) nor its previous certificate ({old}). Check which server answers at this address and port",
    "gone": "seen from gone: CONNECT-REFUSED: 1 s after the reload, 127.0.0.1 port {port} refuses the connection. "
    "Is web running, and does it listen on port {port}?",
    "untrusted": SEEN + "TRUST-SELF-SIGNED: 1 s after the reload, the server presents the expected certificate, but it is not accepted: ",
}


class Made:
    """The run, and what each host has issued."""

    def __init__(self, folder, servers):
        shared = {"fqdn": NAME, "provider": "self_signed", "server": "nginx", "service": "web", "check_command": ["true"], "prove_address": "127.0.0.1"}
        shared.update(path="{{ here }}/web.pem", private_key_path="{{ here }}/web.key", prove_timeout=1, reuse_key=True, force=True)
        self.hosts = Cases(folder / "hosts", {"watcher": {}, **dict.fromkeys(CASES, {"here": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}"})})
        self.ports = {}
        for host, (flags, given) in CASES.items():
            for name, text in (("web.pem", OLD.pem), ("web.key", OLD.key_pem), ("loaded.pem", OLD.pem + OLD.key_pem)):
                (self.hosts[host] / name).write_text(text, encoding="ascii")
            for flag in flags:
                (self.hosts[host] / flag).write_text(STRANGER.pem + STRANGER.key_pem, encoding="ascii")
            self.ports[host] = servers.enter_context(web_server(self.hosts[host]))
            if host == "gone":
                self.ports[host] = closed_port()
            self.hosts.give(host, **{"fqdn_certificate_" + name: value for name, value in dict(shared, port=self.ports[host], **given).items()})
        self.cases = self.hosts.run([{"hosts": "all:!watcher", "gather_facts": False, "roles": ["certmend.tls.fqdn_certificate"]}])

    def expected(self, host):
        (new,) = set(re.findall(r"\(SHA-256 [0-9A-F:]+\) than|neither the expected \(([0-9A-F:]+)\)", self.cases[host].failure)) or {""}
        values = {"old": fingerprint_of(OLD.der), "stranger": fingerprint_of(STRANGER.der), "new": new}
        return "%s:%d%s" % (NAME, self.ports[host], ", " if host == "gone" else " ") + WORDS[host].format(
            host=host, port=self.ports[host], here=self.hosts[host], **values
        )


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with contextlib.ExitStack() as servers:
        yield Made(tmp_path_factory.mktemp("proofs") / "run", servers)


@pytest.mark.parametrize("host", WORDS)
def test_a_failed_proof_says_what_was_seen_from_where_and_what_to_do(made, host):
    failure = made.cases[host].failure
    assert failure.startswith(made.expected(host)), failure
    assert failure.endswith("All changes of this role on %s were rolled back." % host) or host == "gone"
    assert ".." not in failure and "?." not in failure


@pytest.mark.parametrize("host", [*WORDS, "stuck"])
def test_it_says_so_once_for_each_host_and_shows_no_certificate(made, host):
    failed = [record for record in made.cases[host].records if "failed" in record["status"] or "unreachable" in record["status"]]
    assert len(failed) == 1, failed
    lines = [line for line in made.hosts.output.splitlines() if re.match(r"(fatal|failed): \[%s[\] ]" % host, line)]
    assert len(lines) == 1 and not re.search(r"[A-Za-z0-9+/]{80}|presented\"|RETRYING", lines[0]), lines


def test_a_rollback_that_is_not_served_says_so_too_in_the_same_words(made):
    failure, port = made.cases["stuck"].failure, made.ports["stuck"]
    said = (
        r"%s:%d \(127.0.0.1\), seen from stuck: SERVED-PREVIOUS: 1 s after the reload of the restored file, the server still presents its previous certificate"
        % (
            NAME,
            port,
        )
    )
    assert "TRUST-SELF-SIGNED" in failure and re.search(
        said + r" \(SHA-256 (?!%s)[0-9A-F:]{95}\)\. Is web the service on port" % fingerprint_of(OLD.der), failure
    )
    assert "The files on stuck are as before the run, but the services may still use the new ones" in failure
    assert made.hosts.journals("stuck") == ["restored"]


def test_a_proof_by_nobody_is_none_and_says_so(made):
    assert (
        not made.cases["unproved"].failure
        and "not verified that %s presents the certificate of the file: fqdn_certificate_prove_from names no host" % NAME in made.cases["unproved"].said
    )
