# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import the certificate that another CA issued."""

from __future__ import annotations

import base64
import dataclasses

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT, answer, install

PASSWORD = "Pfx1!"


def bring(server, **given):
    """Import, for clients that trust the root of the CA."""
    return server.run("import", **{"trusted_content": ROOT.pem, **given})


def pfx(certificate, *others, password=PASSWORD):
    """A PKCS#12 with its key, as Base64."""
    locked = mint.serialization.BestAvailableEncryption(password.encode()) if password else mint.serialization.NoEncryption()
    made = pkcs12.serialize_key_and_certificates(b"web", certificate.key, certificate.x509, [other.x509 for other in others] or None, locked)
    return base64.b64encode(made).decode("ascii")


def issuing_ca():
    """Two CAs below the root, the lower one first."""
    upper = mint.authority("Policy CA", ROOT)
    return mint.authority("Issuing CA", upper), upper


def test_the_imported_certificate_brings_its_key_into_use(server):
    server.run(fqdn="old.corp.example")
    asked = dict(csr_path=server.path("tls.csr"), reuse_key=False, drop_names=["old.corp.example"])
    csr = server.run("csr", **asked)["csr"]
    signed = answer(csr)
    done = bring(server, certificate_content=ROOT.pem + signed.pem, drop_names=["old.corp.example"])
    assert done["certificate"]["pem"] == signed.pem and server.content()["tls.pem"].decode() == signed.pem
    assert "tls.key.next" not in server.content()
    assert done["renewed_because"] == [
        "the installed certificate is not the imported certificate",
        "the imported certificate belongs to the private key of the last request",
    ]
    assert bring(server, certificate_content=ROOT.pem + signed.pem)["steps"] == []
    assert server.run("csr", **asked)["steps"] == []


def test_the_key_in_use_stays_if_the_imported_certificate_belongs_to_it(server):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    key = server.content()["tls.key"]
    done = bring(server, certificate_content=answer(csr).pem, csr_path=server.path("tls.csr"))
    assert done["renewed_because"] == ["the installed certificate is not the imported certificate"]
    assert done["csr"] == csr and server.content()["tls.key"] == key and done["created_files"] == [server.path("tls.pem")]


def test_a_certificate_for_another_key_is_refused_and_nothing_changes(server):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match="certificate_content: none of its 1 certificates belongs to the private key"):
        bring(server, certificate_content=mint.mint(FQDN, dns=[FQDN]).pem)
    assert server.content() == before


def test_a_certificate_without_any_key_on_the_host_is_refused(server):
    with pytest.raises(RemediationError, match="the key's pin: there is no key"):
        bring(server, certificate_content=mint.mint(FQDN, dns=[FQDN]).pem)


def test_a_certificate_that_lost_names_is_refused_before_the_import_and_says_which(server):
    old_names = ["portal.corp.example", "www2.corp.example", "10.77.0.30"]
    install(server, mint.mint(old_names[0], dns=old_names[:2], ip=old_names[2:], key=mint.shared_key("RSA-2048")))
    csr = server.run("csr", csr_path=server.path("tls.csr"), dns_names=["new.corp.example"])["csr"]
    before = server.content()
    signed = answer(csr, dns=[FQDN, "portal.corp.example"])
    for given in ({"csr_path": server.path("tls.csr")}, {"dns_names": ["new.corp.example"]}):
        with pytest.raises(
            RemediationError, match="certificate_content: the certificate lacks names that are served now or were requested.*drop_names"
        ) as caught:
            bring(server, certificate_content=signed.pem, **given)
        assert {name for name in [*old_names, "new.corp.example"] if name in caught.value.message} == {*old_names[1:], "new.corp.example"}
    assert server.content() == before
    done = bring(server, certificate_content=signed.pem, csr_path=server.path("tls.csr"), drop_names=["WWW2.corp.example", "10.77.0.30", "new.corp.example"])
    assert done["names_added"] == [FQDN] and done["names_dropped"] == ["www2.corp.example", "10.77.0.30"]
    assert "  names dropped: www2.corp.example, 10.77.0.30\n" in done["diff"][0]["after"]
    assert done["replaced_self_signed"] == done["previous"]["fingerprints"]["sha256"]


def test_a_wildcard_covers_names_that_the_answer_does_not_list(server):
    install(server, mint.mint("portal.corp.example", dns=["portal.corp.example"], key=mint.shared_key("RSA-2048")))
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    assert bring(server, certificate_content=answer(csr, dns=["*.corp.example", FQDN]).pem)["changed"]


def test_a_purpose_that_the_ca_dropped_is_reported_before_the_import(server):
    install(server, mint.mint(FQDN, dns=[FQDN], key=mint.shared_key("RSA-2048"), extensions=[(purposes("SERVER_AUTH", "CLIENT_AUTH"), False)]))
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    signed = answer(csr, extensions=[(purposes("SERVER_AUTH"), False)])
    with pytest.raises(RemediationError, match="extended key usage lacks clientAuth.*extended_key_usage"):
        bring(server, certificate_content=signed.pem)
    assert bring(server, certificate_content=signed.pem, extended_key_usage=["serverAuth"])["changed"]


