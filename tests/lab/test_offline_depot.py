# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KB 429301 from end to end: what check mode foretells, what the run does, what a second run does, what a failure leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FQDN = "depot.corp.example"
STORE = "/etc/vmware/vcf/commonsvcs/trusted_certificates.store"
SECRETS = ("DepotPw1!", "AdminPw1!Admin", "RootPw1!", "VcfPw1!", "StorePw1!")
API = {
    "offline_depot_configure_installer": "true",
    "offline_depot_username": "depot",
    "offline_depot_password": "DepotPw1!",
    "offline_depot_installer_password": "AdminPw1!Admin",
    "offline_depot_installer_url": "https://installer.corp.example",
}
BOTH = ("own_ca", "self_signed")


def extra(estate, provider="own_ca", **more):
    """The command line of a run."""
    given = {"offline_depot_fqdn": FQDN, **more}
    if provider == "own_ca":
        given["offline_depot_ca_path"] = estate.state / "pki" / "ca.pem"
        given["offline_depot_ca_private_key_path"] = estate.state / "pki" / "ca.key"
    return [word for name, value in given.items() for word in ("-e", "%s=%s" % (name, value))]


def shown(run):
    """Every change that a run showed: host, diff."""
    return [(result["host"], result["diff"]) for result in run.results if result["changed"] and result["diff"]]


def told(run):
    """What was changed, by host and task, whether it has a diff or not; an item counts for its task."""
    counted = [(result["host"], result["status"].startswith("item")) for result in run.results if result["changed"]]
    return sorted(counted)


def served(estate):
    """The subject that the depot serves, as openssl sees it from the controller."""
    script = "openssl s_client -connect 10.77.0.10:443 </dev/null 2>/dev/null | openssl x509 -noout -subject -ext subjectAltName"
    return estate["web"].run("sh", "-c", script, check=False).stdout


@pytest.mark.parametrize("provider", BOTH)
def test_check_mode_shows_exactly_what_the_run_does_and_touches_nothing(estate, playbook, provider):
    before = [estate["depot"].read("/etc/nginx/tls/depot.pem"), estate["installer"].read("/etc/hosts")]
    foretold = playbook("certmend.tls.offline_depot", "--check", "--diff", *extra(estate, provider))
    assert foretold.rc == 0, foretold.stdout
    assert [estate["depot"].read("/etc/nginx/tls/depot.pem"), estate["installer"].read("/etc/hosts")] == before
    assert "10.77.0.10" in served(estate)
    made = playbook("certmend.tls.offline_depot", "--diff", *extra(estate, provider))
    assert made.rc == 0, made.stdout
    assert shown(foretold) == shown(made)
    assert len(shown(made)) >= 5, "certificate, hosts file and three trust stores"
    assert told(foretold) == told(made)


@pytest.mark.parametrize("provider", BOTH)
def test_the_installer_verifies_the_depot_by_its_fqdn_and_a_second_run_changes_nothing(estate, playbook, provider):
    assert playbook("certmend.tls.offline_depot", *extra(estate, provider)).rc == 0
    assert "depot.corp.example" in served(estate)
    again = playbook("certmend.tls.offline_depot", "--diff", *extra(estate, provider))
    assert again.rc == 0 and again.changed == []
    proofs = again.of("Verify the server with the certificates of each Java keystore")
    assert [proof["status"] for proof in proofs if proof["status"].startswith("item")] == ["item ok", "item ok"]


OLDEST = os.environ.get("LAB_OLDEST")


@pytest.mark.skipif(not OLDEST, reason="LAB_OLDEST does not say where the oldest ansible-core is; make lab does")
def test_the_oldest_core_does_the_same(estate, playbook):
    program = Path(OLDEST or "") / "ansible-playbook"
    foretold, made, again = (
        playbook("certmend.tls.offline_depot", "--diff", *extra(estate), *more, program=program) for more in (["--check"], [], [])
    )
    assert (foretold.rc, made.rc, again.rc) == (0, 0, 0), made.stdout
    assert shown(foretold) == shown(made) and again.changed == []


def test_the_key_stays_and_never_leaves_the_depot(estate, playbook):
    before = estate["depot"].read("/etc/nginx/tls/depot.key")
    playbook("certmend.tls.offline_depot", *extra(estate))
    assert estate["depot"].read("/etc/nginx/tls/depot.key") == before
    line = before.splitlines()[1]
    found = estate["installer"].run("grep", "-rlF", line, "/etc", "/usr/local", "/tmp", "/root", "/home", check=False)
    assert found.stdout == ""


