# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate as plain values: what a hostile server has put into one stays on its line."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import read_outline
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import NOW, encoded_names, mint

FORGED = "depot\u2028  VERIFIED depot:443\x85\u202e\x9b2K\x1b"
ASCII = "depot\n  VERIFIED depot:443\x1b[2K"
ENTRIES = {"dns": (0x82, ASCII), "email": (0x81, "a@" + ASCII), "uri": (0x86, "http://" + ASCII)}


def texts(value):
    """All the texts in a result."""
    if isinstance(value, dict):
        return [text for name, item in value.items() if name != "pem" for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else [value] if isinstance(value, str) else []


def test_a_subject_has_only_printable_characters_on_the_controller_and_on_an_appliance():
    certificate = mint(FORGED)
    result = from_x509(certificate.x509).as_dict(NOW)
    assert result["subject"] == result["issuer"] == r"CN=depot\E2\80\A8  VERIFIED depot:443\C2\85\E2\80\AE\C2\9B2K\1B"
    assert read_outline(certificate.der, "presented").subject == result["subject"]
    assert result["common_name"] == r"depot\u{2028}  VERIFIED depot:443\u{85}\u{202E}\u{9B}2K\u{1B}"
    assert all(text.isprintable() for text in texts(result)), result


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_alternative_name_has_only_printable_characters(kind):
    tag, text = ENTRIES[kind]
    result = from_x509(mint(extensions=[(encoded_names((tag, text.encode("ascii"))), False)]).x509).as_dict(NOW)
    (entry,) = result["subject_alternative_name"][kind]
    assert entry.endswith(r"depot\u{A}  VERIFIED depot:443\u{1B}[2K")
    assert all(text.isprintable() for text in texts(result)), result


def test_the_address_of_an_issuer_has_only_printable_characters():
    location = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://" + ASCII))
    result = from_x509(mint(extensions=[(x509.AuthorityInformationAccess([location]), False)]).x509).as_dict(NOW)
    assert result["ca_issuers"] == [r"http://depot\u{A}  VERIFIED depot:443\u{1B}[2K"]


@pytest.mark.parametrize("broken", [(0x87, b"\x0a\0\0\1\2"), (0xA3, b""), (0x82, b"\xff.example")], ids=["five octets", "x400Address", "no IA5"])
def test_names_that_are_plain_are_read_beside_one_that_the_library_refuses(broken):
    names = encoded_names((0x82, b"www.corp.example"), broken, (0x87, bytes([10, 0, 0, 1])), (0x81, b"a@corp.example"), (0x86, b"http://a\n"))
    usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH])
    certificate = from_x509(mint(ca=True, extensions=[(names, False), (usage, False)]).x509)
    result = certificate.as_dict(NOW)["subject_alternative_name"]
    assert result == {"dns": ["www.corp.example"], "ip": ["10.0.0.1"], "email": ["a@corp.example"], "uri": ["http://a\\u{A}"]}
    assert certificate.problems and certificate.problems[0].startswith("extensions: ")
    assert certificate.is_ca and certificate.extended_key_usage == ("serverAuth",), "the other extensions are not hidden"


def test_names_whose_lengths_do_not_add_up_are_not_read():
    names = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x05\x82\x7fabc")
    certificate = from_x509(mint(extensions=[(names, False)]).x509)
    assert certificate.dns_names == () and certificate.problems
