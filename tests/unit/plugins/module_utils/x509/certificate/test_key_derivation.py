# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that asks for hours of key derivation is refused before the first round."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.key_derivation import MAXIMUM_ROUNDS, check_rounds, rounds_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.private_key import find_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.tests.support.forms import PASSWORD, openssl
from ansible_collections.certmend.tls.tests.support.mint import mint

#: a count of three octets that openssl makes in no time, and one that would take minutes
COUNT, LARGE = 70_000, 8_000_000


def integer(number):
    return b"\x02\x03" + number.to_bytes(3, "big")


def pfx(tmp_path, *options):
    minted = mint()
    (tmp_path / "both.pem").write_text(minted.key_pem + minted.pem)
    return openssl("pkcs12", "-export", "-in", tmp_path / "both.pem", "-passout", "pass:" + PASSWORD, "-iter", COUNT, *options)


KINDS = {"PBES2": (), "PBE": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1")}


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_the_rounds_of_a_pkcs12_are_counted_before_they_are_made(options, tmp_path):
    content = pfx(tmp_path, *options)
    assert rounds_of(content) == content.count(integer(COUNT)) * COUNT >= 2 * COUNT
    large = content.replace(integer(COUNT), integer(LARGE), 1)
    assert "asks for" in str(read_certificates(large, PASSWORD).warnings)
    with pytest.raises(RemediationError, match="it asks for %d rounds of key derivation" % rounds_of(large)):
        find_private_key(large, "own.p12", PASSWORD)
    assert len(read_certificates(content, PASSWORD).certificates) == 1


def test_an_encrypted_key_that_asks_for_too_much_is_refused(tmp_path):
    (tmp_path / "key.pem").write_text(mint().key_pem)
    der = openssl("pkcs8", "-topk8", "-in", tmp_path / "key.pem", "-passout", "pass:" + PASSWORD, "-iter", COUNT, "-outform", "DER")
    pem = openssl("pkcs8", "-topk8", "-in", tmp_path / "key.pem", "-passout", "pass:" + PASSWORD, "-iter", COUNT)
    assert find_private_key(der, "key", PASSWORD) and find_private_key(pem, "key", PASSWORD)
    large = der.replace(integer(COUNT), integer(LARGE))
    with pytest.raises(RemediationError, match="key: the private key is refused: it asks for 8000000 rounds"):
        find_private_key(large, "key", PASSWORD)


def test_a_key_of_a_megabyte_is_refused():
    with pytest.raises(RemediationError, match="key: the private key is refused: it is longer than"):
        find_private_key(b"\x30\x83\x10\0\0\x02\x01\0" + b"\x02\x83\x0f\xff\xf9".ljust(0x100000 - 3, b"\x01"), "key")


def test_the_largest_count_is_accepted():
    salted = b"\x04\x01\0" + integer(MAXIMUM_ROUNDS)
    check_rounds(b"\x30" + bytes([len(salted)]) + salted)
    more = b"\x04\x01\0" + integer(MAXIMUM_ROUNDS + 1)
    with pytest.raises(ValueError, match="rounds of key derivation"):
        check_rounds(b"\x30" + bytes([len(more)]) + more)


def test_elements_that_are_nested_too_deeply_are_refused():
    data = b""
    for _level in range(100):
        data = b"\x30\x83" + len(data).to_bytes(3, "big") + data
    with pytest.raises(ValueError, match="nested too deeply"):
        check_rounds(data)