def purposes(*names):
    return mint.x509.ExtendedKeyUsage([getattr(mint.x509.oid.ExtendedKeyUsageOID, name) for name in names])


def test_a_leaf_alone_keeps_the_intermediates_of_the_present_file(server):
    """They worked: clients that know only the root need them."""
    issuing, upper = issuing_ca()
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=issuing, key=mint.shared_key("RSA-2048")), issuing, upper)
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    signed = answer(csr, issuing)
    for trusted in (ROOT.pem, issuing.pem + ROOT.pem):
        bring(server, certificate_content=signed.pem, trusted_content=trusted)
        assert server.content()["tls.pem"].decode() == signed.pem + issuing.pem + upper.pem
    assert bring(server, certificate_content=signed.pem)["steps"] == []


def test_a_trusted_intermediate_alone_does_not_shorten_the_chain(server):
    issuing, upper = issuing_ca()
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=issuing, key=mint.shared_key("RSA-2048")), issuing, upper)
    signed = answer(server.run("csr", csr_path=server.path("tls.csr"))["csr"], issuing)
    bring(server, certificate_content=signed.pem, trusted_content=issuing.pem)
    assert server.content()["tls.pem"].decode() == signed.pem + issuing.pem + upper.pem


def test_a_leaf_alone_gets_its_chain_from_the_candidates(server):
    issuing, upper = issuing_ca()
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    signed = answer(csr, issuing)
    with pytest.raises(RemediationError, match="certificate_content: CHAIN-INCOMPLETE: the issuer CN=Issuing CA is neither presented nor"):
        bring(server, certificate_content=signed.pem)
    (server.folder / "upper.pem").write_text(upper.pem, encoding="ascii")
    bring(server, certificate_content=signed.pem, candidates=[server.path("upper.pem")], candidates_content=issuing.pem)
    assert server.content()["tls.pem"].decode() == signed.pem + issuing.pem + upper.pem


def test_intermediates_of_another_ca_are_left_out(server):
    issuing, upper = issuing_ca()
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=issuing, key=mint.shared_key("RSA-2048")), issuing, upper)
    signed = answer(server.run("csr", csr_path=server.path("tls.csr"))["csr"])
    bring(server, certificate_content=signed.pem)
    assert server.content()["tls.pem"].decode() == signed.pem


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_a_pkcs12_brings_certificate_chain_and_key_in_one_transaction(server, password):
    server.run(csr_path=server.path("tls.csr"))
    issuing, upper = issuing_ca()
    new = mint.mint(FQDN, dns=[FQDN], issuer=issuing, key=mint.shared_key("RSA-2048"))
    given = dict(certificate_content_base64=pfx(new, upper, issuing, password=password), password=password, combined_path=server.path("all.pem"))
    predicted, done = bring(server, check=True, **given), bring(server, **given)
    assert predicted["diff"] == done["diff"] and done["pin_changed"] and done["renewed_because"][-1] == "the imported file has its own private key"
    chain = new.pem + issuing.pem + upper.pem
    content = {name: text.decode() for name, text in server.content().items()}
    assert content["tls.key"] == new.key_pem and content["tls.pem"] == chain and content["all.pem"] == chain + new.key_pem
    assert (server.folder / "tls.key").stat().st_mode & 0o777 == 0o600
    assert set(done["backup_files"]) == set(server.paths.values())
    assert bring(server, **given)["steps"] == []
    assert not [line for line in new.key_pem.splitlines()[1:-1] if line in repr({**done, "steps": repr(done["steps"])})]


def test_a_pkcs12_in_a_file_for_a_server_without_a_key(server):
    new = mint.mint(FQDN, dns=[FQDN], issuer=ROOT)
    (server.folder / "new.pfx").write_bytes(base64.b64decode(pfx(new)))
    done = bring(server, import_path=server.path("new.pfx"), password=PASSWORD)
    assert set(done["created_files"]) == set(server.paths.values()) and server.content()["tls.key"].decode() == new.key_pem


def test_a_pkcs12_with_a_wrong_or_no_password_or_of_another_name_is_refused_and_nothing_changes(server):
    server.run()
    before = server.content()
    new = mint.mint(FQDN, dns=[FQDN], issuer=ROOT)
    for password, words in (("wrong", "the password is wrong"), (None, "give its password in the option password")):
        with pytest.raises(RemediationError, match="certificate_content_base64: .*PKCS#12 that cannot be opened: %s" % words):
            bring(server, certificate_content_base64=pfx(new), password=password)
    other = dataclasses.replace(new, x509=mint.mint("other.corp.example", dns=["other.corp.example"], issuer=ROOT, key=new.key).x509)
    with pytest.raises(RemediationError, match="NAME-MISMATCH"):
        bring(server, certificate_content_base64=pfx(other), password=PASSWORD)
    assert server.content() == before


def test_a_pkcs12_whose_files_cannot_all_be_written_changes_nothing(server):
    server.run()
    before = server.content()
    new = mint.mint(FQDN, dns=[FQDN], issuer=ROOT, starts=NOW - mint.DAY)
    with pytest.raises(RemediationError, match="combined_path"):
        bring(server, certificate_content_base64=pfx(new), password=PASSWORD, combined_path=str(server.folder / "no folder" / "all.pem"))
    assert server.content() == before
