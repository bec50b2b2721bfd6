# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate that clients would reject is not imported."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
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
