# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Article 000011648 from end to end: the four scenarios told apart, the chain appended on real servers, proved, or put back."""

from __future__ import annotations

import os
import socket
import ssl
import typing

import pytest

from ansible_collections.certmend.tls.tests.support import mint

PLAYBOOK = "certmend.tls.server_chain"
OLDEST = os.environ.get("LAB_OLDEST")


class Server(typing.NamedTuple):
    """A host of the estate: what reads its certificate from where."""

    host: str
    kind: str
    path: str
    key_path: str

    @property
    def name(self):
        return self.host + ".corp.example"


NGINX = Server("depot", "nginx", "/etc/nginx/tls/depot.pem", "/etc/nginx/tls/depot.key")
APACHE = Server("web", "apache", "/etc/apache2/tls/web.pem", "/etc/apache2/tls/web.key")
HAPROXY = Server("lb", "haproxy", "/etc/haproxy/tls/lb.pem", "/etc/haproxy/tls/lb.pem")
SERVERS = [NGINX, APACHE, HAPROXY]
ADDRESSES = {"depot": "10.77.0.10", "web": "10.77.0.12", "lb": "10.77.0.13"}


def install(estate, server, certificate, *others):
    """Let a server serve a certificate and what stands beside it."""
    host, pem = estate[server.host], certificate.pem + "".join(one.pem for one in others)
    if server.kind == "haproxy":
        host.write(server.path, certificate.key_pem + pem)
    else:
        host.write(server.key_path, certificate.key_pem)
        host.write(server.path, pem)
    host.run("service", {"apache": "apache2"}.get(server.kind, server.kind), "reload")
    wait_until_served(server, certificate)


def wait_until_served(server, certificate):
    for _attempt in range(200):
        if presented(server)[0] == certificate.der:
            return
    raise AssertionError("%s does not serve its new certificate" % server.host)


