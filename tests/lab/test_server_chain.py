# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Article 000011648 from end to end: the four scenarios told apart, the chain appended on real servers, proved, or put back.

Several servers take part in a run, each with its own file and scenario, and several tests read what a run reported of each.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import socket
import ssl
import time
import typing

import pytest
from conftest import Run, Trio
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import NewFile
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.backup import back_up
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.corporate import Pki

pytestmark = pytest.mark.hosts("depot", "web", "lb")
PLAYBOOK = "certmend.tls.server_chain"


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
    """After a graceful reload an old worker may still answer."""
    deadline = time.monotonic() + 60
    while presented(server)[0] != certificate.der:
        assert time.monotonic() < deadline, "%s does not serve its new certificate" % server.host
        os.sched_yield()


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


def given(pki, *servers, **more):
    """The command line: hosts, where each has its file, and the CAs of the company."""

    def of_each(value):
        return "{{ %r.get(inventory_hostname, '') }}" % {server.host: value(server) for server in servers or SERVERS}

    values = {
        "server_chain_hosts": ":".join(server.host for server in servers),
        "server_chain_trusted_path": str(pki.roots),
        "server_chain_candidates_path": str(pki.pool),
        "server_chain_path": of_each(lambda server: server.path),
        "server_chain_server": of_each(lambda server: server.kind),
        "server_chain_private_key_path": of_each(lambda server: "/root/new.key" if server.kind == "haproxy" else server.key_path),
        **more,
    }
    return ["-e", json.dumps(values)]


def by_host(run):
    """The diffs of servers whose tasks run side by side."""
    return sorted(run.shown, key=str)


def changes(run):
    return sorted((result["host"], result["task"]) for result in run.changed)


def reports(run):
    """What each server's report says."""
    return {result["host"]: str(result["msg"]) for result in run.results if result["task"] == "Report"}


def contents(estate, servers=None):
    return {server.host: estate[server.host].read(server.path) for server in servers or SERVERS}


def proofs(run):
    """The hosts that verified a server with the trust store of their own operating system."""
    return [result["host"] for result in run.of("Keep the proofs for the ending") if result["status"] == "ok"]


def trusts(host, authority):
    """Whether the operating system of a host trusts a CA."""
    return "".join(authority.pem.split()) in "".join(host.read("/etc/ssl/certs/ca-certificates.crt").split())


class State(typing.NamedTuple):
    """What the servers have in their files, what they send, and which of them a client verifies."""

    contents: dict
    sent: dict
    verified: list

    @classmethod
    def now(cls, estate, pki):
        return cls(contents(estate), {server.host: presented(server) for server in SERVERS}, [server.host for server in SERVERS if verifies(server, pki)])


class Runs(typing.NamedTuple):
    """A run that was refused, if there was one; a trio; and the servers before it, after check mode, after the run, and after the second run."""

    leaves: dict
    refused: Run
    trio: Trio
    states: list


def runs(estate, playbook, pki, leaves, *refused, **more):
    """A trio over all servers, whose files have been installed; before it, if asked for, a run that has to be refused."""
    states = [State.now(estate, pki)]
    done = []
    no = playbook(PLAYBOOK, "--diff", *given(pki, *SERVERS)) if refused else None
    for arguments in (["--check"], ["-vvv"], []):
        done.append(playbook(PLAYBOOK, "--diff", *arguments, *given(pki, *SERVERS, **more)))
        states.append(State.now(estate, pki))
    return Runs(leaves, no, Trio(*done), states)


