# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KB 429301 from end to end: what check mode predicts, what the run does, what a second run does, what a failure leaves.

What the module refuses by itself is a module test (tests/unit/plugins/modules/test_cert_issue_input.py); a configuration that the server refuses is in
the Molecule scenario `rollback`.
"""

from __future__ import annotations

import json
import socket
import typing

import pytest
from conftest import Trio

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.forms import openssl

pytestmark = pytest.mark.hosts("depot", "installer", "web")

FQDN = "depot.corp.example"
STORE = "/etc/vmware/vcf/commonsvcs/trusted_certificates.store"
SECRETS = ("DepotPw1!", "AdminPw1!Admin", "RootPw1!", "VcfPw1!", "StorePw1!")
API = {
    "offline_depot_configure_installer": "true",
    "offline_depot_username": "depot",
    "offline_depot_password": "DepotPw1!",
    "offline_depot_installer_password": "AdminPw1!Admin",
}
BOTH = ("own_ca", "self_signed")
PKCS12_PASSWORD = "CaFilePw1!"


def extra(estate, provider="own_ca", **more):
    """The command line of a run."""
    given = {"offline_depot_fqdn": FQDN, **more}
    if provider == "own_ca":
        given["offline_depot_signing_ca_path"] = estate.state / "pki" / "ca.pem"
        given["offline_depot_signing_ca_private_key_path"] = estate.state / "pki" / "ca.key"
    return [word for name, value in given.items() for word in ("-e", "%s=%s" % (name, value))]


def counted(run):
    """What was changed, by host, whether it has a diff or not; an item counts for its task."""
    return sorted((result["host"], result["status"].startswith("item")) for result in run.changed)


def served(estate):
    """The subject that the depot serves, as openssl sees it from another host."""
    script = "openssl s_client -connect 10.77.0.10:443 </dev/null 2>/dev/null | openssl x509 -noout -subject -ext subjectAltName"
    return estate["web"].run("sh", "-c", script, check=False).stdout


class World(typing.NamedTuple):
    """What the runs may change, as it was at one moment."""

    certificate: str
    key: str
    hosts: str
    served: str

    @classmethod
    def now(cls, estate):
        depot = estate["depot"]
        return cls(depot.read("/etc/nginx/tls/depot.pem"), depot.read("/etc/nginx/tls/depot.key"), estate["installer"].read("/etc/hosts"), served(estate))


class Mended(typing.NamedTuple):
    """A provider's trio, and the estate before it, after check mode, and after the run."""

    provider: str
    trio: Trio
    before: World
    predicted: World
    after: World
    key_on_installer: str
    backups: dict
    wrong_password: object
    wrong_account: object
    forced: object
    replaced: list


BACKUPS = "find /var/lib /etc /usr/local/share '(' -path '/var/lib/certmend/*' -o -name '*.bak' -o -name '.certmend*' ')' -printf '%m %p\\n'"


CLIENTS_ONLY = {"offline_depot_address": "10.78.0.10"}


def clients_only(lab):
    """Give the depot and its clients a network that the controller is not in."""
    for number, host in ((10, "depot"), (11, "installer"), (12, "web")):
        lab[host].run("sh", "-c", "ip addr add 10.78.0.%d/24 dev $(ip -o -4 addr show to 10.77.0.0/24 | cut -d' ' -f2)" % number)


def closed_gate(folder):
    gate = folder / "gate.yml"
    gate.write_text("- name: The estate is frozen\n  ansible.builtin.fail:\n    msg: frozen until Monday\n", encoding="utf-8")
    return ["-e", "remediation_gate=%s" % gate]


