# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import the certificate that another CA issued."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, ROOT, answer


def test_the_imported_certificate_brings_its_key_into_use(server):
    server.run(fqdn="old.corp.example")
    csr = server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False)["csr"]
    signed = answer(csr)
    done = server.run("import", certificate_content=ROOT.pem + signed.pem)
    assert done["certificate"]["pem"] == signed.pem and server.content()["tls.pem"].decode() == signed.pem
    assert "tls.key.next" not in server.content()
    assert done["renewed_because"] == [
        "the installed certificate is not the imported certificate",
        "the imported certificate belongs to the private key of the last request",
    ]
    assert server.run("import", certificate_content=ROOT.pem + signed.pem)["steps"] == []
    assert server.run("csr", csr_path=server.path("tls.csr"), reuse_key=False)["steps"] == []


def test_the_key_in_use_stays_if_the_imported_certificate_belongs_to_it(server):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    key = server.content()["tls.key"]
    done = server.run("import", certificate_content=answer(csr).pem, csr_path=server.path("tls.csr"))
    assert done["renewed_because"] == ["the installed certificate is not the imported certificate"]
    assert done["csr"] == csr and server.content()["tls.key"] == key and done["created_files"] == [server.path("tls.pem")]


def test_a_certificate_for_another_key_is_refused_and_nothing_changes(server):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match="certificate_content: none of its 1 certificates belongs to the private key"):
        server.run("import", certificate_content=mint.mint(FQDN, dns=[FQDN]).pem)
    assert server.content() == before


def test_a_certificate_without_any_key_on_the_host_is_refused(server):
    with pytest.raises(RemediationError, match="the key's pin: there is no key"):
        server.run("import", certificate_content=mint.mint(FQDN, dns=[FQDN]).pem)
