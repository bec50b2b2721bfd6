# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new certificate keeps the names, the subject, the purposes and the kind of key of the present certificate."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT, install

x509 = mint.x509
OTHERS = ("portal.corp.example", "intranet.corp.example", "www2.corp.example")
USAGES = x509.oid.ExtendedKeyUsageOID


def present(common_name=OTHERS[0], dns=OTHERS, ip=("10.77.0.30",), names=(), purposes=(USAGES.SERVER_AUTH, USAGES.CLIENT_AUTH), key="RSA-2048", issuer=None):
    """A certificate as somebody else made it.

    :param names: further entries of the subject alternative name.
    """
    entries = [x509.DNSName(name) for name in dns] + [x509.IPAddress(mint.ipaddress.ip_address(address)) for address in ip] + list(names)
    extensions = [(x509.SubjectAlternativeName(entries), False)] if entries else []
    extensions += [(x509.ExtendedKeyUsage(list(purposes)), False)] if purposes else []
    return mint.mint(common_name, key=mint.shared_key(key), extensions=extensions, issuer=issuer)


def subject_of(*pairs):
    return x509.Name([x509.NameAttribute(getattr(x509.oid.NameOID, kind), value) for kind, value in pairs])


@pytest.mark.parametrize("provider", ["self_signed", "own_ca"])
def test_every_name_of_the_present_certificate_is_kept_and_reported(server, provider):
    names = [x509.RFC822Name("admin@corp.example"), x509.UniformResourceIdentifier("https://corp.example/portal")]
    install(server, present(names=names))
    made = server.run(provider, ip_addresses=["10.77.0.10"])
    assert made["certificate"]["subject_alternative_name"] == {
        "dns": [FQDN, *OTHERS],
        "ip": ["10.77.0.10", "10.77.0.30"],
        "email": ["admin@corp.example"],
        "uri": ["https://corp.example/portal"],
    }
    assert made["names_added"] == [FQDN, "10.77.0.10"] and made["names_dropped"] == []
    assert "  names added: %s, 10.77.0.10\n" % FQDN in made["diff"][0]["after"] and "names dropped" not in made["diff"][0]["after"]
    assert server.run(provider, ip_addresses=["10.77.0.10"])["steps"] == []


def test_entries_that_are_no_names_of_a_server_are_kept_as_they_are(server):
    others = [x509.DirectoryName(subject_of(("ORGANIZATION_NAME", "Example"))), x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))]
    install(server, present(names=others))
    made = x509.load_pem_x509_certificate(server.run()["certificate"]["pem"].encode()).extensions
    assert list(made.get_extension_for_class(x509.SubjectAlternativeName).value)[-2:] == others


def test_names_are_given_up_only_by_drop_names(server):
    install(server, present())
    dropped = ["WWW2.corp.example", "10.77.0.30", "never.corp.example"]
    made = server.run(drop_names=dropped)
    assert made["certificate"]["subject_alternative_name"]["dns"] == [FQDN, *OTHERS[:2]] and made["certificate"]["subject_alternative_name"]["ip"] == []
    assert made["names_dropped"] == ["www2.corp.example", "10.77.0.30"] and "  names dropped: www2.corp.example, 10.77.0.30\n" in made["diff"][0]["after"]
    assert server.run(drop_names=dropped)["steps"] == []
    again = server.run(drop_names=["portal.corp.example"])
    assert again["names_dropped"] == ["portal.corp.example"]
    assert again["renewed_because"] == [
        "the subject alternative name contains the DNS names %s, %s, %s, expected %s, %s" % (FQDN, *OTHERS[:2], FQDN, OTHERS[1]),
    ]


def test_a_name_cannot_be_asked_for_and_given_up(server):
    with pytest.raises(RemediationError, match="drop_names: Depot.corp.example is also asked for"):
        server.run(drop_names=["Depot.corp.example"])


def test_names_that_only_an_earlier_run_asked_for_are_no_reason(server):
    server.run(ip_addresses=["10.77.0.10"], dns_names=["depot"])
    assert server.run()["steps"] == []


