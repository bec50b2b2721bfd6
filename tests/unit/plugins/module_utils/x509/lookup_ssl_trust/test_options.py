# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of lookup_ssl_trust, validated before anything is asked of a server."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import Backup, write
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.options import Options, State
from ansible_collections.certmend.tls.tests.support.mint import NOW, mint
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, HOST, NEW, OLD, read
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed
from ansible_collections.certmend.tls.tests.support.vsphere.parameters import options, parameters

OLD_SHA1 = read(OLD)[0].fingerprint("sha1")
UPDATE = {"state": "updated", "old_fingerprint": [OLD_SHA1], "new_certificate": NEW.pem}


def refused(**params):
    with pytest.raises(RemediationError) as raised:
        Options.from_params(parameters(**params))
    return str(raised.value)


def test_the_state_is_an_audit_by_default():
    assert options().state is State.AUDITED and options().old_fingerprints == ()


def test_an_audit_reads_no_option_of_an_update():
    assert options(old_fingerprint=["rubbish"], new_certificate="/does/not/exist").new_chain == ()


def test_fingerprints_are_read_in_any_form():
    assert options(**{**UPDATE, "old_fingerprint": [OLD_SHA1.lower().replace(":", "")]}).old_fingerprints == (OLD_SHA1,)


@pytest.mark.parametrize("as_path", [False, True])
def test_certificates_are_read_from_a_path_or_from_text(tmp_path, as_path):
    values = dict(old_certificate=OLD.pem, new_certificate=CA.pem + NEW.pem)
    if as_path:
        for name, text in values.items():
            (tmp_path / name).write_text(text, encoding="ascii")
        values = {name: str(tmp_path / name) for name in values}
    given = options(state="updated", **values)
    assert given.old_fingerprints == (read(OLD)[0].fingerprint(),)
    assert given.new_chain == read(NEW, CA), "the server's certificate comes first"


def test_the_text_of_a_certificate_may_be_bare_base64():
    text = estate.wrapped(mint(HOST, dns=["%s.%d.example" % ("a" * 50, number) for number in range(20)]))
    assert len(text) > 1000 and len(options(**{**UPDATE, "new_certificate": text}).new_chain) == 1


def test_hosts_are_compared_in_one_form():
    given = options(**{**UPDATE, "hosts": ["VC1.corp.Example.", "Bücher.example"], "aliases": {"VC.Alias": "VC1.Corp.Example"}})
    assert given.hosts == {HOST, "xn--bcher-kva.example"} and given.aliases == {"vc.alias": HOST}


def test_a_server_is_probed_at_its_address():
    given = options(addresses={"VC1.corp.example": "10.0.0.1"})
    assert given.target(HOST.upper(), 443).address == "10.0.0.1" and given.target("VC2", 443).address == ""


def test_everything_that_is_wrong_is_reported_at_once():
    message = refused(trusted_path="/does/not/exist", state="updated", old_fingerprint=["AB", "CD"], new_certificate="/neither")
    for words in ("4 things are wrong", "trusted_path: /does/not/exist", "'AB' is not a fingerprint", "'CD' is not a fingerprint", "new_certificate: /neither"):
        assert words in message


@pytest.mark.parametrize(
    "change, words",
    [
        ({"old_fingerprint": None}, "one of them must say which trust anchors are replaced"),
        ({"new_certificate": None}, "new_certificate: is missing, and live is false"),
        ({"new_certificate": "-----BEGIN RUBBISH-----"}, "new_certificate: contains no certificate: "),
        ({"live": True, "expected_fingerprint": [OLD_SHA1]}, "expected_fingerprint: "),
        ({"old_fingerprint": None, "old_certificate": "-----BEGIN"}, "old_certificate: contains no certificate: "),
    ],
)
def test_an_update_needs_to_know_what_to_replace_and_by_what(change, words):
    message = refused(**{**UPDATE, **change})
    assert words in message and "things are wrong" not in message


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "empty.pem").write_text("", encoding="ascii")
    assert "contains no certificate" in refused(**{**UPDATE, "new_certificate": str(tmp_path / "empty.pem")})


def test_what_is_served_needs_no_new_certificate():
    given = options(**{**UPDATE, "new_certificate": None, "live": True, "expected_fingerprint": [read(NEW)[0].fingerprint()]})
    assert given.live and given.new_chain == () and given.expected_fingerprints == (read(NEW)[0].fingerprint(),)


def test_hosts_may_take_the_place_of_an_old_certificate():
    assert options(**{**UPDATE, "old_fingerprint": None, "hosts": [HOST]}).old_fingerprints == ()


def test_a_restore_reads_its_backup(tmp_path):
    backup = Backup("vsphere.local", HOST, tuple(listed([estate.registration("vc-a", [])])))
    write(str(tmp_path / "a.json"), backup, NOW, "backup_dir")
    assert options(state="restored", backup_path=str(tmp_path / "a.json")).backup == backup
    assert "backup_path: /does/not/exist" in refused(state="restored", backup_path="/does/not/exist")


@pytest.mark.parametrize(
    "params, option, folder",
    [
        ({"backup_dir": "/a", "backup_path": "/b/c.json"}, "backup_dir", "/a"),
        ({"backup_path": "/b/c.json"}, "backup_path", "/b"),
        ({"backup_path": "/c.json"}, "backup_path", "/"),
        ({"backup_path": "c.json"}, "backup_path", "."),
    ],
)
def test_a_new_backup_is_written_beside_the_old_one_unless_a_folder_is_given(params, option, folder):
    given = options(**params)
    assert (given.backup_option, given.backup_folder) == (option, folder)


@pytest.mark.parametrize(
    "params, verified",
    [({}, True), ({"validate_certs": False}, False), ({"validate_certs": False, "server_fingerprint": ["AB:" * 31 + "AB"]}, True)],
)
def test_a_server_is_verified_by_a_ca_or_by_its_fingerprint(params, verified):
    assert options(**params).verified is verified


def test_the_password_is_not_part_of_the_text_of_the_options():
    assert "secret-word" not in repr(options(username="me", password="secret-word"))
