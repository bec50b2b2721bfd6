# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate that clients would reject is not imported."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.judge import REFUSED
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import NOW, answer


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(common_name="10.77.0.10"), "the common name is the IP address"),
        (dict(dns=["other.corp.example"], common_name="other.corp.example"), "is not among the names"),
        (dict(ends=NOW - datetime.timedelta(hours=1)), "expired"),
        (dict(starts=NOW + mint.DAY), "is valid only from"),
    ],
)
def test_an_answer_that_the_installer_would_reject_is_refused(server, wrong, message):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    before = server.content()
    with pytest.raises(RemediationError, match=message):
        server.run("import", certificate_content=answer(csr, **wrong).pem, profile="vcf_installer")
    assert server.content() == before


def test_a_certificate_for_which_trust_is_unknown_is_imported(server):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    signed = answer(csr, mint.authority("Unknown CA"))
    assert server.run("import", certificate_content=signed.pem, profile="vcf_installer")["certificate"]["pem"] == signed.pem


def test_only_names_and_dates_refuse_an_import(server):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    clients_only = answer(csr, extensions=[(mint.x509.ExtendedKeyUsage([mint.x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), False)])
    chain = chain_of([from_x509(clients_only.x509)], None, first_is_leaf=True)
    codes = [finding.code for finding in judge(chain, JudgementContext(now=NOW), "") if finding.severity == ERROR]
    assert codes and not any(code.startswith(REFUSED) for code in codes)
    assert server.run("import", certificate_content=clients_only.pem)["certificate"]["extended_key_usage"] == ["clientAuth"]