@pytest.mark.parametrize("verbosity", ["-vvv"])
def test_no_secret_is_in_any_output(estate, playbook, verbosity):
    run = playbook("certmend.tls.offline_depot", verbosity, "--diff", *extra(estate, **API))
    assert run.rc == 0, run.stdout[-3000:]
    # the command line that the test itself typed is printed by -vvv; everything else must be clean
    output = "\n".join(line for line in (run.stdout + run.stderr).splitlines() if "offline_depot_password=" not in line)
    # the first lines of an RSA key are its modulus, which the certificate has as well
    key = estate["depot"].read("/etc/nginx/tls/depot.key").splitlines()[9:-1]
    ca_key = (estate.state / "pki" / "ca.key").read_text().splitlines()[9:-1]
    assert "PRIVATE KEY-----" not in output
    assert not [line for line in key + ca_key if line in output]
    assert not [secret for secret in SECRETS if secret in output]


def test_backups_are_no_wider_than_what_they_keep(estate, playbook):
    playbook("certmend.tls.offline_depot", *extra(estate))
    for host in ("depot", "installer"):
        script = "for f in $(find /etc /usr/local/share -name '*.bak'); do stat -c '%a %n' $f ${f%.*.bak}; done"
        modes = [line.split() for line in estate[host].run("sh", "-c", script).stdout.splitlines()]
        assert modes, "there are backups on " + host
        for (kept, name), (original, _name) in zip(modes[::2], modes[1::2]):
            assert int(kept, 8) & ~int(original, 8) == 0, name


def test_the_installer_takes_the_depot_through_its_api_and_only_once(estate, playbook):
    first = playbook("certmend.tls.offline_depot", *extra(estate, **API))
    assert first.rc == 0, first.stdout
    assert "DEPOT_CONNECTION_SUCCESSFUL" in first.stdout
    assert playbook("certmend.tls.offline_depot", *extra(estate, **API)).changed == []


def test_a_wrong_depot_password_is_told_in_the_installers_words(estate, playbook):
    run = playbook("certmend.tls.offline_depot", *extra(estate, **{**API, "offline_depot_password": "wrong"}))
    assert run.rc == 2 and "Invalid username or password" in run.stdout


def test_a_failing_proof_puts_the_old_certificate_back_and_says_why(estate, playbook):
    depot = estate["depot"]
    before = {path: depot.read(path) for path in ("/etc/nginx/tls/depot.pem", "/etc/nginx/tls/depot.key")}
    # between issue and reload somebody puts another certificate into the file: nginx's check passes, the proof does not
    depot.run("openssl", "req", "-x509", "-key", "/etc/nginx/tls/depot.key", "-out", "/root/other.pem", "-subj", "/CN=other.corp.example")
    sabotage = '["sh", "-c", "cp /root/other.pem /etc/nginx/tls/depot.pem; nginx -t"]'
    run = playbook(
        "certmend.tls.offline_depot", *extra(estate), "-e", '{"fqdn_certificate_check_command": %s}' % sabotage, "-e", "fqdn_certificate_prove_attempts=1"
    )
    assert run.rc == 2
    assert "were rolled back" in run.stdout and "TRUST-SELF-SIGNED" in run.stdout
    assert {path: depot.read(path) for path in before} == before
    assert "10.77.0.10" in served(estate)
    assert "depot.corp.example" not in estate["installer"].read("/etc/hosts"), "no later play ran"


def test_a_configuration_that_the_server_refuses_is_put_back_before_any_reload(estate, playbook):
    depot = estate["depot"]
    before = depot.read("/etc/nginx/tls/depot.pem")
    sabotage = '{"fqdn_certificate_check_command": ["sh", "-c", "echo junk > /etc/nginx/tls/depot.pem; nginx -t"]}'
    run = playbook("certmend.tls.offline_depot", *extra(estate), "-e", sabotage)
    assert run.rc == 2 and "Check the configuration" in run.stdout and "were rolled back" in run.stdout
    assert depot.read("/etc/nginx/tls/depot.pem") == before and "10.77.0.10" in served(estate)


def test_a_closed_gate_stops_the_run_before_the_first_change(estate, playbook, tmp_path):
    gate = tmp_path / "gate.yml"
    gate.write_text("- name: The estate is frozen\n  ansible.builtin.fail:\n    msg: frozen until Monday\n", encoding="utf-8")
    before = estate["depot"].read("/etc/nginx/tls/depot.pem")
    closed = ["-e", "remediation_gate=%s" % gate]
    run = playbook("certmend.tls.offline_depot", *extra(estate), *closed)
    assert run.rc == 2 and "frozen until Monday" in run.stdout and run.changed == []
    assert estate["depot"].read("/etc/nginx/tls/depot.pem") == before
    assert playbook("certmend.tls.offline_depot", "--check", *extra(estate), *closed).rc == 0, "a look is never blocked"


