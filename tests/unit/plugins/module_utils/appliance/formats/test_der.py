# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small reader of an appliance agrees with the library, and never raises anything but its one error."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import dotted, read_outline
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.clock import DAY
from ansible_collections.certmend.tls.tests.support.mint import authority, mint

SAMPLES = [mint("depot.corp.example", organization='Comma, "Quote" + Plus'), authority("CA"), mint(None), mint("caf\u00e9 \u2603")]


@pytest.mark.parametrize("certificate", SAMPLES, ids=lambda one: str(one.x509.subject))
def test_subject_fingerprint_and_ca_flag_are_the_library_s(certificate):
    ours, theirs = read_outline(certificate.der, "content"), from_x509(certificate.x509)
    assert (ours.subject, ours.sha256, ours.is_ca) == (theirs.subject, theirs.fingerprint(), theirs.is_ca)
    assert (ours.issuer, ours.not_after) == (theirs.issuer, timestamp(theirs.not_after))


@pytest.mark.parametrize("year", [1975, 2049, 2050, 9999])
def test_the_end_of_a_validity_has_its_century(year):
    """RFC 5280 section 4.1.2.5: two digits of the year until 2049, four after that."""
    end = datetime.datetime(year, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)
    certificate = mint("depot.corp.example", starts=end - 9 * DAY, ends=end)
    assert read_outline(certificate.der, "content").not_after == "%d-12-31T23:59:59Z" % year


def test_an_end_that_cannot_be_read_is_no_reason_to_refuse_a_certificate():
    der = SAMPLES[0].der
    end = from_x509(SAMPLES[0].x509).not_after.strftime("%y%m%d%H%M%SZ").encode("ascii")
    assert der.count(end) == 1
    assert read_outline(der.replace(end, end[:-3] + b"x1Z"), "content").not_after is None


@given(place=st.integers(0, len(SAMPLES[0].der) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(SAMPLES[0].der)))
def test_a_damaged_certificate_is_read_or_refused(place, byte, cut):
    damaged = bytearray(SAMPLES[0].der)
    damaged[place] = byte
    for data in (bytes(damaged), bytes(damaged[:cut])):
        try:
            read_outline(data, "content")
        except RemediationError as error:
            assert "content" in error.message


@given(junk=st.binary(max_size=64))
def test_junk_is_refused(junk):
    with pytest.raises(RemediationError, match="is not a certificate"):
        read_outline(junk, "content")


@pytest.mark.parametrize("oid", [b"", b"\x80", b"\xff" * 1_000_000, b"\x01" * 129], ids=["empty", "cut off", "a number of a megabyte", "a megabyte of numbers"])
def test_an_object_identifier_is_bounded(oid):
    with pytest.raises(ValueError, match="an object identifier is malformed"):
        dotted(oid)


def test_an_object_identifier_is_text():
    assert [dotted(bytes.fromhex(oid)) for oid in ("551d11", "2a864886f70d010101", "883703")] == ["2.5.29.17", "1.2.840.113549.1.1.1", "2.999.3"]