@pytest.fixture(scope="module")
def incomplete(fresh_estate, playbook, shared_pki):
    """Scenario 4 on every server: the leaf alone."""
    leaves = {server.host: shared_pki.leaf(server.name) for server in SERVERS}
    for server in SERVERS:
        install(fresh_estate, server, leaves[server.host])
    return runs(fresh_estate, playbook, shared_pki, leaves)


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.kind)
def test_scenario_4_is_predicted_mended_proved_and_then_left_alone(incomplete, shared_pki, server):
    host, leaf = server.host, incomplete.leaves[server.host]
    before, predicted, after, finally_ = incomplete.states
    check, run, again = incomplete.trio
    assert check.rc == 0, check.stdout
    report = reports(check)[host]
    assert "CHAIN-INCOMPLETE" in report and "4 (intermediates are missing, append them)" in report
    assert before.verified == predicted.verified == [] and predicted.contents == before.contents
    assert run.rc == 0, run.stdout[-3000:]
    assert by_host(check) == by_host(run) and len([diff for name, diff in run.shown if name == host]) == 1 and changes(check) == changes(run)
    assert host in after.verified and after.sent[host] == [leaf.der, shared_pki.two.der, shared_pki.one.der]
    key = leaf.key_pem if server.kind == "haproxy" else ""
    assert after.contents[host] == key + leaf.pem + shared_pki.two.pem + shared_pki.one.pem
    secret = leaf.key_pem.splitlines()[1:3]  # the line after these holds the public key alone
    assert not [line for line in secret if line in run.stdout + run.stderr]
    assert again.rc == 0 and again.changed == []
    assert finally_.contents[host] == after.contents[host]


@pytest.mark.everything
def test_the_oldest_core_takes_the_road_too(estate, playbook, pki, oldest):
    install(estate, APACHE, pki.leaf(APACHE.name))
    check, run = (playbook(PLAYBOOK, "--diff", *more, *given(pki, APACHE), program=oldest) for more in (["--check"], []))
    assert check.rc == run.rc == 0, check.stdout + run.stdout
    assert check.shown == run.shown and verifies(APACHE, pki)


@pytest.mark.hosts("web")
def test_the_seven_questions_are_answered_in_the_report(estate, playbook, pki):
    install(estate, APACHE, pki.leaf(APACHE.name))
    run = playbook("certmend.tls.audit", "-e", "audit_hosts=web", "-e", "audit_fqdn=" + APACHE.name, "-e", "audit_trusted_path=%s" % pki.roots)
    assert run.rc == 0, run.stdout
    for words in (
        "Is the certificate still valid? When does the validity end? yes, until ",
        "What are its common name and subject alternative names? web.corp.example; web.corp.example",
        "Was it addressed by a name that is included in them? yes, web.corp.example",
        "Are the subject alternative names resolvable here? web.corp.example: not resolvable",
        "Can it be linked to a root certificate? no, CN=Corp Issuing CA 2 is missing above CN=web.corp.example",
        "Was it signed by a public or a private CA? a private CA: CN=Corp Issuing CA 2 is not in this machine's trust store",
        "Is it self-signed? no, CN=Corp Issuing CA 2 signed it",
    ):
        assert words in run.stdout, run.stdout


PORTAL = ["portal.corp.example", "intranet.corp.example", "www2.corp.example"]


def portal(pki):
    """A certificate that serves several names, but not that of its server."""
    key = mint.new_key("RSA-2048")
    return mint.mint(PORTAL[0], dns=PORTAL, ip=["10.77.0.30"], issuer=pki.two, key=key, extensions=mint.key_identifiers(key, pki.two), **pki.days)


def other_way(pki, server, **validity):
    """A certificate that this collection would not issue by itself: an organization, two purposes, another kind of key."""
    key = mint.new_key()
    purposes = mint.x509.ExtendedKeyUsage([mint.x509.ObjectIdentifier("1.3.6.1.5.5.7.3.%d" % number) for number in (1, 2)])
    extensions = [*mint.key_identifiers(key, pki.two), (purposes, False)]
    dns = [server.name, "www2.corp.example"]
    return mint.mint(server.name, dns=dns, issuer=pki.two, key=key, organization="Example", extensions=extensions, **validity)


PASSWORD = "Pfx1!Pfx1!"
IMPORT = """
- hosts: web
  gather_facts: false
  roles:
    - role: certmend.tls.fqdn_certificate
      vars:
        fqdn_certificate_fqdn: {server.name}
        fqdn_certificate_provider: import
        fqdn_certificate_content_base64: {pfx}
        fqdn_certificate_password: "Pfx1!Pfx1!"
        fqdn_certificate_server: apache
        fqdn_certificate_private_key_path: {server.key_path}
        fqdn_certificate_path: {server.path}
        fqdn_certificate_prove_from: [localhost]
        fqdn_certificate_prove_trusted_content: {root}
"""


