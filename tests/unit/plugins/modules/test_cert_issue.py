# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_issue as a module: its parameters, its result, and a warning before a new key breaks pins."""

from __future__ import annotations

import base64
import os
import ssl

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.run import module_process, result_of
from ansible_collections.certmend.tls.tests.support.second_user import EVE, needs_root

FQDN = "vault.corp.example"


class Server:
    """A key and a certificate, and a store that has pinned them at two ports."""

    def __init__(self, folder, run_module):
        self.folder, self.run, self.store = folder, run_module, str(folder / "pins")
        self.options = {
            "provider": "self_signed",
            "fqdn": FQDN,
            "key_type": "EC",
            "private_key_path": str(folder / "tls.key"),
            "certificate_path": str(folder / "tls.pem"),
        }
        made = self.issue(valid_days=20, renew_before_days=5)  # and so to be renewed at the next run
        der = ssl.PEM_cert_to_DER_cert(made["certificate"]["pem"])
        for port in (443, 8443):
            presented = [base64.b64encode(der).decode("ascii")]
            run_module(
                "cert_pin", {"pins_path": self.store, "create": True, "host": FQDN, "port": port, "presented": presented, "state": "pinned", "backup": False}
            )

    def issue(self, check=False, **more):
        result = self.run("cert_issue", {**self.options, **more}, check)
        assert not result.get("failed"), result
        return result

    def announce(self, csr, port):
        endpoints = ["%s:%d" % (FQDN, port)]
        given = {"pins_path": self.store, "create": True, "endpoints": endpoints, "state": "pinned", "unreachable": "report", "announced": [{"content": csr}]}
        assert self.run("cert_pin", dict(given, timeout=1, announced=[{"content": csr, "host": FQDN, "port": port}]))["changed"]


@pytest.fixture
def server(tmp_path, run_module):
    return Server(tmp_path, run_module)


def warned(result):
    return [str(warning) for warning in result.get("warnings", []) if "breaks the pins" in str(warning)]


@pytest.mark.parametrize("way", ["pins_path", "pins_content"])
def test_a_new_key_that_breaks_pins_is_reported_before_it_is_made(server, way):
    store = server.store if way == "pins_path" else open(server.store, encoding="ascii").read()
    renewed = {"reuse_key": False, way: store}
    predicted, made = server.issue(check=True, **renewed), server.issue(**renewed)
    for result in (predicted, made):
        assert result["pin_changed"] and result["pins_broken"] == [FQDN + ":443", FQDN + ":8443"]
        (warning,) = warned(result)
        assert "%s:443, %s:8443" % (FQDN, FQDN) in warning and "reuse_key: true keeps the key" in warning


def test_a_key_that_is_kept_breaks_nothing(server):
    made = server.issue(pins_path=server.store)
    assert made["changed"] and not made["pin_changed"] and made["pins_broken"] == [] and not warned(made)


def test_a_key_that_must_be_replaced_says_that_it_cannot_be_kept(server):
    (warning,) = warned(server.issue(check=True, key_type="RSA", pins_path=server.store))
    assert "this key cannot be kept" in warning


def test_without_a_certificate_its_names_say_whose_pins_would_break(server):
    for path in ("private_key_path", "certificate_path"):
        (server.folder / server.options[path]).unlink()
    assert server.issue(check=True, pins_path=server.store)["pins_broken"] == [FQDN + ":443", FQDN + ":8443"]
    assert server.issue(check=True, fqdn="other.corp.example", pins_path=server.store)["pins_broken"] == []


def test_the_key_of_a_request_that_was_announced_breaks_nothing(server):
    csr = str(server.folder / "tls.csr")
    asked = server.issue(provider="csr", csr_path=csr, reuse_key=False, pins_path=server.store)
    assert len(asked["pins_broken"]) == 2 and "reuse_key: true" in warned(asked)[0]
    server.announce(asked["csr"], 443)
    again = server.issue(provider="csr", csr_path=csr, reuse_key=False, fqdn=FQDN, dns_names=["b.corp.example"], pins_path=server.store)
    assert again["pins_broken"] == [FQDN + ":8443"]


def test_an_absent_or_damaged_store_is_an_error_and_no_clean_bill(server):
    result = server.run("cert_issue", dict(server.options, pins_path=str(server.folder / "typo")))
    assert result["failed"] and "pins_path" in result["msg"]
    result = server.run("cert_issue", dict(server.options, pins_content="hello"))
    assert result["failed"] and "pins_content, line 1: not a JSON object" in result["msg"]


def test_options_that_exclude_or_need_each_other_are_refused(server):
    given = dict(server.options, provider="own_ca", request_content="x")
    assert "mutually exclusive" in server.run("cert_issue", given)["msg"]
    assert "csr_path" in server.run("cert_issue", dict(server.options, provider="csr"))["msg"]


def test_everything_that_is_wrong_is_reported_and_nothing_is_changed(server):
    before = (server.folder / "tls.pem").read_bytes()
    result = server.run("cert_issue", dict(server.options, fqdn="10.77.0.10", valid_days=5))
    assert result["failed"] and not result["changed"] and "fqdn: '10.77.0.10' is an IP address" in result["msg"]
    assert "valid_days (5) is not greater than renew_before_days (30)" in result["msg"] and result["advice"]
    assert (server.folder / "tls.pem").read_bytes() == before


