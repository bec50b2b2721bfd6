# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sign the request of an appliance that keeps its private key."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, ROOT


def test_a_request_made_elsewhere_gets_a_certificate_for_its_key(server):
    key = mint.new_key("RSA-2048")
    given = dict(provider="own_ca", private_key_path=None, request_content=mint.csr("whatever", key=key), extended_key_usage=["serverAuth", "clientAuth"])
    first, again = server.run(**given), server.run(**given)
    assert first["steps"] and not again["steps"] and list(server.content()) == ["tls.pem"]
    certificate = first["certificate"]
    assert certificate["pin"] == pin_of(key.public_key()) and certificate["common_name"] == FQDN
    assert certificate["extended_key_usage"] == ["serverAuth", "clientAuth"] and "keyEncipherment" in certificate["key_usage"]
    given["request_content"] = mint.csr("whatever", key=mint.new_key())
    other = server.run(check=True, **given)
    assert other["renewed_because"] == ["the certificate is for another key than the request"] and other["pin_changed"]


@pytest.mark.parametrize("text, words", [("nothing", "request_content: this is not a certificate signing request"), (None, "request: its key")])
def test_a_request_that_cannot_be_signed_is_refused(server, text, words):
    weak = mint.csr("whatever", key=mint.shared_key("RSA-1024"))
    with pytest.raises(RemediationError, match=words):
        server.run("own_ca", private_key_path=None, request_content=text or weak)
    assert not list(server.folder.iterdir())


def test_a_request_that_another_task_of_a_check_run_would_make_is_pending(server):
    given = dict(provider="own_ca", private_key_path=None, request_path=server.path("ome.csr"))
    predicted = server.run(check=True, **given)
    assert predicted["changed"] and predicted["renewed_because"] == ["no certificate exists yet"] and predicted["certificate"] is None
    with pytest.raises(RemediationError, match="request_path: %s cannot be read" % server.path("ome.csr")):
        server.run(**given)
    (server.folder / "ome.csr").write_text(mint.csr("whatever", key=mint.new_key()))
    assert server.run(**given)["diff"] == predicted["diff"]


def test_a_lost_chain_is_written_again_without_signing_again(server):
    ca = mint.authority("Issuing CA", ROOT)
    given = dict(provider="own_ca", private_key_path=None, request_content=mint.csr("whatever"))
    given.update(signing_ca_content=ca.pem, signing_ca_private_key_content=ca.key_pem)
    first = server.run(**given)
    (server.folder / "tls.pem").write_text(first["certificate"]["pem"])
    again = server.run(**given)
    assert again["certificate"] == first["certificate"] and server.content()["tls.pem"].decode() == first["certificate"]["pem"] + ca.pem
    assert again["diff"][0]["after"].endswith("  for the key: that of the request\n") and not again["pin_changed"]