def pfx(certificate):
    """A PKCS#12 with the certificate alone and its key, as Base64."""
    locked = mint.serialization.BestAvailableEncryption(PASSWORD.encode())
    return base64.b64encode(pkcs12.serialize_key_and_certificates(b"web", certificate.key, certificate.x509, None, locked)).decode("ascii")


@pytest.fixture(scope="module")
def replaced(lab, playbook, shared_pki, incomplete):
    """Scenario 1 (self-signed) on nginx and HAProxy, scenario 2 (another name) on httpd: refused without a CA, then replaced with one."""
    lab.reset("depot", "web", "lb")
    leaves = {server.host: mint.mint(server.name, dns=[server.name], **shared_pki.days) for server in (NGINX, HAPROXY)}
    for server in (NGINX, HAPROXY):
        install(lab, server, leaves[server.host])
    leaves["web"] = portal(shared_pki)
    install(lab, APACHE, leaves["web"], shared_pki.two, shared_pki.one)
    ca = {"server_chain_signing_ca_path": str(shared_pki.ca), "server_chain_signing_ca_private_key_path": str(shared_pki.ca_key)}
    return runs(lab, playbook, shared_pki, leaves, "refused", **ca)


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.kind)
def test_scenarios_1_and_2_are_replaced_where_a_ca_is_given_and_only_named_where_none_is(replaced, server):
    before, predicted, after, finally_ = replaced.states
    scenario = (
        "2 (the certificate does not contain the name that clients use"
        if server is APACHE
        else "1 (self-signed, replace it with a certificate that a CA signed)"
    )
    refused, (check, run, again) = replaced.refused, replaced.trio
    assert refused.rc == 2 and refused.changed == []
    assert scenario in reports(refused)[server.host] and "server_chain_signing_ca_path" in refused.failure(server.host)
    assert predicted.contents == before.contents and predicted.sent == before.sent
    assert check.rc == run.rc == 0, check.stdout + run.stdout[-3000:]
    assert by_host(check) == by_host(run) and server.host in after.verified
    assert [name for name, _diff in run.shown].count(server.host) == 1
    assert again.rc == 0 and again.changed == [] and finally_.contents == after.contents


def test_scenario_2_adds_the_missing_name_and_loses_none(replaced):
    """The names of the other services behind the same address are not part of the question, and stay."""
    names = mint.x509.load_der_x509_certificate(replaced.states[2].sent["web"][0]).extensions.get_extension_for_class(mint.x509.SubjectAlternativeName).value
    assert names.get_values_for_type(mint.x509.DNSName) == [APACHE.name, *PORTAL]
    assert [str(address) for address in names.get_values_for_type(mint.x509.IPAddress)] == ["10.77.0.30"]
    check, run, _again = replaced.trio
    for done in (check, run):
        issued = [result for result in done.of("Issue, request or import the certificate") if result["host"] == "web"]
        told = [result["msg"] for result in done.of("Report why, and which names are added and dropped") if result["host"] == "web"]
        assert len(issued) == len(told) == (1 if done is check else 2), "a run predicts it first"
        for result, text in zip(issued, told):
            assert "names added: %s\n" % APACHE.name in str(result["diff"]).replace("\\n", "\n")
            assert "(NAME-MISMATCH)" in text and "Names added: %s." % APACHE.name in text and "Names dropped" not in text


@pytest.fixture(scope="module")
def refused(lab, playbook, tmp_path_factory, replaced):
    """Scenario 3 on httpd, and on nginx a chain that cannot be built: (run, contents before, contents after)."""
    pki = Pki(tmp_path_factory.mktemp("pki"))
    lab.reset("depot", "web")
    other = pki.authority("Another Root CA", None)
    install(lab, APACHE, pki.leaf(APACHE.name, issuer=other), other)
    install(lab, NGINX, pki.leaf(NGINX.name))
    pki.pool.write_text(pki.one.pem, encoding="ascii")
    before = contents(lab, [NGINX, APACHE])
    return playbook(PLAYBOOK, *given(pki, NGINX, APACHE)), before, contents(lab, [NGINX, APACHE])


def test_a_chain_that_cannot_be_built_changes_nothing_and_names_what_is_missing(refused):
    run, before, after = refused
    assert run.rc == 2 and "the certificate CN=Corp Issuing CA 2" in run.failure("depot") and run.changed == []
    assert before == after