def test_letter_case_is_no_reason_and_a_name_is_kept_once(server):
    install(server, mint.mint("Depot.CORP.example", dns=["DEPOT.corp.example", "Www.corp.example"], key=mint.shared_key("RSA-2048")))
    assert server.run(dns_names=["www.Corp.example"])["steps"] == []
    made = server.run(dns_names=["new.corp.example", "www.Corp.example"])
    assert made["certificate"]["subject_alternative_name"]["dns"] == [FQDN, "new.corp.example", "www.Corp.example"]
    assert made["names_added"] == ["new.corp.example"] and made["names_dropped"] == []


@pytest.mark.parametrize("dns, ip", [((), ()), ((), ("10.77.0.10",)), (("10.77.0.10",), ())])
def test_an_address_as_common_name_or_dns_name_is_kept_as_an_address(server, dns, ip):
    install(server, present("10.77.0.10", dns, ip))
    made = server.run(profile="vcf_installer")
    assert made["certificate"]["subject_alternative_name"] == {"dns": [FQDN], "ip": ["10.77.0.10"], "email": [], "uri": []}
    assert made["renewed_because"][0] == "the subject is CN=10.77.0.10, not CN=%s (NAME-CN-IS-IP)" % FQDN


def test_an_address_with_a_zone_is_kept_without_it_and_once(server):
    install(server, present("fe80::1%eth0", (), ()))
    request = {"provider": "csr", "csr_path": server.path("tls.csr")}
    assert server.run(**request)["changed"] and not server.run(**request)["changed"]
    assert server.run()["certificate"]["subject_alternative_name"] == {"dns": [FQDN], "ip": ["fe80::1"], "email": [], "uri": []}


@pytest.mark.parametrize("common_name, dns, kept", [("old.corp.example", (), True), ("old", (), True), ("old", (OTHERS[0],), False), ("The Depot", (), False)])
def test_a_common_name_by_which_clients_may_have_connected_is_kept(server, common_name, dns, kept):
    install(server, present(common_name, dns, ()))
    assert (common_name in server.run()["certificate"]["subject_alternative_name"]["dns"]) is kept


@pytest.mark.parametrize("name, problem", [("*.corp.example", "is a wildcard"), ("my_host.corp.example", "is not made of labels")])
def test_a_name_that_must_not_be_kept_is_refused_with_the_way_out(server, name, problem):
    install(server, present(OTHERS[0], [OTHERS[0], name], ()))
    before = server.content()
    with pytest.raises(
        RemediationError, match=r"the DNS name '%s' of the present certificate .*%s.*List it in drop_names" % (name.replace("*", r"\*"), problem)
    ):
        server.run(profile="vcf_installer")
    assert server.content() == before
    made = server.run(profile="vcf_installer", drop_names=[name])
    assert made["names_dropped"] == [name] and made["certificate"]["subject_alternative_name"]["dns"] == [FQDN, OTHERS[0]]


def test_an_email_address_that_cannot_be_encoded_is_refused_with_the_way_out(server):
    names = mint.encoded_names((0x82, FQDN.encode("ascii")), (0x81, b"Operator <ops@corp.example>"))
    install(server, mint.mint(FQDN, key=mint.shared_key("RSA-2048"), extensions=[(names, False)]))
    with pytest.raises(RemediationError, match="the email address .* of the present certificate cannot be kept: it cannot be encoded .*List it in drop_names"):
        server.run(dns_names=["www.corp.example"])


def test_a_wildcard_is_kept_if_the_profile_allows_it(server):
    install(server, present("*.corp.example", ["*.corp.example"], ()))
    assert server.run()["certificate"]["subject_alternative_name"]["dns"] == [FQDN, "*.corp.example"]