def presented(server):
    """The chain as it is sent, to a client that verifies nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((ADDRESSES[server.host], 443), 10) as plain, context.wrap_socket(plain, server_hostname=server.name) as tls:
        return [each.public_bytes(ssl._ssl.ENCODING_DER) for each in tls._sslobj.get_unverified_chain()]


def verifies(server, pki):
    """Whether a client that knows only the root verifies the server by its name."""
    context = ssl.create_default_context(cadata=pki.root.pem)
    try:
        with socket.create_connection((ADDRESSES[server.host], 443), 10) as plain, context.wrap_socket(plain, server_hostname=server.name):
            return True
    except ssl.SSLCertVerificationError:
        return False


def given(pki, server, **more):
    """The command line: a host, where it has its file, and the CAs of the company."""
    values = {
        "server_chain_hosts": server.host,
        "server_chain_roots_path": pki.roots,
        "server_chain_candidates_path": pki.pool,
        "server_chain_path": server.path,
        "server_chain_server": server.kind,
        "server_chain_private_key_path": "/root/new.key" if server.kind == "haproxy" else server.key_path,
        **more,
    }
    return [word for name, value in values.items() for word in ("-e", "%s=%s" % (name, value))]


def shown(run):
    return [(result["host"], result["diff"]) for result in run.results if result["changed"] and result["diff"]]


def told(run):
    return sorted((result["host"], result["task"]) for result in run.results if result["changed"])


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.kind)
def test_scenario_4_is_foretold_mended_proved_and_then_left_alone(estate, playbook, pki, server):
    leaf = pki.leaf(server.name)
    install(estate, server, leaf)
    assert not verifies(server, pki)
    before = estate[server.host].read(server.path)
    foretold = playbook(PLAYBOOK, "--check", "--diff", *given(pki, server))
    assert foretold.rc == 0, foretold.stdout
    assert "CHAIN-INCOMPLETE" in foretold.stdout and "4 (intermediates are missing, append them)" in foretold.stdout
    assert estate[server.host].read(server.path) == before and not verifies(server, pki)
    made = playbook(PLAYBOOK, "--diff", "-vvv", *given(pki, server))
    assert made.rc == 0, made.stdout[-3000:]
    assert shown(foretold) == shown(made) and len(shown(made)) == 1 and told(foretold) == told(made)
    assert verifies(server, pki) and presented(server) == [leaf.der, pki.two.der, pki.one.der]
    content = estate[server.host].read(server.path)
    key = leaf.key_pem if server.kind == "haproxy" else ""
    assert content == key + leaf.pem + pki.two.pem + pki.one.pem
    secret = leaf.key_pem.splitlines()[1:3]  # the line after these holds the public key alone
    assert not [line for line in secret if line in made.stdout + made.stderr]
    again = playbook(PLAYBOOK, "--diff", *given(pki, server))
    assert again.rc == 0 and again.changed == []
    assert estate[server.host].read(server.path) == content


@pytest.mark.skipif(not OLDEST, reason="LAB_OLDEST names no folder with the oldest ansible-playbook")
def test_the_oldest_core_takes_the_road_too(estate, playbook, pki):
    leaf = pki.leaf(APACHE.name)
    install(estate, APACHE, leaf)
    program = os.path.join(OLDEST, "ansible-playbook")
    foretold = playbook(PLAYBOOK, "--check", "--diff", *given(pki, APACHE), program=program)
    made = playbook(PLAYBOOK, "--diff", *given(pki, APACHE), program=program)
    assert foretold.rc == made.rc == 0, foretold.stdout + made.stdout
    assert shown(foretold) == shown(made) and verifies(APACHE, pki)


def test_the_seven_questions_are_answered_in_the_report(estate, playbook, pki):
    install(estate, APACHE, pki.leaf(APACHE.name))
    run = playbook("certmend.tls.audit", "-e", "audit_hosts=web", "-e", "audit_fqdn=" + APACHE.name, "-e", "audit_trusted=%s" % pki.roots)
    assert run.rc == 0, run.stdout
    for words in (
        "Is the certificate still valid? When does the validity end? yes, until ",
        "What are its common name and subject alternative names? web.corp.example; web.corp.example",
        "Was it addressed by a name that is included in them? yes, web.corp.example",
        "Are the subject alternative names resolvable here? web.corp.example: not resolvable",
        "Can it be linked to a root certificate? no, CN=Corp Issuing CA 2 is missing above CN=web.corp.example",
        "Was it signed by a public or a private CA? a private one: CN=Corp Issuing CA 2 is not in this machine's store",
        "Is it self-signed? no, CN=Corp Issuing CA 2 signed it",
    ):
        assert words in run.stdout, run.stdout


@pytest.mark.parametrize("server", [NGINX, HAPROXY], ids=lambda server: server.kind)
def test_scenario_1_is_replaced_where_a_ca_is_given_and_only_named_where_none_is(estate, playbook, pki, server):
    install(estate, server, mint.mint(server.name, dns=[server.name], **pki.days))
    before = estate[server.host].read(server.path)
    refused = playbook(PLAYBOOK, "--diff", *given(pki, server))
    assert refused.rc == 2 and refused.changed == []
    assert "1 (self-signed, replace it with a certificate that a CA signed)" in refused.stdout and "server_chain_ca_path" in refused.stdout
    assert estate[server.host].read(server.path) == before
    ca = dict(server_chain_ca_path=pki.ca, server_chain_ca_private_key_path=pki.ca_key)
    foretold = playbook(PLAYBOOK, "--check", "--diff", *given(pki, server, **ca))
    made = playbook(PLAYBOOK, "--diff", *given(pki, server, **ca))
    assert made.rc == 0, made.stdout
    assert shown(foretold) == shown(made) and verifies(server, pki)
    assert playbook(PLAYBOOK, "--diff", *given(pki, server, **ca)).changed == []


def test_scenario_2_is_reissued_with_the_name_that_is_used(estate, playbook, pki):
    install(estate, APACHE, pki.leaf("other.corp.example"), pki.two, pki.one)
    refused = playbook(PLAYBOOK, *given(pki, APACHE))
    assert refused.rc == 2 and "2 (the certificate does not contain the name that clients use" in refused.stdout
    ca = dict(server_chain_ca_path=pki.ca, server_chain_ca_private_key_path=pki.ca_key)
    made = playbook(PLAYBOOK, *given(pki, APACHE, **ca))
    assert made.rc == 0 and verifies(APACHE, pki), made.stdout


def test_scenario_3_is_mended_at_the_client(estate, playbook, pki):
    other = pki.authority("Another Root CA", None)
    install(estate, APACHE, pki.leaf(APACHE.name, issuer=other), other)
    refused = playbook(PLAYBOOK, *given(pki, APACHE))
    assert refused.rc == 2 and "3 (the client does not trust the CA" in refused.stdout and "trust_anchor" in refused.stdout
    pki.roots.write_text(other.pem, encoding="ascii")
    clients = dict(server_chain_clients="lb")
    foretold = playbook(PLAYBOOK, "--check", "--diff", *given(pki, APACHE, **clients))
    made = playbook(PLAYBOOK, "--diff", *given(pki, APACHE, **clients))
    assert made.rc == 0 and shown(foretold) == shown(made), made.stdout
    bundle = estate["lb"].read("/etc/ssl/certs/ca-certificates.crt")
    assert "".join(other.pem.split()) in "".join(bundle.split())
    assert playbook(PLAYBOOK, *given(pki, APACHE, **clients)).changed == []


def test_a_chain_that_cannot_be_built_changes_nothing_and_names_what_is_missing(estate, playbook, pki):
    install(estate, NGINX, pki.leaf(NGINX.name))
    pki.pool.write_text(pki.one.pem, encoding="ascii")
    before = estate["depot"].read(NGINX.path)
    run = playbook(PLAYBOOK, *given(pki, NGINX))
    assert run.rc == 2 and "the certificate CN=Corp Issuing CA 2" in run.stdout and run.changed == []
    assert estate["depot"].read(NGINX.path) == before


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.kind)
def test_a_failing_proof_puts_the_old_file_back(estate, playbook, pki, server):
    leaf = pki.leaf(server.name)
    install(estate, server, leaf)
    host, before = estate[server.host], estate[server.host].read(server.path)
    host.run("cp", "-p", server.path, "/root/before.pem")
    sabotage = '["cp", "/root/before.pem", "%s"]' % server.path  # between change and reload the old file comes back
    more = ("-e", '{"server_chain_check_command": %s}' % sabotage, "-e", "server_chain_prove_attempts=1")
    run = playbook(PLAYBOOK, *given(pki, server), *more)
    assert run.rc == 2 and "were rolled back" in run.stdout, run.stdout
    assert host.read(server.path) == before and presented(server) == [leaf.der]


def test_a_configuration_that_does_not_check_is_never_loaded(estate, playbook, pki):
    leaf = pki.leaf(NGINX.name)
    install(estate, NGINX, leaf)
    run = playbook(PLAYBOOK, *given(pki, NGINX), "-e", '{"server_chain_check_command": ["sh", "-c", "echo broken >&2; exit 1"]}')
    assert run.rc == 2 and "broken" in run.stdout and "were rolled back" in run.stdout
    assert presented(NGINX) == [leaf.der]


def test_a_plain_file_is_appended_to_without_a_server(estate, playbook, pki):
    leaf = pki.leaf("file.corp.example")
    estate["web"].write("/root/plain.pem", leaf.pem)
    role = {
        "server_chain_path": "/root/plain.pem",
        "server_chain_name": "file.corp.example",
        "server_chain_server": "none",
        "server_chain_trusted_content": pki.root.pem,
        "server_chain_candidates_content": pki.one.pem + pki.two.pem,
    }
    play = "- hosts: web\n  gather_facts: false\n  roles:\n    - role: certmend.tls.server_chain\n      vars: %r\n" % role
    foretold, made, again = (playbook(play, "--diff", *check) for check in (["--check"], [], []))
    assert made.rc == 0 and shown(foretold) == shown(made) and again.changed == [], made.stdout
    assert estate["web"].read("/root/plain.pem") == leaf.pem + pki.two.pem + pki.one.pem


def test_the_file_and_the_roots_have_to_be_named(estate, playbook, pki):
    run = playbook(PLAYBOOK, "-e", "server_chain_hosts=web")
    assert run.rc == 2 and "Give server_chain_path" in run.stdout