def test_scenario_3_is_refused_and_named(refused):
    run, _before, _after = refused
    assert run.rc == 2 and "3 (the client does not trust the CA" in reports(run)["web"] and "trust_anchor" in str(run.on("web"))


def test_scenario_3_is_mended_at_the_client(estate, playbook, pki):
    other = pki.authority("Another Root CA", None)
    install(estate, APACHE, pki.leaf(APACHE.name, issuer=other), other)
    pki.roots.write_text(other.pem, encoding="ascii")
    asked = ["--diff", *given(pki, APACHE, server_chain_clients="lb")]
    check, run = playbook(PLAYBOOK, "--check", *asked), playbook(PLAYBOOK, *asked)
    assert run.rc == 0 and check.shown == run.shown, run.stdout
    assert trusts(estate["lb"], other)
    assert proofs(check) == [] and proofs(run) == ["lb"], "after the change, by the client's own trust store"
    again = playbook(PLAYBOOK, *asked)
    assert again.rc == 0 and again.changed == [] and proofs(again) == ["lb", "lb"], "in the preflight, and again in the run"


@pytest.mark.hosts("web", "lb", "depot")
@pytest.mark.reliability(
    "the last step fails",
    playbooks=["server_chain"],
    afterwards="the server and the client are as before; kept with server_chain_keep_on_failure",
)
def test_a_client_that_refuses_a_server_has_everything_rolled_back_on_all_hosts(estate, playbook, pki):
    """The client resolves the server's name to another machine: what the controller verifies, this client does not get."""
    leaf = pki.leaf(APACHE.name)
    install(estate, APACHE, leaf)
    client, before = estate["lb"], contents(estate, [APACHE])
    client.run("sh", "-c", "echo %s %s >> /etc/hosts" % (ADDRESSES["depot"], APACHE.name))
    asked = given(pki, APACHE, server_chain_clients="lb")
    run = playbook(PLAYBOOK, *asked)
    assert run.rc == 2 and "web.corp.example:443" in "".join(run.failure("lb")), run.stdout[-3000:]
    reloads = [result["host"] for result in run.of("Reload the server") if result["changed"]]
    assert proofs(run) == [] and reloads == ["web", "web"], "after the change, and after the rollback"
    assert contents(estate, [APACHE]) == before and presented(APACHE) == [leaf.der] and not trusts(client, pki.root)
    kept = playbook(PLAYBOOK, *asked, "-e", "server_chain_keep_on_failure=true")
    assert kept.rc == 2 and "Kept, as asked" in kept.stdout
    assert verifies(APACHE, pki) and trusts(client, pki.root)


@pytest.mark.parametrize("lost", [{"server_chain_clients": "lb"}, {"server_chain_prove_from": ["lb"]}], ids=["client", "prover"])
@pytest.mark.hosts("web", "lb")
@pytest.mark.reliability(
    "a host that verifies cannot be reached",
    playbooks=["server_chain"],
    afterwards="stopped before the first change",
)
def test_a_client_that_cannot_be_reached_stops_the_run_before_the_first_change(estate, playbook, pki, lost):
    install(estate, APACHE, pki.leaf(APACHE.name))
    before = contents(estate, [APACHE])
    estate["lb"].stop()
    try:
        run = playbook(PLAYBOOK, *given(pki, APACHE, **lost))
    finally:
        estate["lb"].start()
    assert run.rc != 0 and "lb cannot be reached" in run.stdout and "Nothing was changed on any host." in run.stdout, run.stdout[-3000:]
    assert contents(estate, [APACHE]) == before and run.changed == []


