# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates that a task names must be there, and be CAs."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.collect import collect_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint

ROOT, LEAF = mint.authority("Root"), mint.mint("depot.corp.example")


def options(**more):
    params = dict(
        path=None, content=None, store="auto", keystore=None, name=None, state="present", allow_leaf=False, label=None, pending=False, backup=True, journal=None
    )
    return Options.from_params(dict(params, **more))


def test_certificates_come_from_a_text_or_a_file(tmp_path):
    (tmp_path / "ca.pem").write_bytes(b"\xfcber\n" + ROOT.pem.encode("ascii"))
    for given in (options(content=ROOT.pem), options(path=str(tmp_path / "ca.pem"))):
        assert [anchor.der for anchor in collect_anchors(given, pending=False)] == [ROOT.der]


@pytest.mark.parametrize("content", ["", " \n", "nothing"])
def test_a_text_without_a_certificate_names_its_option(content):
    with pytest.raises(RemediationError, match="content: contains no certificate"):
        collect_anchors(options(content=content), pending=False)


def test_an_empty_text_is_accepted_if_the_certificate_is_pending():
    assert collect_anchors(options(content=" \n"), pending=True) == ()
    with pytest.raises(RemediationError, match="content: contains no certificate"):
        collect_anchors(options(content="nothing"), pending=True)


def test_a_certificate_that_is_not_a_ca_is_refused_unless_it_is_allowed_or_removed(tmp_path):
    (tmp_path / "leaf.pem").write_text(LEAF.pem, encoding="ascii")
    with pytest.raises(RemediationError, match=r"path: CN=depot.corp.example is not a CA \(basic constraints\)") as caught:
        collect_anchors(options(path=str(tmp_path / "leaf.pem")), pending=False)
    assert "allow_leaf" in caught.value.advice
    for accepted in (dict(allow_leaf=True), dict(state="absent")):
        assert len(collect_anchors(options(content=LEAF.pem, **accepted), pending=False)) == 1