@pytest.fixture(scope="module", params=BOTH)
def mended(lab, playbook, tmp_path_factory, request):
    """Check, run, again. With our own CA the depot is set through the installer's API as well, and every run says all it can (-vvv).

    The others show what a run without them does not: a depot whose https port the controller has no route to, check mode behind a closed gate, and at
    last wrong accounts for the API, and a CA for the certificate.
    """
    provider, settings, gate = request.param, API, []
    lab.reset("depot", "installer", "web")
    if provider == "self_signed":
        settings, gate = {}, closed_gate(tmp_path_factory.mktemp("gate"))
        clients_only(lab)
    arguments = ["--diff", *extra(lab, provider, **(settings or CLIENTS_ONLY)), *(["-vvv"] if settings else [])]
    before = World.now(lab)
    check = playbook("certmend.tls.offline_depot", "--check", *arguments, *gate)
    predicted = World.now(lab)
    run = playbook("certmend.tls.offline_depot", *arguments)
    after = World.now(lab)
    found = lab["installer"].run("grep", "-rlF", before.key.splitlines()[1], "/etc", "/usr/local", "/tmp", "/root", "/home", check=False).stdout
    backups = {host: lab[host].run("sh", "-c", BACKUPS).stdout for host in ("depot", "installer")}
    trio = Trio(check, run, playbook("certmend.tls.offline_depot", *arguments))
    wrong, refused, forced, replaced = None, None, None, []
    if not settings:
        forced = playbook("certmend.tls.offline_depot", "--diff", *extra(lab, provider, **CLIENTS_ONLY, offline_depot_force="true"))
        lab["installer"].write("/root/lab-ca.pem", lab.ca.read_text())  # which no trust store has with this provider
        wrong_password = {**API, "offline_depot_password": "wrong", "offline_depot_installer_trusted_path": "/root/lab-ca.pem"}
        wrong = playbook("certmend.tls.offline_depot", *extra(lab, provider, **CLIENTS_ONLY, **wrong_password))
        wrong_account = {**wrong_password, "offline_depot_installer_password": "wrong-Account1!"}
        refused = playbook("certmend.tls.offline_depot", *extra(lab, "own_ca", **CLIENTS_ONLY, **wrong_account))
        replaced = [playbook("certmend.tls.offline_depot", "--diff", *extra(lab, "own_ca", **CLIENTS_ONLY), *more) for more in (["--check"], [], [])]
    return Mended(provider, trio, before, predicted, after, found, backups, wrong, refused, forced, replaced)


def test_check_mode_shows_exactly_what_the_run_does_and_touches_nothing(mended):
    """For the self-signed certificate behind a closed gate: an inspection is never blocked."""
    check, run, _again = mended.trio
    assert check.rc == 0, check.stdout[-3000:]
    assert mended.predicted == mended.before and "10.77.0.10" in mended.before.served
    assert run.rc == 0, run.stdout[-3000:]
    assert check.shown == run.shown
    assert len(run.shown) >= 5, "certificate, hosts file and three trust stores"
    assert counted(check) == counted(run)


def test_the_installer_verifies_the_depot_by_its_fqdn_and_a_second_run_changes_nothing(mended):
    again = mended.trio.again
    assert "depot.corp.example" in mended.after.served
    assert again.rc == 0 and again.changed == [], again.stdout[-3000:]
    proofs = again.of("Verify the server with the certificates of each Java keystore")
    assert [proof["status"] for proof in proofs if proof["status"].startswith("item")] == ["item ok"] * 2, "both keystores, once"


def test_the_controller_needs_no_route_to_the_depot(mended):
    """The installers are the clients: they read the certificate before, and verify it afterwards."""
    if mended.provider == "own_ca":
        return
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection((CLIENTS_ONLY["offline_depot_address"], 443), timeout=5)
    (report,) = mended.trio.check.of("Report")[:1]
    assert "certificate: CN=10.77.0.10" in str(report["msg"]) and "unreachable" not in str(report["msg"]), report
    assert "VERIFIED depot.corp.example:443 from installer" in mended.trio.run.stdout, mended.trio.run.stdout[-3000:]


def test_a_self_signed_certificate_that_was_replaced_is_removed_from_the_stores(mended, lab):
    """After the proof of the new one, and only if a run of ours added it; as check mode says."""
    if mended.provider == "own_ca":
        return
    check, run, again = mended.replaced
    assert check.rc == run.rc == again.rc == 0, run.stdout[-3000:]
    assert check.shown == run.shown and again.changed == [], again.stdout[-3000:]
    removed = [number for number, result in enumerate(run.results) if result["changed"] and "CN=depot.corp.example" in removed_lines(result["diff"])]
    verified = [number for number, result in enumerate(run.results) if "Verify the server with the certificates" in result["task"]]
    assert len(removed) >= 3 and min(removed) > max(verified), "from three trust stores, and only after the proof"