@pytest.mark.everything
@pytest.mark.hosts("web", "lb")
@pytest.mark.reliability(
    "a host is lost in the middle",
    playbooks=["server_chain"],
    afterwards="the server is as before, byte-identical, and the lost client is reported",
)
def test_a_client_that_is_lost_in_the_middle_is_reported_and_the_server_is_rolled_back(estate, prepare, started, pki):
    """The server has its new file and is about to reload it when the plug of the client that gets the CA is pulled."""
    leaf, web = pki.leaf(APACHE.name), estate["web"]
    install(estate, APACHE, leaf)
    web.run("cp", "-p", APACHE.path, "/root/before.pem")
    attributes = web.run("stat", "-c", "%a %u %g %Y", APACHE.path).stdout
    halt = "cmp -s /root/before.pem %s || { touch /root/checking; until test -e /root/go; do sleep 0.05; done; }; apache2ctl configtest" % APACHE.path
    halted = prepare(PLAYBOOK, *given(pki, APACHE, server_chain_clients="lb", server_chain_check_command=["sh", "-c", halt], remediation_timeout=600))
    with started(halted) as run:
        web.run("sh", "-c", "until test -e /root/checking; do sleep 0.05; done")
        estate["lb"].stop()
        web.run("touch", "/root/go")
        status = run.wait()
    estate["lb"].start()
    output = (halted.folder / "output").read_text(encoding="utf-8")
    assert status != 0 and "lb cannot be reached" in output, output[-3000:]
    assert web.run("cmp", "/root/before.pem", APACHE.path).returncode == 0 and web.run("stat", "-c", "%a %u %g %Y", APACHE.path).stdout == attributes
    assert presented(APACHE) == [leaf.der], output[-3000:]


@pytest.mark.everything
@pytest.mark.hosts("depot")
@pytest.mark.reliability(
    "the change is not wanted any more",
    playbooks=["server_chain"],
    afterwards="restored by the command that the run prints, with owner, mode and time; a second restore changes nothing",
)
def test_the_command_that_the_run_prints_restores_the_chain_and_only_once(estate, playbook, pki):
    leaf, depot = pki.leaf(NGINX.name), estate["depot"]
    install(estate, NGINX, leaf)
    before = depot.run("sh", "-c", "stat -c '%%a %%u %%g %%Y' %s; cat %s" % (NGINX.path, NGINX.path)).stdout
    run = playbook(PLAYBOOK, *given(pki, NGINX))
    assert run.rc == 0 and presented(NGINX) == [leaf.der, pki.two.der, pki.one.der], run.stdout[-3000:]
    (command,) = set(re.findall(r"undo all: ansible-playbook -i \S+ (certmend.tls.restore [^\"]*)", run.stdout))
    restored = playbook(*shlex.split(command))
    assert restored.rc == 0 and presented(NGINX) == [leaf.der], restored.stdout[-3000:]
    assert depot.run("sh", "-c", "stat -c '%%a %%u %%g %%Y' %s; cat %s" % (NGINX.path, NGINX.path)).stdout == before
    again = playbook(*shlex.split(command))
    assert again.rc == 0 and again.changed == [], again.stdout[-3000:]


#: how each server reads all files of the folder of its certificates, and how its configuration is checked
FOLDERS = {
    NGINX: ("sed -i 's,^http {,http { include %s/*.bak; include %s/*certmend*;,' /etc/nginx/nginx.conf", ["nginx", "-t"]),
    APACHE: ("printf 'IncludeOptional %%s\\n' '%s/*.bak' '%s/*certmend*' >> /etc/apache2/apache2.conf", ["apache2ctl", "configtest"]),
    HAPROXY: ("sed -i 's,crt %s/lb.pem,crt %s/,' /etc/haproxy/haproxy.cfg", ["haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"]),
}


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.kind)
def test_a_server_that_reads_a_whole_folder_reads_no_backup_and_no_temporary_file(estate, tmp_path, server):
    """HAProxy refused its crt DIRECTORY because of a backup in it, and folders of included files are like it."""
    template = str(tmp_path / os.path.basename(server.path))
    with NewFile(template, b"") as temporary:
        names = [os.path.basename(temporary.path)]
    with open(template, "wb"):
        names.append(os.path.basename(back_up(Snapshot.of(template, "path"), "path")))
    host, folder, (configure, check) = estate[server.host], os.path.dirname(server.path), FOLDERS[server]
    host.run("sh", "-c", configure % (folder, folder))
    assert host.run(*check, check=False).returncode == 0
    for name in names:
        host.write("%s/%s" % (folder, name), "neither a certificate nor a configuration\n")
    assert host.run(*check, check=False).returncode == 0, names
    for name in names:
        host.run("sh", "-c", "cd %s && mv %s x%s" % (folder, name, name))
        assert host.run(*check, check=False).returncode != 0, "the server would read a file with another name"
        host.run("rm", "%s/x%s" % (folder, name))