def test_a_failure_after_the_options_returns_the_present_certificate(server):
    present = ssl.PEM_cert_to_DER_cert((server.folder / "tls.pem").read_text(encoding="ascii"))
    text = (server.folder / "tls.pem").read_text(encoding="ascii")
    given = dict(server.options, provider="import", certificate_content=text, trusted_content=text)
    (server.folder / "tls.key").unlink()
    result = server.run("cert_issue", given)
    assert result["failed"] and "there is no key" in result["msg"]
    assert ssl.PEM_cert_to_DER_cert(result["previous"]["pem"]) == present and result["backup_files"] == {}


def test_names_are_kept_and_a_new_issuer_needs_a_reason_or_force(server):
    made = server.issue(dns_names=["portal.corp.example"], ip_addresses=["10.77.0.30"])
    assert made["names_added"] == ["portal.corp.example", "10.77.0.30"] and made["changed"]
    again = server.issue(drop_names=["10.77.0.30"])
    assert again["certificate"]["subject_alternative_name"]["dns"] == [FQDN, "portal.corp.example"]
    assert again["names_dropped"] == ["10.77.0.30"] and again["replaced_self_signed"] == made["certificate"]["fingerprints"]["sha256"]
    assert not server.issue()["changed"] and server.issue(force=True, check=True)["renewed_because"] == ["force is true"]


def test_an_import_asks_for_the_roots_of_the_clients_and_for_one_answer(server):
    own = (server.folder / "tls.pem").read_text(encoding="ascii")
    given = {"provider": "import", "certificate_content": own}
    assert "trusted_path: no trusted certificate is given" in server.run("cert_issue", {**server.options, **given})["msg"]
    assert not server.issue(**given, trusted_content=own)["changed"]
    assert "mutually exclusive" in server.run("cert_issue", {**server.options, **given, "import_path": "/root/new.pfx"})["msg"]
    assert "import_path" in server.run("cert_issue", {**server.options, "provider": "import", "trusted_content": own})["msg"]


def test_runs_at_once_leave_the_key_and_the_certificate_of_one_of_them(tmp_path):
    """Of 40 pairs of runs without a lock, one left the key of one run with the certificate of the other."""
    params = {
        "provider": "self_signed",
        "fqdn": FQDN,
        "key_type": "EC",
        "private_key_path": str(tmp_path / "tls.key"),
        "certificate_path": str(tmp_path / "tls.pem"),
        "backup": False,
    }
    for _round in range(3):
        runs = [module_process("cert_issue", dict(params, force=True, reuse_key=False)) for _number in range(8)]
        for run in runs:
            run.stdin.write(run.ask)
            run.stdin.close()
            run.stdin = None
        results = [result_of(*run.communicate()) for run in runs]
        assert not [result for result in results if result.get("failed")]
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")  # refuses a key that does not match
        # each run begins with what the run before it left: so each previous certificate is another one
        previous = [result["previous"]["pem"] for result in results if result["previous"]]
        assert len(set(previous)) == len(previous)


@needs_root
@pytest.mark.parametrize("option", ["private_key_path", "combined_path"])
def test_a_key_that_another_user_put_there_is_not_taken_into_use(run_module, tmp_path, option):
    """Whoever knows the key reads what the server's clients send. Check mode says so too."""
    keys = {"private_key_path": str(tmp_path / "tls.key"), option: str(tmp_path / "prepared")}
    params = dict(keys, provider="self_signed", fqdn=FQDN, key_type="EC", certificate_path=str(tmp_path / "tls.pem"))
    known = mint.mint(FQDN, dns=[FQDN])
    (tmp_path / "prepared").write_text(known.key_pem, encoding="ascii")
    os.chown(tmp_path / "prepared", EVE, EVE)
    for check in (True, False):
        refused = run_module("cert_issue", params, check)
        assert refused["failed"] and "%s: %s belongs to user ID %d" % (option, tmp_path / "prepared", EVE) in refused["msg"]
    taken = run_module("cert_issue", dict(params, private_key_owner=str(EVE)))
    assert taken["changed"] and (tmp_path / "prepared").stat().st_uid == EVE and (tmp_path / "tls.pem").stat().st_uid == 0


@needs_root
def test_the_key_has_an_owner_a_group_and_a_mode_of_its_own(run_module, tmp_path):
    options = {"private_key_path": str(tmp_path / "tls.key"), "certificate_path": str(tmp_path / "tls.pem")}
    params = dict(options, provider="self_signed", fqdn=FQDN, key_type="EC", private_key_owner=str(EVE), private_key_group="77", private_key_mode="0440")
    assert run_module("cert_issue", params)["changed"] and not run_module("cert_issue", params)["changed"]
    key, certificate = (tmp_path / "tls.key").stat(), (tmp_path / "tls.pem").stat()
    assert (key.st_uid, key.st_gid, key.st_mode & 0o777) == (EVE, 77, 0o440) and (certificate.st_uid, certificate.st_mode & 0o777) == (0, 0o644)
