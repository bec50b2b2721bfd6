# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server, a certificate or a file contains reaches no terminal as it is: the whole result of every module, and the files it writes."""

from __future__ import annotations

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.certmend.tls.tests.support import mint, shown
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.ome import article
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.lookup import Refused
from ansible_collections.certmend.tls.tests.support.vsphere.site import Site, fingerprint

AIA = x509.oid.AuthorityInformationAccessOID.CA_ISSUERS
#: bytes that no IA5String may have, in the encoding of a GeneralName (RFC 5280 section 4.2.1.6): dNSName
RAW = b"depot\x1b]0;owned\x07\x9b2K\xe2\x80\xae\xe2\x80\xa8\xe2\x80\x8b"
RAW_SAN = mint.encoded_names((0x82, RAW))
LOCATION = x509.UniformResourceIdentifier("http://127.0.0.1:1/" + shown.HOSTILE_ASCII)
ISSUERS = (x509.AuthorityInformationAccess([x509.AccessDescription(AIA, LOCATION)]), False)
ASCII = shown.HOSTILE_ASCII.encode("ascii")
NAMES = mint.encoded_names((0x82, ASCII), (0x81, b"a@" + ASCII), (0x86, b"http://127.0.0.1:1/" + ASCII))

CA = mint.authority(shown.HOSTILE + " CA", **REAL.days())


def hostile(alternative_names=NAMES, **more):
    given = {"issuer": CA, "organization": shown.HOSTILE, "extensions": [(alternative_names, False), ISSUERS], **REAL.days(), **more}
    return mint.mint(shown.HOSTILE, **given)


#: names that can be decoded, and names that cannot
LEAVES = {"decodable": hostile(), "not decodable": hostile(RAW_SAN)}
NAMED = hostile(x509.SubjectAlternativeName([x509.DNSName("depot.corp.example"), x509.DNSName(shown.HOSTILE_ASCII)]))


def assert_shown(result, expected=r"\1B]0\;owned\07"):
    """The result has no character that a terminal acts on, and does have the hostile text, escaped."""
    assert shown.forbidden_in(result) == {}
    assert [text for _path, text in shown.texts(result) if expected in text], list(shown.texts(result))


@pytest.fixture(params=sorted(LEAVES))
def leaf(request):
    return LEAVES[request.param]


@pytest.fixture
def port(leaf, tls_server):
    return tls_server(leaf.pem + CA.pem, leaf.key_pem)


def test_cert_inspect_shows_no_hostile_text(run_module, port, leaf, tmp_path):
    assert_shown(run_module("cert_inspect", {"endpoints": ["127.0.0.1:%d" % port], "name": "depot.corp.example", "questions": True}))
    path = tmp_path / "chain.pem"
    path.write_text(leaf.pem + CA.pem, encoding="ascii")
    profiles = ["generic", "vcf_installer", "ome_single", "ome_migration"]
    given = {"path": str(path), "trusted_content": CA.pem, "profile": profiles, "csr_content": mint.csr("depot.corp.example"), "fail_on": "error"}
    assert_shown(run_module("cert_inspect", given))


def test_tls_handshake_shows_no_hostile_text(run_module, port, tls_server):
    options = {"host": "127.0.0.1", "port": port, "trusted_content": CA.pem}
    assert shown.forbidden_in(run_module("tls_handshake", dict(options, name="depot.corp.example"))) == {}
    trusted = hostile(x509.SubjectAlternativeName([x509.DNSName("depot.corp.example"), x509.DNSName(shown.HOSTILE_ASCII)]))
    options["port"] = tls_server(trusted.pem + CA.pem, trusted.key_pem)
    assert_shown(run_module("tls_handshake", dict(options, name="depot.corp.example")))


def test_cert_pin_shows_and_logs_no_hostile_text(run_module, port, tmp_path):
    options = {"pins_path": str(tmp_path / "pins"), "audit_log": str(tmp_path / "pins.log"), "create": True, "endpoints": ["127.0.0.1:%d" % port]}
    for state in ("checked", "pinned", "checked", "listed"):
        given = dict(options, state=state)
        if state == "listed":
            del given["endpoints"]
        result = run_module("cert_pin", given)
        assert shown.forbidden_in(result) == {}
    for path in (tmp_path / "pins", tmp_path / "pins.log"):
        lines = path.read_text(encoding="utf-8")
        assert shown.acted_upon(lines, several_lines=True) == []
        assert [shown.forbidden_in(json.loads(line)) for line in lines.splitlines()] == [{}] * len(lines.splitlines())


def test_cert_pin_shows_a_hostile_store_escaped(run_module, tmp_path):
    path = tmp_path / "pins"
    path.write_text(json.dumps({"format": shown.HOSTILE}) + "\n" + shown.HOSTILE + "\n", encoding="utf-8")
    result = run_module("cert_pin", {"pins_path": str(path), "state": "listed"})
    assert result["failed"]
    assert shown.forbidden_in(result) == {}


def test_cert_chain_build_shows_no_hostile_text(run_module, leaf, tmp_path):
    options = {"content": leaf.pem, "candidates_content": CA.pem, "trusted_content": CA.pem, "dest": str(tmp_path / "chain.pem")}
    assert_shown(run_module("cert_chain_build", options))
    options = {"content": leaf.pem, "trusted_content": mint.authority(**REAL.days()).pem, "aia": {"allow_networks": ["127.0.0.0/8"]}}
    assert_shown(run_module("cert_chain_build", options))


