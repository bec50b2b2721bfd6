# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust anchors as PEM text and in files."""

from __future__ import annotations

import re

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import (
    BEGIN,
    alias_for,
    by_fingerprint,
    certificate_blocks,
    pem_of,
    read_anchors,
    without_certificate,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint

ROOT, OTHER = mint.authority("Root CA"), mint.authority("Other")
BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def outline(certificate):
    return read_anchors(certificate.pem, "content")[0]


def test_anchors_are_read_each_once_whatever_stands_between_them():
    anchors = read_anchors("# a\n%s\n\nb: %s%s" % (ROOT.pem, OTHER.pem, ROOT.pem), "content")
    assert [(anchor.subject, anchor.der) for anchor in anchors] == [("CN=Root CA", ROOT.der), ("CN=Other", OTHER.der)]
    assert read_anchors("nothing", "content") == []


@pytest.mark.parametrize(
    "block, words",
    [
        (BROKEN, "ca_path: contains a block that is not a certificate"),
        (BROKEN.replace("AAAA", "A"), "ca_path: contains a block that is not Base64"),
    ],
)
def test_a_block_that_is_not_a_certificate_names_its_option(block, words):
    with pytest.raises(RemediationError, match=words):
        read_anchors(ROOT.pem + block, "ca_path")


def test_the_certificates_of_a_pem_file_are_found_by_fingerprint_and_the_rest_is_ignored():
    found = by_fingerprint(("\u00fcber\n%s%s" % (ROOT.pem, BROKEN)).encode("utf-8") + OTHER.pem.encode("ascii") + b"\xff")
    assert sorted(anchor.subject for anchor in found.values()) == ["CN=Other", "CN=Root CA"]
    assert all(fingerprint == anchor.sha256 for fingerprint, anchor in found.items())
    assert set(found) == {outline(ROOT).sha256, outline(OTHER).sha256}


def test_a_file_may_be_a_single_certificate_as_der():
    assert [anchor.der for anchor in by_fingerprint(ROOT.der).values()] == [ROOT.der]


@pytest.mark.parametrize("data", [b"", b"no certificate", ROOT.der[:-1], ROOT.der + b"\n", BROKEN.encode("ascii")])
def test_a_file_without_a_certificate_has_none(data):
    assert by_fingerprint(data) == {}


@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_a_certificate_is_removed_from_a_file_and_every_other_byte_stays(ending):
    block, rest = ROOT.pem.rstrip("\n").replace("\n", ending or "\n"), b"\xfc # after\n" + OTHER.pem.encode("ascii")
    data = b"# before\n" + (block + ending).encode("ascii") + rest + BROKEN.encode("ascii")
    assert without_certificate(data, outline(ROOT)) == b"# before\n" + rest + BROKEN.encode("ascii")


def test_a_file_that_is_the_certificate_as_der_becomes_empty():
    assert without_certificate(ROOT.der, outline(ROOT)) == b"" and without_certificate(OTHER.der, outline(ROOT)) == OTHER.der


def test_an_anchor_is_written_as_pem():
    assert pem_of(outline(ROOT)) == ROOT.pem.encode("ascii")


def test_an_alias_is_the_given_name_if_there_is_one_anchor():
    assert alias_for(outline(ROOT), "Lab Root!", several=False) == "lab-root"


def test_several_anchors_of_one_name_have_different_aliases():
    aliases = {alias_for(outline(certificate), "lab", several=True) for certificate in (ROOT, OTHER)}
    assert len(aliases) == 2 and all(re.fullmatch("lab-[0-9a-f]{8}", alias) for alias in aliases)


def test_an_alias_without_a_name_is_made_of_common_name_and_fingerprint():
    prefix = outline(ROOT).sha256.replace(":", "")[:8].lower()
    assert alias_for(outline(ROOT), None, several=False) == "root-ca-" + prefix
    assert alias_for(outline(mint.authority(None)), None, several=False).startswith("anchor-")
    assert alias_for(outline(mint.authority("\u6839")), None, several=False).startswith("anchor-")


def test_begin_lines_without_an_end_line_are_no_blocks_and_are_looked_at_once():
    assert certificate_blocks((BEGIN + "\n") * 37_000) == []
    assert by_fingerprint((BEGIN + "\n").encode() * 37_000) == {}
    certificate = mint.mint().pem
    assert certificate_blocks("text" + certificate + "text" + certificate + BEGIN) == [certificate.strip()] * 2