@pytest.mark.hosts("depot", "lb")
def test_a_certificate_outside_its_validity_is_replaced_where_a_ca_is_given_and_keeps_everything_else(estate, playbook, pki):
    """An expired certificate and one that is not valid yet. Subject, names, purposes and key stay."""
    leaves = {
        NGINX: other_way(pki, NGINX, starts=REAL.days(-90)["starts"], ends=REAL.days(ends=-3)["ends"]),
        HAPROXY: other_way(pki, HAPROXY, starts=REAL.days(3)["starts"], ends=REAL.days()["ends"]),
    }
    for server, leaf in leaves.items():
        install(estate, server, leaf, pki.two, pki.one)
    before = contents(estate, leaves)
    refused = playbook(PLAYBOOK, *given(pki, *leaves))
    assert refused.rc == 2 and refused.changed == [] and contents(estate, leaves) == before
    assert all("server_chain_signing_ca_path" in refused.failure(server.host) for server in leaves)
    asked = given(pki, *leaves, server_chain_signing_ca_path=str(pki.ca), server_chain_signing_ca_private_key_path=str(pki.ca_key))
    check, run, again = (playbook(PLAYBOOK, "--diff", *more, *asked) for more in (["--check"], [], []))
    assert check.rc == run.rc == 0 and by_host(check) == by_host(run) != [], run.stdout[-3000:]
    assert again.rc == 0 and again.changed == [], again.stdout[-3000:]
    told = {result["host"]: result["msg"] for result in run.of("Report why, and which names are added and dropped")}
    assert "(VALIDITY-EXPIRED)" in told["depot"] and "(VALIDITY-NOT-YET)" in told["lb"]
    for server, leaf in leaves.items():
        new = mint.x509.load_der_x509_certificate(presented(server)[0])
        assert verifies(server, pki) and new.subject == leaf.x509.subject and new.public_key() == leaf.x509.public_key()
        for extension in (mint.x509.SubjectAlternativeName, mint.x509.ExtendedKeyUsage):
            assert new.extensions.get_extension_for_class(extension).value == leaf.x509.extensions.get_extension_for_class(extension).value


@pytest.mark.hosts("web")
def test_the_expired_certificate_of_a_ca_is_replaced_by_its_successor(estate, playbook, pki):
    """No new certificate is needed for the server, and no CA that signs one."""
    leaf, days = pki.leaf(APACHE.name), REAL.days(-30, -2)
    expired = mint.authority("Corp Issuing CA 2", issuer=pki.one, key=pki.two.key, extensions=mint.key_identifiers(pki.two.key, pki.one), **days)
    install(estate, APACHE, leaf, expired, pki.one)
    run = playbook(PLAYBOOK, *given(pki, APACHE))
    assert run.rc == 0 and "VALIDITY-EXPIRED" in reports(run)["web"], run.stdout[-3000:]
    assert presented(APACHE) == [leaf.der, pki.two.der, pki.one.der] and verifies(APACHE, pki)


@pytest.mark.everything
@pytest.mark.hosts("web")
def test_a_name_is_dropped_only_on_request(estate, playbook, pki):
    install(estate, APACHE, portal(pki), pki.two, pki.one)
    ca = {"server_chain_signing_ca_path": str(pki.ca), "server_chain_signing_ca_private_key_path": str(pki.ca_key)}
    asked = ["--diff", *given(pki, APACHE, server_chain_drop_names=["WWW2.corp.example", "10.77.0.30"], **ca)]
    check, run, again = (playbook(PLAYBOOK, *more, *asked) for more in (["--check"], [], []))
    assert check.rc == run.rc == 0 and check.shown == run.shown and again.changed == [], run.stdout[-3000:]
    for done in (check, run):
        (told,) = {result["msg"] for result in done.of("Report why, and which names are added and dropped")}
        assert "Names added: %s." % APACHE.name in told and "Names dropped: www2.corp.example, 10.77.0.30." in told
        ((_host, diff),) = done.shown
        assert "names dropped: www2.corp.example, 10.77.0.30" in str(diff)
    names = mint.x509.load_der_x509_certificate(presented(APACHE)[0]).extensions.get_extension_for_class(mint.x509.SubjectAlternativeName).value
    assert [entry.value for entry in names] == [APACHE.name, *PORTAL[:2]]