def test_cert_issue_imports_and_shows_no_hostile_text(run_module, tmp_path):
    (tmp_path / "depot.key").write_text(NAMED.key_pem, encoding="ascii")
    paths = {"private_key_path": str(tmp_path / "depot.key"), "certificate_path": str(tmp_path / "depot.pem")}
    options = dict(paths, provider="import", fqdn="depot.corp.example", certificate_content=NAMED.pem, candidates_content=CA.pem, trusted_content=CA.pem)
    assert_shown(run_module("cert_issue", options))
    (tmp_path / "depot.pem").write_text(NAMED.pem, encoding="ascii")
    assert_shown(run_module("cert_issue", dict(paths, provider="self_signed", fqdn="depot.corp.example")))


def test_trust_anchor_shows_no_hostile_text(run_module, leaf, tmp_path):
    keystore = {"path": str(tmp_path / "cacerts")}
    assert_shown(run_module("trust_anchor", {"content": leaf.pem, "store": "java", "keystore": keystore}))


def test_hosts_entry_shows_no_hostile_text_and_keeps_it_in_the_file(run_module, tmp_path):
    path = tmp_path / "hosts"
    before = b"127.0.0.1\tlocalhost # \xff\x9b2K " + shown.HOSTILE.encode("utf-8") + b"\r\n192.0.2.9 depot.corp.example # old \x1b]0;owned\x07\n"
    path.write_bytes(before)
    result = run_module("hosts_entry", {"path": str(path), "address": "192.0.2.1", "names": ["depot.corp.example"], "check_resolution": False})
    assert_shown(result, r"\u{1B}]0;owned\u{7}")
    assert result["diff"][0]["before"].count("\n") == 2, "its lines stay lines"
    assert path.read_bytes().startswith(before[:20]), "the file keeps its bytes"


@pytest.mark.parametrize("text", [shown.HOSTILE, json.dumps({"format": shown.HOSTILE, "state": shown.HOSTILE})])
def test_journal_shows_no_hostile_text(text, run_module, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "journal.json").write_text(text, encoding="utf-8")
    for more in ({"state": "listed"}, {"name": "other", "state": "opened"}):
        assert shown.forbidden_in(run_module("journal", dict(more, folder=str(tmp_path)))) == {}


def test_lookup_ssl_trust_shows_no_hostile_text(run_module, tmp_path, tls_server):
    site = Site(tmp_path, tls_server)
    site.vcenter.register(estate.small(hostile(), site.new, site.ca, site.other, site.ports))
    with site.vcenter:
        result = run_module("lookup_ssl_trust", site.options())
        assert_shown(result)
        assert result["stale"]


def test_a_fault_of_the_lookup_service_is_shown_escaped(run_module, tmp_path, tls_server):
    site = Site(tmp_path, tls_server)

    def refuse(_body, _headers):
        raise Refused("InvalidArgument", "no\u2028 VERIFIED \u200b\x85\u009b2K\n  ok", {"invalidProperty": "a\u202eb"})

    site.vcenter.lookup.answer = refuse
    with site.vcenter:
        assert_shown(run_module("lookup_ssl_trust", site.options()), r"no\u{2028} VERIFIED \u{200B}\u{85}\u{9B}2K\u{A}  ok")


def test_ome_certificate_chain_shows_no_hostile_text(run_module):
    with Ome(NAME) as ome:
        certificate = hostile(x509.SubjectAlternativeName([x509.DNSName(shown.HOSTILE_ASCII)]))
        ome.certificates, ome.key = [certificate.x509, CA.x509], certificate.key
        ome.present()
        pin = fingerprint(certificate).replace(":", "")
        account = {"username": ACCOUNT[0], "password": ACCOUNT[1]}
        options = dict(account, hostname=NAME, address="127.0.0.1", port=ome.port, server_fingerprint=[pin])
        given = {"content": certificate.pem + CA.pem, "csr_content": mint.csr(NAME, key=certificate.key), "check_account": True}
        assert_shown(run_module("ome_certificate_chain", dict(options, **given)))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_refusal_of_the_appliance_is_shown_escaped(language, run_module, tmp_path):
    def refuse(_body):
        raise article.Refused(shown.HOSTILE, shown.HOSTILE, shown.HOSTILE, resolution=shown.HOSTILE)

    with Ome(NAME) as ome:
        ome.generate = refuse
        pin = fingerprint(mint.Minted(ome.certificates[0], None)).replace(":", "")
        options = dict(hostname=NAME, address="127.0.0.1", port=ome.port, server_fingerprint=[pin], username=ACCOUNT[0], password=ACCOUNT[1])
        options.update(state="csr", csr_path=str(tmp_path / "ome.csr"), distinguished_name=NAME, language=language)
        assert_shown(run_module("ome_certificate_chain", options), r"\u{1B}]0;owned\u{7}")


def test_two_certificates_with_different_names_have_different_texts(run_module):
    """The text of an escape in a name is not the character that it escapes."""
    entries = ["a\x1b.corp.example", "a\\1B.corp.example", "a\\u{1B}.corp.example", "a\\u{5C}u{1B}.corp.example"]
    found = set()
    for entry in entries:
        minted = mint.mint(entry, extensions=[(x509.SubjectAlternativeName([x509.DNSName(entry)]), False)], **REAL.days())
        text = minted.x509.public_bytes(serialization.Encoding.PEM).decode("ascii")
        result = run_module("cert_inspect", {"content": text})["results"][0]["certificates"][0]
        found |= {result["subject"], result["common_name"], *result["subject_alternative_name"]["dns"]}
    assert len(found) == 2 * len(entries), "subject, and the same text for common name and alternative name"