def test_a_self_signed_certificate_that_another_one_replaced_is_removed_from_the_stores(mended):
    if mended.provider == "self_signed":
        run = mended.forced
        assert run.rc == 0, run.stdout[-3000:]
        parts = [
            part for result in run.results if result["changed"] for part in (result["diff"] if isinstance(result["diff"], list) else [result["diff"] or {}])
        ]
        stores = [part for part in parts if "trust store" in part.get("before_header", "")]
        added = [part for part in stores if "depot.corp.example (self-signed" in part["after"] and not part["before"]]
        removed = [part for part in stores if "CN=depot.corp.example" in part["before"] and not part["after"]]
        assert len(added) == len(removed) == 3, json.dumps(stores, indent=1)


def removed_lines(diff):
    """What the diff of a trust store removes."""
    parts = diff if isinstance(diff, list) else [diff or {}]
    return "".join(part.get("before", "") for part in parts if "trust store" in part.get("before_header", "") and not part.get("after"))


@pytest.mark.everything
def test_the_oldest_core_does_the_same(estate, playbook, oldest):
    trio = Trio(*(playbook("certmend.tls.offline_depot", "--diff", *extra(estate), *more, program=oldest) for more in (["--check"], [], [])))
    assert [run.rc for run in trio] == [0, 0, 0], trio.run.stdout
    assert trio.check.shown == trio.run.shown and trio.again.changed == []


def test_the_key_stays_and_never_leaves_the_depot(mended):
    assert mended.after.key == mended.before.key
    assert mended.key_on_installer == ""


def test_no_secret_is_in_any_output(mended, lab):
    for run in mended.trio:
        # the command line that the test itself typed is printed by -vvv; everything else must be clean
        output = "\n".join(line for line in (run.stdout + run.stderr).splitlines() if "offline_depot_password=" not in line)
        # the first lines of an RSA key are its modulus, which the certificate has as well
        key, ca_key = (text.splitlines()[9:-1] for text in (mended.after.key, (lab.state / "pki" / "ca.key").read_text()))
        assert "PRIVATE KEY-----" not in output
        assert not [line for line in key + ca_key if line in output]
        assert not [secret for secret in SECRETS if secret in output]


def test_only_root_can_read_the_old_files(mended):
    """They lie in the journals and nowhere else: a server that reads every file of a folder must not meet a backup."""
    for host, listing in mended.backups.items():
        modes = dict(reversed(line.split()) for line in listing.splitlines())
        assert any(path.endswith("/journal.json") for path in modes), "there are journals on " + host
        assert all(path.startswith("/var/lib/certmend/") for path in modes)
        assert {mode for path, mode in modes.items() if path.rpartition("/")[2].strip("0123456789") in ("", "journal.json")} == {"600"}
        assert {mode for path, mode in modes.items() if "." not in path and not path[-1].isdigit()} == {"700"}


def test_the_installer_takes_the_depot_through_its_api_and_a_wrong_password_is_told_in_its_words(mended):
    """That it is set only once is in the second run, which changes nothing."""
    if mended.provider == "own_ca":
        assert "DEPOT_CONNECTION_SUCCESSFUL" in mended.trio.run.stdout
    else:
        assert mended.wrong_password.rc == 2 and "Invalid username or password" in mended.wrong_password.stdout


def test_an_account_that_the_installer_refuses_stops_the_preflight(mended):
    if mended.provider == "self_signed":
        run = mended.wrong_account
        assert run.rc == 2 and run.changed == [], run.stdout[-3000:]
        assert "did not accept the account admin@local: IDENTITY_UNAUTHORIZED_ENTITY: Invalid username or password" in " ".join(run.stdout.split())
        assert "Nothing was changed" in run.stdout and "wrong-Account1!" not in run.stdout