@pytest.mark.hosts("web")
def test_a_server_with_which_nothing_is_wrong_is_left_alone_and_verified(estate, playbook, pki):
    """The root behind the chain is superfluous, and no reason to write the file."""
    install(estate, APACHE, pki.leaf(APACHE.name), pki.two, pki.one, pki.root)
    before = contents(estate, [APACHE])
    run = playbook(PLAYBOOK, *given(pki, APACHE))
    assert run.rc == 0 and run.changed == [] and contents(estate, [APACHE]) == before
    assert reports(run) == {"web": "['web.corp.example:443: ok']"}
    assert run.of("Verify the server, which keeps its certificate"), run.stdout


@pytest.mark.hosts("depot")
@pytest.mark.reliability(
    "the plan cannot work",
    playbooks=["server_chain"],
    afterwards="a configuration that is invalid already stops the run before the first change, in check mode too",
)
def test_a_configuration_that_is_broken_already_is_found_by_the_preflight(estate, playbook, pki):
    """Unless it is broken because of the files that the run repairs."""
    depot = estate["depot"]
    install(estate, NGINX, pki.leaf(NGINX.name))
    before = contents(estate, [NGINX])
    depot.run("sh", "-c", "cp /etc/nginx/nginx.conf /root; echo 'nonsense;' >> /etc/nginx/nginx.conf")
    for more in (["--check"], []):
        run = playbook(PLAYBOOK, *more, *given(pki, NGINX))
        assert run.rc == 2 and "nginx -t" in run.stdout and "nonsense" in run.stdout, run.stdout[-3000:]
    assert run.changed == [] and contents(estate, [NGINX]) == before
    depot.run("cp", "/root/nginx.conf", "/etc/nginx/nginx.conf")
    install(estate, NGINX, mint.mint(NGINX.name, dns=[NGINX.name], **pki.days))
    depot.run("rm", NGINX.path)
    assert depot.run("nginx", "-t", check=False).returncode != 0
    repaired = playbook(PLAYBOOK, *given(pki, NGINX, server_chain_signing_ca_path=str(pki.ca), server_chain_signing_ca_private_key_path=str(pki.ca_key)))
    assert repaired.rc == 0 and verifies(NGINX, pki), repaired.stdout[-3000:]


HANGS = "cmp -s /root/before.pem %s || until test -e /root/go; do sleep 0.1; done" % NGINX.path


@pytest.mark.hosts("depot")
@pytest.mark.reliability(
    "the reload hangs",
    playbooks=["server_chain"],
    afterwards="so does a check: the time limit ends it, it is named, and the file is rolled back",
)
def test_a_check_that_hangs_is_ended_and_named(estate, playbook, pki):
    leaf = pki.leaf(NGINX.name)
    install(estate, NGINX, leaf)
    estate["depot"].run("cp", "-p", NGINX.path, "/root/before.pem")
    run = playbook(PLAYBOOK, *given(pki, NGINX, server_chain_check_command=["sh", "-c", HANGS], remediation_timeout=20))
    estate["depot"].run("touch", "/root/go")
    said = "".join(run.failure("depot"))
    assert run.rc == 2 and "sh -c %s did not end within 20 seconds" % HANGS in said and "were rolled back" in said, run.stdout[-3000:]
    assert presented(NGINX) == [leaf.der]


@pytest.mark.everything
@pytest.mark.hosts("depot")
def test_a_reload_that_hangs_is_ended_and_named(estate, playbook, pki):
    leaf = pki.leaf(NGINX.name)
    install(estate, NGINX, leaf)
    depot = estate["depot"]
    depot.run("cp", "-p", NGINX.path, "/root/before.pem")
    depot.write("/etc/init.d/hangs", '#!/bin/sh\n%s\nexec service nginx "$1"\n' % HANGS)
    depot.run("chmod", "755", "/etc/init.d/hangs")
    run = playbook(PLAYBOOK, *given(pki, NGINX, server_chain_service="hangs", remediation_timeout=20))
    depot.run("touch", "/root/go")
    said = "".join(run.failure("depot"))
    assert run.rc == 2 and "the reload of hangs did not end within 20 seconds" in said and "were rolled back" in said, run.stdout[-3000:]
    assert presented(NGINX) == [leaf.der]


