# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about files that are not plain PEM."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.strict_pem import form_problem
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas
from ansible_collections.certmend.tls.tests.support.rules import fails, findings, passes

CAS = Cas(FIXED)
LEAF, ONE = CAS.leaf(), CAS.one
SINGLE = ("ome_single",)


def problem(data):
    return form_problem(data, read_certificates(data))


@fails("FORMAT-NOT-PEM")
def test_a_binary_file_is_refused():
    (found,) = findings(LEAF, profiles=SINGLE, form=problem(LEAF.der))
    assert found.code == "FORMAT-NOT-PEM" and found.answer.startswith("CSEC9002: Unable to upload") and "binary" in found.message


@passes("FORMAT-NOT-PEM")
def test_pem_with_a_comment_above_it_or_other_line_ends_is_pem():
    assert findings(LEAF, profiles=SINGLE, form=problem(("# the appliance\n" + LEAF.pem).encode())) == []
    assert problem(("# the appliance\n" + LEAF.pem + ONE.pem).encode()) == problem(LEAF.pem.replace("\n", "\r\n").encode()) == ""


@pytest.mark.parametrize(
    "data, words",
    [
        (LEAF.pem.encode("utf-16"), "not ASCII"),
        (b"\xef\xbb\xbf" + LEAF.pem.encode(), "not ASCII"),
        (b"nothing", "no BEGIN CERTIFICATE line"),
        ((LEAF.pem + LEAF.key_pem).encode(), "2 blocks, of which 1"),
        (LEAF.pem.replace("\n", "\\n").encode(), "1 blocks, of which 0"),
        (LEAF.pem.replace("CERTIFICATE", "PKCS7").encode(), "1 blocks, of which 0"),
        (LEAF.pem.replace("MII", "MIJ", 1).encode(), "not a single certificate (the block at line 1"),
    ],
)
def test_why_a_file_is_not_plain_pem_is_reported(data, words):
    assert words in problem(data)
