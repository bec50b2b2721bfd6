# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate signing requests for another CA, beside a key and certificate that stay in use."""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT, answer


def test_a_request_leaves_the_key_and_certificate_in_use_alone(server):
    server.run(fqdn="old.corp.example")
    before = server.content()
    asked = server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False)
    after = server.content()
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"tls.csr", "tls.key.next"}
    assert asked["pin_changed"] and "BEGIN CERTIFICATE REQUEST" in asked["csr"]
    assert asked["renewed_because"] == [
        "the private key is replaced, because reuse_key is false",
        "no certificate signing request exists yet",
    ]
    assert server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False)["steps"] == []


def test_a_key_is_not_given_up_before_its_certificate_is_due(server):
    server.run()
    asked = server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False)
    assert asked["renewed_because"] == ["no certificate signing request exists yet"] and not asked["pin_changed"]
    assert "tls.key.next" not in server.content()
    server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False, at=NOW + 398 * mint.DAY)
    assert "tls.key.next" in server.content()


def test_the_first_request_makes_the_first_key(server):
    asked = server.run("csr", csr_path=server.path("tls.csr"))
    assert set(server.content()) == {"tls.csr", "tls.key"}
    assert asked["renewed_because"] == ["no private key exists at %s" % server.path("tls.key"), "no certificate signing request exists yet"]
    assert "  for the key: private key to be made in this run" in asked["diff"][0]["after"]
    (again,) = [server.run("csr", csr_path=server.path("tls.csr"), check=True)]
    assert again["steps"] == [] and again["csr"] == asked["csr"]


def test_a_request_for_other_names_or_another_key_is_made_again(server):
    server.run("csr", csr_path=server.path("tls.csr"))
    assert server.run("csr", csr_path=server.path("tls.csr"), fqdn="other.corp.example")["renewed_because"] == [
        "the subject is CN=%s, not CN=other.corp.example" % FQDN,
        "the subject alternative name contains the DNS names %s, expected other.corp.example" % FQDN,
    ]
    key = mint.new_key("RSA-2048")
    (server.folder / "tls.key").write_text(mint.key_pem(key))
    again = server.run("csr", csr_path=server.path("tls.csr"), fqdn="other.corp.example")
    assert again["renewed_because"] == ["the certificate signing request is for another private key"]
    assert "  for the key: %s\n" % pin_of(key.public_key()) in again["diff"][0]["after"]


def test_a_waiting_key_of_another_kind_is_replaced_and_the_key_in_use_is_not(server):
    server.run(fqdn="old.corp.example")
    server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False)
    before = server.content()
    asked = server.run("csr", csr_path=server.path("tls.csr"), key_type="EC")
    after = server.content()
    assert asked["renewed_because"][0] == "the private key is RSA 2048, but EC is requested"
    assert after["tls.key"] == before["tls.key"] and after["tls.key.next"] != before["tls.key.next"]


@pytest.mark.parametrize("certificate_path", ["no option", "no file"])
@pytest.mark.parametrize("more", [{"key_type": "EC"}, {"key_size": 4096}])
def test_a_key_that_may_be_in_use_is_not_replaced_because_no_certificate_is_given(server, certificate_path, more):
    given = dict(csr_path=server.path("tls.csr"), **({"certificate_path": None} if certificate_path == "no option" else {}), **more)
    key = mint.new_key("RSA-2048")
    (server.folder / "tls.key").write_text(mint.key_pem(key))
    asked = server.run("csr", **given)
    assert server.content()["tls.key"].decode() == mint.key_pem(key) and set(server.content()) == {"tls.key", "tls.csr", "tls.key.next"}
    waiting = mint.serialization.load_pem_private_key(server.content()["tls.key.next"], None)
    assert pin_of(mint.load_csr(asked["csr"].encode()).public_key()) == pin_of(waiting.public_key())
    assert server.run("csr", **given)["steps"] == []
    imported = server.run("import", certificate_content=answer(asked["csr"]).pem, trusted_content=ROOT.pem, csr_path=server.path("tls.csr"))
    assert imported["changed"] and set(server.content()) == {"tls.key", "tls.csr", "tls.pem"}
    assert pin_of(mint.serialization.load_pem_private_key(server.content()["tls.key"], None).public_key()) == pin_of(waiting.public_key())