@pytest.mark.reliability("the proof fails", playbooks=["offline_depot"], afterwards="rolled back; the installers are not changed")
def test_a_failing_proof_puts_the_old_certificate_back_and_says_why(estate, playbook):
    depot = estate["depot"]
    paths = ("/etc/nginx/tls/depot.pem", "/etc/nginx/tls/depot.key")
    before = {path: depot.run("sh", "-c", "stat -c '%%a %%u %%g %%Y' %s; cat %s" % (path, path)).stdout for path in paths}
    depot.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/root/x.key", "-out", "/root/x.pem", "-subj", "/CN=Other CA")
    others = json.dumps({"fqdn_certificate_prove_trusted_content": depot.read("/root/x.pem"), "offline_depot_prove_timeout": 1})
    run = playbook("certmend.tls.offline_depot", *extra(estate), "-e", others)
    assert run.rc == 2
    assert "TRUST-UNKNOWN-CA" in run.stdout or "CHAIN-INCOMPLETE" in run.stdout
    assert "were rolled back" in run.stdout and "10.77.0.10" in served(estate)
    assert {path: depot.run("sh", "-c", "stat -c '%%a %%u %%g %%Y' %s; cat %s" % (path, path)).stdout for path in paths} == before
    assert "depot.corp.example" not in estate["installer"].read("/etc/hosts"), "the installers were not touched"


@pytest.mark.reliability(
    "somebody else changes the file meanwhile", playbooks=["offline_depot"], afterwards="left alone, and reported with the folder that has the old content"
)
def test_what_somebody_else_changed_meanwhile_is_kept_and_reported(estate, playbook):
    """Two runs on one host ended with the winner's change undone: a file is restored only if it is as this run left it."""
    depot = estate["depot"]
    depot.run("cp", "/etc/nginx/tls/depot.pem", "/root/before.pem")
    sabotage = '["sh", "-c", "cmp -s /root/before.pem /etc/nginx/tls/depot.pem || { echo theirs > /etc/nginx/tls/depot.pem; false; }"]'
    run = playbook("certmend.tls.offline_depot", *extra(estate), "-e", '{"fqdn_certificate_check_command": %s}' % sabotage)
    assert run.rc == 2 and depot.read("/etc/nginx/tls/depot.pem") == "theirs\n"
    assert "/etc/nginx/tls/depot.pem (somebody else changed it after this run)" in run.stdout
    assert "/var/lib/certmend/journal/fqdn_certificate-nginx" in run.stdout


def ca_of(estate):
    """The CA of the estate, which signs certificates for tests."""
    pem, key = ((estate.state / "pki" / name).read_bytes() for name in ("ca.pem", "ca.key"))
    return mint.Minted(mint.x509.load_pem_x509_certificate(pem), mint.serialization.load_pem_private_key(key, None))


def serve(estate, name):
    """Let the depot serve a certificate of the estate's CA for one name."""
    certificate = mint.mint(name, dns=[name], issuer=ca_of(estate), key=mint.shared_key("RSA-2048"), **REAL.days())
    estate["depot"].write("/etc/nginx/tls/depot.key", certificate.key_pem)
    estate["depot"].write("/etc/nginx/tls/depot.pem", certificate.pem)
    estate["depot"].run("service", "nginx", "reload")
    return certificate


def test_a_good_certificate_of_a_ca_stays_and_the_installers_trust_its_ca(estate, playbook):
    """The command of the README, which names no CA; and with the CA alone, for the installers that do not trust it yet."""
    good = serve(estate, FQDN)
    trusted = ["-e", "offline_depot_signing_ca_path=%s" % (estate.state / "pki" / "ca.pem")]
    readme = playbook("certmend.tls.offline_depot", "--check", "--diff", "-e", "offline_depot_fqdn=" + FQDN)
    assert readme.rc == 0 and {result["host"] for result in readme.changed} == {"installer"}, readme.stdout[-3000:]
    assert "no finding calls for a new certificate" in readme.stdout and "TRUST-NOT-JUDGED" in readme.stdout
    first = playbook("certmend.tls.offline_depot", "-e", "offline_depot_fqdn=" + FQDN, *trusted)
    again = playbook("certmend.tls.offline_depot", "-e", "offline_depot_fqdn=" + FQDN)
    assert first.rc == again.rc == 0 and {result["host"] for result in first.changed} == {"installer"}, first.stdout[-3000:] + again.stdout[-3000:]
    assert again.changed == [] and estate["depot"].read("/etc/nginx/tls/depot.pem") == good.pem