@pytest.mark.parametrize(
    "given, words",
    [
        ({"offline_depot_fqdn": "10.77.0.10"}, "fqdn: '10.77.0.10' is an IP address, not a host name"),
        ({"offline_depot_fqdn": "depot..example"}, "'depot..example' is not made of labels"),
        ({"offline_depot_private_key_path": "/etc/nginx/none/depot.key"}, "private_key_path: /etc/nginx/none cannot be written"),
        ({"offline_depot_certificate_path": "/proc/depot.pem"}, "certificate_path: /proc"),
    ],
)
def test_bad_input_names_the_option_and_changes_nothing(estate, playbook, given, words):
    before = estate["depot"].read("/etc/nginx/tls/depot.pem")
    run = playbook("certmend.tls.offline_depot", *extra(estate, **given))
    assert run.rc != 0 and words in run.stdout + run.stderr
    assert run.changed == [] and estate["depot"].read("/etc/nginx/tls/depot.pem") == before


def test_a_full_disk_leaves_everything_as_it_was(estate, playbook):
    depot = estate["depot"]
    depot.run("sh", "-c", "cp -a /etc/nginx/tls /root/kept; mount -t tmpfs -o size=32k,nr_inodes=20 full /etc/nginx/tls; cp -a /root/kept/. /etc/nginx/tls")
    depot.run("sh", "-c", "dd if=/dev/zero of=/etc/nginx/tls/filler bs=1k count=64 2>/dev/null; true")
    before = depot.read("/etc/nginx/tls/depot.pem")
    run = playbook("certmend.tls.offline_depot", *extra(estate))
    assert run.rc == 2 and "No space left on device" in run.stdout and "Free some space" in run.stdout
    assert depot.read("/etc/nginx/tls/depot.pem") == before
    assert depot.run("ls", "-A", "/etc/nginx/tls").stdout.split() == ["depot.key", "depot.pem", "filler"]


def test_a_read_only_folder_is_told_in_check_mode_already(estate, playbook):
    estate["depot"].run("sh", "-c", "mount --bind /etc/nginx/tls /etc/nginx/tls; mount -o remount,bind,ro /etc/nginx/tls")
    for arguments in (["--check"], []):
        run = playbook("certmend.tls.offline_depot", *arguments, *extra(estate))
        assert run.rc == 2 and "Read-only file system" in run.stdout and "certificate_path" in run.stdout


def test_an_unreachable_depot_is_a_finding_and_then_an_unreachable_host(estate, playbook):
    estate["depot"].stop()
    try:
        run = playbook("certmend.tls.offline_depot", *extra(estate))
        assert run.rc == 4 and "UNREACHABLE" in run.stdout
        assert "HOST-UNREACHABLE" in run.stdout or "CONNECT-TIMEOUT" in run.stdout
        assert run.changed == []
    finally:
        estate["depot"].start()


def test_two_depots_or_none_are_refused_with_the_way_out(estate, playbook):
    run = playbook("certmend.tls.offline_depot", "-e", "offline_depot_ip_in_san=false")
    assert run.rc == 2 and "offline_depot_fqdn" in run.stdout


def test_the_audit_reports_the_whole_estate_and_changes_nothing(estate, playbook, tmp_path):
    arguments = ["-e", "audit_hosts=depots:apaches:haproxies", "-e", "audit_profiles=vcf_installer,generic", "--check"]
    run = playbook("certmend.tls.audit", *arguments)
    assert run.rc == 0 and run.changed == []
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
        fqdn_certificate_ca_content: "{{ lookup('ansible.builtin.file', pki ~ '/ca.pem') }}"
        fqdn_certificate_ca_private_key_content: "{{ lookup('ansible.builtin.file', pki ~ '/ca.key') }}"
        fqdn_certificate_server: "{{ {'web': 'apache', 'lb': 'haproxy'}[inventory_hostname] }}"
        fqdn_certificate_private_key_path: "{{ {'web': '/etc/apache2/tls/web.key', 'lb': '/etc/haproxy/lb.key'}[inventory_hostname] }}"
        fqdn_certificate_path: "{{ '/etc/apache2/tls/web.pem' if inventory_hostname == 'web' else omit }}"
        fqdn_certificate_combined_path: "{{ '/etc/haproxy/tls/lb.pem' if inventory_hostname == 'lb' else omit }}"
        fqdn_certificate_prove_from: [localhost, installer]
"""


def test_httpd_and_haproxy_are_mended_proved_and_left_alone_the_second_time(estate, playbook):
    pki = ["-e", "pki=%s" % (estate.state / "pki")]
    foretold, made, again = (playbook(SERVERS, "--diff", *pki, *more) for more in (["--check"], [], []))
    assert (foretold.rc, made.rc, again.rc) == (0, 0, 0), made.stdout
    by_host = [sorted(shown(run), key=str) for run in (foretold, made)]
    assert by_host[0] == by_host[1] and len(by_host[0]) == 2
    assert again.changed == []