def test_a_weak_key_without_a_certificate_is_not_replaced_either(server):
    (server.folder / "tls.key").write_text(mint.key_pem(mint.new_key("RSA-1024")))
    before = server.content()["tls.key"]
    server.run("csr", csr_path=server.path("tls.csr"))
    assert server.content()["tls.key"] == before and "tls.key.next" in server.content()


def test_a_damaged_request_is_made_again(server):
    server.run("csr", csr_path=server.path("tls.csr"))
    (server.folder / "tls.csr").write_text("nothing")
    assert server.run("csr", csr_path=server.path("tls.csr"))["renewed_because"] == ["no certificate signing request exists yet"]


def duplicate_key(server):
    """What a run leaves that was killed after it had brought the waiting key into use, and before it removed its file."""
    shutil.copy(server.path("tls.key"), server.path("tls.key.next"))


@pytest.mark.parametrize("provider", ["self_signed", "own_ca", "csr", "import"])
def test_a_waiting_key_that_is_in_use_already_is_discarded(server, provider):
    """It is a second copy of the key of a server."""
    asked = dict(csr_path=server.path("tls.csr"))
    signed = answer(server.run("csr", **asked)["csr"])
    server.run("import", certificate_content=signed.pem, trusted_content=ROOT.pem, **asked)
    duplicate_key(server)
    before = server.content()
    given = dict(asked, trusted_content=ROOT.pem, **({"certificate_content": signed.pem} if provider == "import" else {}))
    predicted = server.run(provider, check=True, **given)
    assert server.content() == before
    done = server.run(provider, **given)
    assert predicted["diff"] == done["diff"]
    assert done["renewed_because"] == [] and done["changed"] and done["steps"][0].target == server.path("tls.key.next")
    del before["tls.key.next"]
    assert server.content() == before and done["backup_files"] == {} and done["certificate"]["pem"] == signed.pem
    assert server.run(provider, **given)["steps"] == []


def test_a_waiting_key_in_use_is_discarded_with_an_import_and_comes_back_with_a_rollback(server):
    """The run was killed between the private key and the certificate: the rest is imported, and nothing is lost if that fails."""
    server.run(fqdn="old.corp.example")
    asked = dict(csr_path=server.path("tls.csr"), reuse_key=False, drop_names=["old.corp.example"])
    signed = answer(server.run("csr", **asked)["csr"])
    os.replace(server.path("tls.key.next"), server.path("tls.key"))
    duplicate_key(server)
    before = server.content()
    given = dict(certificate_content=signed.pem, trusted_content=ROOT.pem, drop_names=["old.corp.example"])
    os.chmod(server.path("tls.key.next"), 0o640)
    run, _context = server.make("import", **given)
    run.collect()
    undos = [run.apply(step) for step in run.plan()]
    assert set(server.content()) == {"tls.key", "tls.csr", "tls.pem"}
    while undos:
        undos.pop()()
    assert server.content() == before and os.stat(server.path("tls.key.next")).st_mode & 0o777 == 0o640
    done = server.run("import", **given)
    assert done["certificate"]["pem"] == signed.pem and "tls.key.next" not in server.content()
    assert [step.target for step in done["steps"]] == [server.path("tls.key.next"), server.path("tls.pem")]


def test_a_new_request_does_not_keep_a_waiting_key_that_is_in_use(server):
    """It was answered: a key for the next request is another one."""
    server.run()
    duplicate_key(server)
    asked = server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False, at=NOW + 398 * mint.DAY)
    content = server.content()
    assert "the private key is replaced, because reuse_key is false" in asked["renewed_because"]
    assert content["tls.key.next"] != content["tls.key"]


def test_a_key_in_use_that_is_a_link_to_the_waiting_file_is_no_copy(server):
    """A hard link of a private key is refused, whatever it is called."""
    server.run()
    os.replace(server.path("tls.key"), server.path("tls.key.next"))
    os.symlink(server.path("tls.key.next"), server.path("tls.key"))
    before = server.content()
    assert server.run()["steps"] == [] and server.content() == before