@pytest.mark.reliability(
    "the plan cannot work",
    playbooks=["offline_depot"],
    afterwards="stopped before the first change, with the option that allows it",
)
def test_the_certificate_of_a_ca_is_not_replaced_by_a_self_signed_one_without_a_word(estate, playbook):
    serve(estate, "other.corp.example")
    run = playbook("certmend.tls.offline_depot", "-e", "offline_depot_fqdn=" + FQDN)
    assert run.rc == 2 and run.changed == []
    assert "NAME-MISMATCH" in run.failure("depot") and "CN=Lab Root CA signed the present one" in run.failure("depot")
    assert "offline_depot_provider=self_signed" in run.failure("depot")


def test_a_closed_gate_stops_the_run_before_the_first_change(estate, playbook, tmp_path):
    """That it does not stop check mode: see test_check_mode_shows_exactly_what_the_run_does_and_touches_nothing."""
    before = World.now(estate)
    run = playbook("certmend.tls.offline_depot", *extra(estate), *closed_gate(tmp_path))
    assert run.rc == 2 and "frozen until Monday" in run.stdout and run.changed == []
    assert World.now(estate) == before


def test_a_full_disk_leaves_everything_as_it_was(estate, playbook):
    depot = estate["depot"]
    depot.run("sh", "-c", "cp -a /etc/nginx/tls /root/kept; mount -t tmpfs -o size=32k,nr_inodes=20 full /etc/nginx/tls; cp -a /root/kept/. /etc/nginx/tls")
    depot.run("sh", "-c", "dd if=/dev/zero of=/etc/nginx/tls/filler bs=1k count=64 2>/dev/null; true")
    before = depot.read("/etc/nginx/tls/depot.pem")
    run = playbook("certmend.tls.offline_depot", *extra(estate))
    assert run.rc == 2 and "No space left on device" in run.stdout and "Free some space" in run.stdout
    assert depot.read("/etc/nginx/tls/depot.pem") == before
    assert depot.run("ls", "-A", "/etc/nginx/tls").stdout.split() == ["depot.key", "depot.pem", "filler"]


@pytest.mark.reliability(
    "the plan cannot work",
    playbooks=["offline_depot"],
    afterwards="a folder that cannot be written is reported with its option, in check mode too",
)
def test_a_read_only_folder_is_told_in_check_mode_already(estate, playbook):
    estate["depot"].run("sh", "-c", "mount --bind /etc/nginx/tls /etc/nginx/tls; mount -o remount,bind,ro /etc/nginx/tls")
    for arguments in (["--check"], []):
        run = playbook("certmend.tls.offline_depot", *arguments, *extra(estate))
        assert run.rc == 2 and "Read-only file system" in run.stdout and "certificate_path" in run.stdout


def test_an_unreachable_depot_is_a_finding_and_stops_the_preflight(estate, playbook):
    estate["depot"].stop()
    try:
        run = playbook("certmend.tls.offline_depot", *extra(estate))
        assert "HOST-UNREACHABLE" in run.stdout or "CONNECT-TIMEOUT" in run.stdout
        assert run.rc == 2 and run.changed == []
        assert run.failure("depot").startswith("depot cannot be reached: ") and run.failure("depot").endswith(". Nothing was changed on any host.")
        assert run.failure("installer") == "What installer needs is not known, because depot failed. Nothing was changed on any host."
    finally:
        estate["depot"].start()


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A second inventory: the load balancer is a depot too."""
    path = tmp_path_factory.mktemp("inventory") / "several.yml"
    own = {"offline_depot_server": "haproxy", "offline_depot_combined_path": "/etc/haproxy/tls/lb.pem", "offline_depot_private_key_path": "/etc/haproxy/lb.key"}
    path.write_text(json.dumps({"depots": {"hosts": {"lb": own}}}), encoding="utf-8")
    return ["-i", path]


@pytest.fixture(scope="module")
def two_depots(lab, playbook, several, tmp_path_factory):
    """nginx and HAProxy, a CA in a PKCS#12, and the system's trust store alone: check, run, again."""
    lab.reset("depot", "installer", "lb")
    ca = tmp_path_factory.mktemp("ca") / "ca.p12"
    pki = lab.state / "pki"
    ca.write_bytes(openssl("pkcs12", "-export", "-in", pki / "ca.pem", "-inkey", pki / "ca.key", "-passout", "pass:" + PKCS12_PASSWORD))
    given = {
        "offline_depot_signing_ca_path": str(ca),
        "offline_depot_signing_ca_private_key_passphrase": PKCS12_PASSWORD,
        "offline_depot_trust_stores": [{"store": "auto"}],
    }
    arguments = [*several, "--diff", "-e", json.dumps(given)]
    return Trio(*(playbook("certmend.tls.offline_depot", *arguments, *more) for more in (["--check"], [], [])))


