# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as RFC 5280 section 7.1 compares them."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import comparable

UTF8, PRINTABLE, BMP, T61 = _ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.BMPString, _ASN1Type.T61String


def encoded(*attributes):
    """A name of one-attribute relative names; each attribute is (OID, value, type of string)."""
    return x509.Name([x509.NameAttribute(oid, value, kind) for oid, value, kind in attributes]).public_bytes()


def organization(value, kind=UTF8):
    return encoded((NameOID.ORGANIZATION_NAME, value, kind))


@pytest.mark.parametrize(
    "one, other",
    [
        (organization("Corp", UTF8), organization("Corp", PRINTABLE)),
        (organization("Corp", UTF8), organization("CORP", PRINTABLE)),
        (organization("Corp  CA "), organization(" corp ca")),
        (organization("Zürich", UTF8), organization("ZÜRICH", BMP)),
        (organization("Straße"), organization("STRASSE")),
        (organization("Zu\u0308rich"), organization("Z\u00fcrich")),
        (organization("soft\u00adhyphen"), organization("softhyphen")),
    ],
)
def test_names_match_whatever_the_string_type_case_and_blanks(one, other):
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    "one, other",
    [
        (organization("Corp"), organization("Corp2")),
        (organization("Corp"), encoded((NameOID.COMMON_NAME, "Corp", UTF8))),
        (organization("CorpCA"), organization("Corp CA")),
        (
            encoded((NameOID.ORGANIZATION_NAME, "Corp", UTF8), (NameOID.COMMON_NAME, "CA", UTF8)),
            encoded((NameOID.COMMON_NAME, "CA", UTF8), (NameOID.ORGANIZATION_NAME, "Corp", UTF8)),
        ),
    ],
)
def test_other_words_other_attributes_and_another_order_do_not_match(one, other):
    assert comparable(one) != comparable(other)


def test_the_order_within_one_relative_name_does_not_matter():
    pair = [x509.NameAttribute(NameOID.COMMON_NAME, "CA"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Corp")]
    one, other = (x509.Name([x509.RelativeDistinguishedName(order)]).public_bytes() for order in (pair, pair[::-1]))
    assert comparable(one) == comparable(other)


def test_a_string_that_is_not_in_its_encoding_equals_only_itself():
    broken = organization("abcd").replace(b"abcd", b"ab\xff\xfe")
    assert comparable(broken) == comparable(broken) != comparable(organization("abcd"))


def test_a_value_of_a_megabyte_is_compared_as_it_is_encoded():
    """Unicode's normal forms are quadratic work for a long run of combining characters."""
    value = ("\u0315\u0316" * 200_000).encode("utf-8")
    oid, text = bytes.fromhex("0603550403"), b"\x0c\x83" + len(value).to_bytes(3, "big") + value
    pair = oid + text
    wrapped = pair
    for tag in (0x30, 0x31, 0x30):
        wrapped = bytes([tag, 0x83]) + len(wrapped).to_bytes(3, "big") + wrapped
    assert comparable(wrapped) == (((oid[2:], "#" + text.hex()),),)