@pytest.mark.reliability("the proof fails", playbooks=["server_chain"], afterwards="rolled back on each host")
def test_a_failing_proof_puts_the_old_file_back(estate, playbook, pki):
    """On every server; between change and reload the old file comes back."""
    leaves = {server.host: pki.leaf(server.name) for server in SERVERS}
    for server in SERVERS:
        install(estate, server, leaves[server.host])
        estate[server.host].run("cp", "-p", server.path, "/root/before.pem")
    before = contents(estate)
    sabotage = {"server_chain_check_command": ["cp", "/root/before.pem", "{{ server_chain_path }}"], "server_chain_prove_timeout": 1}
    run = playbook(PLAYBOOK, *given(pki, *SERVERS, **sabotage))
    assert run.rc == 2, run.stdout
    for server in SERVERS:
        assert "were rolled back" in "".join(run.failure(server.host))
        assert presented(server) == [leaves[server.host].der]
    assert contents(estate) == before


@pytest.mark.hosts("depot")
@pytest.mark.reliability("the check of the new configuration fails", playbooks=["server_chain"], afterwards="rolled back; the configuration was never loaded")
def test_a_configuration_that_does_not_check_is_never_loaded(estate, playbook, pki):
    leaf = pki.leaf(NGINX.name)
    install(estate, NGINX, leaf)
    estate["depot"].run("cp", "-p", NGINX.path, "/root/before.pem")
    check = "cmp -s /root/before.pem %s || { echo broken >&2; exit 1; }" % NGINX.path
    run = playbook(PLAYBOOK, *given(pki, NGINX, server_chain_check_command=["sh", "-c", check]))
    assert run.rc == 2 and "broken" in run.stdout and "were rolled back" in run.stdout
    assert presented(NGINX) == [leaf.der]


@pytest.mark.hosts("web")
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
    check, run, again = (playbook(play, "--diff", *more) for more in (["--check"], [], []))
    assert run.rc == 0 and check.shown == run.shown and again.changed == [], run.stdout
    assert estate["web"].read("/root/plain.pem") == leaf.pem + pki.two.pem + pki.one.pem


@pytest.mark.hosts("web")
def test_a_pkcs12_is_imported_with_its_key_and_keeps_the_intermediates_that_clients_need(estate, playbook, pki):
    """Another CA's way: a leaf alone, its key, and a password. Of two answers the CA dropped a name in the first."""
    install(estate, APACHE, portal(pki), pki.two, pki.one)
    before, new = contents(estate, [APACHE]), mint.new_key("RSA-2048")
    answers = [
        mint.mint(APACHE.name, dns=names, ip=["10.77.0.30"], issuer=pki.two, key=new, extensions=mint.key_identifiers(new, pki.two), **pki.days)
        for names in ([APACHE.name, *PORTAL[:2]], [APACHE.name, *PORTAL])
    ]
    plays = [IMPORT.format(server=APACHE, pfx=pfx(answer), root=json.dumps(pki.root.pem)) for answer in answers]
    lost = playbook(plays[0], "--diff")
    assert lost.rc == 2 and "lacks names that are served now or were requested: www2.corp.example" in lost.failure("web")
    assert "drop_names" in lost.failure("web") and contents(estate, [APACHE]) == before
    check, run, again = (playbook(plays[1], "--diff", *more) for more in (["--check"], ["-vvv"], []))
    assert run.rc == 0 and check.shown == run.shown and again.changed == [], run.stdout[-3000:]
    assert presented(APACHE) == [answers[1].der, pki.two.der, pki.one.der] and verifies(APACHE, pki)
    assert estate["web"].read(APACHE.key_path) == answers[1].key_pem
    assert not [line for line in [*answers[1].key_pem.splitlines()[9:-1], PASSWORD] if line in run.stdout + run.stderr.replace(plays[1], "")]


@pytest.mark.hosts("web")
def test_the_file_and_the_roots_have_to_be_named(estate, playbook, pki):
    run = playbook(PLAYBOOK, "-e", "server_chain_hosts=web")
    assert run.rc == 2 and "Set server_chain_path" in " ".join(run.stdout.split())