@pytest.mark.everything
@pytest.mark.hosts("depot", "installer", "lb")
def test_two_depots_one_of_them_haproxy_are_mapped_trusted_and_verified_in_one_run(two_depots, lab):
    check, run, again = two_depots
    assert [each.rc for each in two_depots] == [0, 0, 0], "".join(each.stdout[-3000:] for each in two_depots if each.rc)
    # the depots are changed at the same time, in any order
    assert sorted(check.shown, key=str) == sorted(run.shown, key=str) and counted(check) == counted(run) and again.changed == []
    assert {host for host, _diff in run.shown} == {"depot", "lb", "installer"}
    hosts = lab["installer"].read("/etc/hosts")
    assert "10.77.0.10 depot.corp.example" in " ".join(hosts.split()) and "10.77.0.13 lb.corp.example" in " ".join(hosts.split())
    proofs = again.of("Verify the server with the certificates of the operating system's trust store")
    assert [proof["status"] for proof in proofs if proof["status"].startswith("item")] == ["item ok", "item ok"], "a handshake for each depot"
    assert not [proof for proof in again.of("Verify the server with the certificates of each Java keystore") if proof["status"] == "item ok"]
    assert PKCS12_PASSWORD not in "".join(line for each in two_depots for line in each.stdout.splitlines() if "passphrase" not in line)


def test_depots_without_names_of_their_own_or_none_are_refused_with_the_way_out(estate, playbook, several):
    for arguments, words in (
        (["-e", '{"fqdn": ""}'], "depot: no name"),
        ([*several, "-e", "offline_depot_fqdn=" + FQDN], "depot: depot.corp.example, lb: depot.corp.example"),
        (["-e", '{"depot_all": []}'], "into the group depots"),
    ):
        run = playbook("certmend.tls.offline_depot", *arguments)
        assert run.rc == 2 and "set offline_depot_fqdn to the name" in run.stdout and words in run.stdout, run.stdout
        assert run.changed == []


def test_without_the_depot_the_installers_are_refused_with_the_variable_that_allows_it(estate, playbook):
    refused = playbook("certmend.tls.offline_depot", *extra(estate), "--limit", "localhost:installers")
    assert refused.rc == 2 and "This run did not issue the certificate of depot" in refused.stdout and refused.changed == []
    assert "run with -e offline_depot_installers_only=true" in refused.failure("installer")


#: the plays that work on the controller, and ask an installer what the depot presents
LOOKING = {"Check what is asked for", "Read the certificates that an installer receives", "Report what is wrong with the depots"}


def plays(run, host):
    """The plays that have a host among theirs."""
    return {result["play"] for result in run.on(host)}