def test_the_names_of_a_combined_file_are_kept_too(server):
    old = present()
    (server.folder / "all.pem").write_text(old.pem + old.key_pem, encoding="ascii")
    made = server.run(certificate_path=None, combined_path=server.path("all.pem"))
    assert made["certificate"]["subject_alternative_name"]["dns"] == [FQDN, *OTHERS]


def test_the_subject_stays_but_for_its_common_name(server):
    name = subject_of(("COUNTRY_NAME", "DE"), ("ORGANIZATIONAL_UNIT_NAME", "A"), ("ORGANIZATIONAL_UNIT_NAME", "B"), ("COMMON_NAME", "x.example"))
    install(server, mint.mint(name, key=mint.shared_key("RSA-2048")))
    assert server.run()["certificate"]["subject"] == "CN=%s,OU=B,OU=A,C=DE" % FQDN
    assert server.run()["steps"] == []
    assert server.run(subject={"O": "Example"})["certificate"]["subject"] == "CN=%s,O=Example" % FQDN
    assert server.run(subject={"O": "EXAMPLE"})["steps"] == [], "names are compared as RFC 5280 section 7.1 says"
    assert server.run(subject={})["certificate"]["subject"] == "CN=" + FQDN


def test_purposes_stay_and_server_authentication_is_one_of_them(server):
    def purposes(**given):
        return server.run(force=True, **given)["certificate"]["extended_key_usage"]

    install(server, present(purposes=[USAGES.CLIENT_AUTH, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.17")]))
    assert "the extended key usage lacks serverAuth (USAGE-NO-SERVER-AUTH)" in server.run(check=True)["renewed_because"]
    assert purposes() == ["serverAuth", "clientAuth", "1.3.6.1.5.5.7.3.17"]
    assert purposes(extended_key_usage=["serverAuth"]) == ["serverAuth"] == purposes()
    install(server, present(purposes=()))
    assert purposes() == ["serverAuth", "clientAuth"], "without the extension a certificate is for anything"


@pytest.mark.parametrize("kind, key", [("P-384", "EC secp384r1"), ("Ed25519", "Ed25519 256")])
def test_a_new_key_is_of_the_present_kind(server, kind, key):
    install(server, mint.mint(FQDN, dns=[FQDN], key=mint.shared_key(kind)))
    made = server.run(force=True, reuse_key=False)
    assert made["pin_changed"] and "  kind: %s\n" % key in made["diff"][0]["after"]
    (server.folder / "tls.key").unlink()
    assert "  kind: %s\n" % key in server.run()["diff"][0]["after"], "even if the key is lost"


def test_a_new_key_is_never_a_weak_one(server):
    install(server, mint.mint(FQDN, dns=[FQDN], key=mint.shared_key("RSA-1024")))
    made = server.run()
    assert made["renewed_because"] == ["the private key is smaller than 2048 bits (KEY-WEAK)"]
    assert made["certificate"]["key"] == {"type": "RSA", "bits": 2048, "curve": None}


def test_a_request_has_the_kept_names_subject_and_purposes(server):
    name = subject_of(("ORGANIZATION_NAME", "Example"), ("COMMON_NAME", OTHERS[0]))
    install(server, present(name, issuer=ROOT))
    asked = server.run("csr", csr_path=server.path("tls.csr"), drop_names=["10.77.0.30"])
    csr = mint.load_csr(asked["csr"].encode())
    assert csr_names(csr) == ((FQDN, *OTHERS), ()) and csr.subject == subject_of(("ORGANIZATION_NAME", "Example"), ("COMMON_NAME", FQDN))
    assert asked["names_added"] == [FQDN] and asked["names_dropped"] == ["10.77.0.30"]
    assert server.run("csr", csr_path=server.path("tls.csr"), drop_names=["10.77.0.30"])["steps"] == []


def test_the_first_certificate_adds_all_its_names(server):
    made = server.run(dns_names=["depot"])
    assert made["names_added"] == [FQDN, "depot"] and made["names_dropped"] == [] and "names added" not in made["diff"][0]["after"]
    assert server.run(at=NOW + 368 * mint.DAY)["names_added"] == []