def test_with_installers_only_nothing_is_done_on_the_depot_in_any_play(estate, playbook, tmp_path):
    """Nobody can log in to it. It serves a certificate that the installers refuse, so another one would be planned; the second time it serves a good one."""
    estate["depot"].run("sh", "-c", "kill $(pgrep -o -x sshd)")
    before = World.now(estate)
    inventory = tmp_path / "only.yml"
    inventory.write_text(json.dumps({"installers": {"vars": {"offline_depot_installers_only": "yes"}}}), encoding="utf-8")
    for arguments in (["-e", "offline_depot_installers_only=true"], ["-i", inventory]):
        run = playbook("certmend.tls.offline_depot", *extra(estate), *arguments)
        assert {result["host"] for result in run.changed} == {"installer"} and run.rc == 2 and plays(run, "depot") <= LOOKING, run.stdout[-3000:]
        failure = " ".join(run.failure("installer"))
        assert "depot.corp.example:443 (10.77.0.10), seen from installer (%s)" % STORE in failure and "TRUST-SELF-SIGNED: self-signed certificate" in failure
        assert len([result for result in run.results if "seen from installer" in str(result["msg"])]) == 1, "it is said once, in the last lines"
        assert World.now(estate) == before, "the changes of the installer were rolled back"
    serve(estate, FQDN)
    only = ["-e", "offline_depot_installers_only=true"]
    trio = Trio(*(playbook("certmend.tls.offline_depot", "--diff", *extra(estate), *only, *more) for more in (["--check"], [], [])))
    assert [each.rc for each in trio] == [0, 0, 0] and all(plays(each, "depot") <= LOOKING for each in trio), trio.run.stdout[-3000:]
    assert trio.check.shown == trio.run.shown and trio.run.shown and trio.again.changed == []


@pytest.mark.hosts("depot", "web", "lb")
def test_the_audit_reports_the_whole_estate_and_changes_nothing(estate, playbook, tmp_path):
    estate["installer"].run("sh", "-c", "echo 192.0.2.7 lb.corp.example >> /etc/hosts")
    arguments = ["-e", "audit_hosts=depots:apaches:haproxies", "-e", "audit_profiles=vcf_installer,generic", "--check"]
    run = playbook("certmend.tls.audit", *arguments, "-e", "audit_client=installer")
    assert run.rc == 0 and run.changed == []
    assert "Are the subject alternative names resolvable by the client? lb.corp.example: 192.0.2.7" in run.stdout, run.stdout
    for code in ("NAME-CN-IS-IP", "NAME-SAN-MISSING", "VALIDITY-EXPIRED", "KB 429301"):
        assert code in run.stdout
    assert playbook("certmend.tls.audit", *arguments, "-e", "audit_fail_on=error").rc == 2


SERVERS = """
- hosts: web:lb
  gather_facts: false
  roles:
    - role: certmend.tls.fqdn_certificate
      vars:
        fqdn_certificate_fqdn: "{{ fqdn }}"
        fqdn_certificate_provider: own_ca
        fqdn_certificate_signing_ca_content: "{{ lookup('ansible.builtin.file', pki ~ '/ca.pem') }}"
        fqdn_certificate_signing_ca_private_key_content: "{{ lookup('ansible.builtin.file', pki ~ '/ca.key') }}"
        fqdn_certificate_server: "{{ {'web': 'apache', 'lb': 'haproxy'}[inventory_hostname] }}"
        fqdn_certificate_private_key_path: "{{ {'web': '/etc/apache2/tls/web.key', 'lb': '/etc/haproxy/lb.key'}[inventory_hostname] }}"
        fqdn_certificate_path: "{{ '/etc/apache2/tls/web.pem' if inventory_hostname == 'web' else omit }}"
        fqdn_certificate_combined_path: "{{ '/etc/haproxy/tls/lb.pem' if inventory_hostname == 'lb' else omit }}"
        fqdn_certificate_prove_from: [localhost, installer]
"""


@pytest.mark.everything
@pytest.mark.hosts("installer", "web", "lb")
def test_httpd_and_haproxy_are_mended_proved_and_left_alone_the_second_time(estate, playbook):
    pki = ["-e", "pki=%s" % (estate.state / "pki")]
    trio = Trio(*(playbook(SERVERS, "--diff", *pki, *more) for more in (["--check"], [], [])))
    assert [run.rc for run in trio] == [0, 0, 0], trio.run.stdout
    by_host = [sorted(run.shown, key=str) for run in trio]
    assert by_host[0] == by_host[1] and len(by_host[0]) == 2
    assert trio.again.changed == []
