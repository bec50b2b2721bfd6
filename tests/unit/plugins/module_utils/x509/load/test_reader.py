# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reader: every form that people have is read; every block is a certificate or a warning."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import MAXIMUM_WARNINGS, encoded_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_content
from ansible_collections.certmend.tls.tests.support.forms import PASSWORD, one_certificate, pkcs12, several_certificates, text_forms
from ansible_collections.certmend.tls.tests.support.mint import authority, csr, mint

LEAF, MIDDLE, ROOT = mint(), authority("Middle"), authority()
ONE, SEVERAL = one_certificate(LEAF), several_certificates([LEAF, MIDDLE, ROOT])
PEM = LEAF.pem.encode()


def ders(data, password=None):
    return [one.der for one in read_certificates(data, password).certificates]


def warnings(data, password=None):
    return list(read_certificates(data, password).warnings)


@pytest.mark.parametrize("form", sorted(ONE))
def test_one_certificate_is_read_in_each_form(form):
    assert ders(ONE[form]) == [LEAF.der] and warnings(ONE[form]) == []


@pytest.mark.parametrize("form", sorted(SEVERAL))
def test_several_certificates_are_read_in_each_form(form):
    assert ders(SEVERAL[form]) == ders_of(LEAF, MIDDLE, ROOT) and warnings(SEVERAL[form]) == []


def ders_of(*minted):
    return [one.der for one in minted]


@pytest.mark.parametrize("password", [PASSWORD, "", "pässword"])
def test_a_pkcs12_is_opened_by_its_password(password):
    data = pkcs12(LEAF, [MIDDLE], password)
    assert ders(data, password) == ders_of(LEAF, MIDDLE)
    assert ders(data, password or None) == ders_of(LEAF, MIDDLE)


@pytest.mark.parametrize("password, words", [("wrong", "the password is wrong"), (None, "give its password in the option password")])
def test_a_pkcs12_that_stays_closed_says_why(password, words):
    (warning,) = warnings(pkcs12(LEAF, [], PASSWORD), password)
    assert words in warning and PASSWORD not in warning
    assert ders(pkcs12(LEAF, [], PASSWORD), password) == []


def test_a_broken_block_is_a_warning_with_its_line_and_hides_no_other():
    broken = LEAF.pem.replace("MII", "!!!", 1)
    reading = read_certificates((ROOT.pem + broken + LEAF.pem).encode())
    assert [one.der for one in reading.certificates] == ders_of(ROOT, LEAF)
    (warning,) = reading.warnings
    assert "the block at line %d cannot be read" % (ROOT.pem.count("\n") + 1) in warning


def damaged_pkcs7():
    """A PKCS#7 of three, the second of which is no certificate any more; all lengths as they were."""
    der = SEVERAL["PKCS7 as DER"]
    place = der.index(MIDDLE.der) + 4
    return der[:place] + b"\x04" + der[place + 1 :]


def test_a_broken_certificate_in_a_pkcs7_hides_no_other():
    reading = read_certificates(damaged_pkcs7())
    assert [one.der for one in reading.certificates] == ders_of(LEAF, ROOT)
    (warning,) = reading.warnings
    assert "certificate 2 of the PKCS#7" in warning


@pytest.mark.parametrize(
    "text, words",
    [
        (LEAF.pem[:300] + "\n" + ROOT.pem, "the block at line 1 has no END line"),
        (ROOT.pem + LEAF.pem[:300], "the block at line %d has no END line" % (ROOT.pem.count("\n") + 1)),
        (LEAF.pem.partition("\n")[2] + ROOT.pem, "is an END line without a BEGIN line"),
        (LEAF.pem.replace("END CERTIFICATE", "END CERTFICATE") + ROOT.pem, "begins as CERTIFICATE and ends as CERTFICATE"),
        (LEAF.pem.replace("CERTIFICATE", "CERTFICATE") + ROOT.pem, "the block at line 1 has the label CERTFICATE, which is skipped"),
        (LEAF.pem.replace("-----BEGIN", "---BEGIN") + ROOT.pem, "line 1 looks like a BEGIN or END line, but is malformed"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + ROOT.pem, "it is empty"),
        (ROOT.pem + LEAF.pem.splitlines()[2] + "\n", "is Base64 outside of any block"),
        ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" + ROOT.pem, "the block at line 1 is not a certificate"),
    ],
)
def test_what_was_meant_to_be_a_block_is_told_of_and_the_others_are_read(text, words):
    reading = read_certificates(text.encode())
    assert [one.der for one in reading.certificates] == [ROOT.der]
    assert any(words in warning for warning in reading.warnings), reading.warnings


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"not a certificate", "neither PEM, DER"),
        (b"\x30\x82\x01\x00", "it ends too early"),
        (LEAF.der[:-1], "it ends too early"),
        (LEAF.der + LEAF.der[:-1], "it ends too early"),
        (LEAF.der + b"more", "4 bytes behind its last certificate"),
        (json.dumps({"cert": LEAF.pem}).encode(), "is a JSON document"),
        (LEAF.key_pem.encode(), "holds no certificate, but: PRIVATE KEY"),
        (csr("www").encode(), "holds no certificate, but: CERTIFICATE REQUEST"),
        (base64.b64encode(b"\x30\x03\x02\x01\x00"), "looks like a private key"),
        (bytes.fromhex("302706092a864886f70d010702a01a30180201013100300b06092a864886f70d010701a000a1003100"), "PKCS#7 without certificates"),
        (b"\x30\x80" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_certificate_is_a_warning(data, words):
    reading = read_certificates(data)
    assert any(words in warning for warning in reading.warnings), reading.warnings


def test_a_critical_flag_that_is_written_out_as_false_is_explained():
    """X.690 section 11.5 forbids what some CAs do; cryptography refuses such a certificate, and we go on."""
    oid = x509.oid.ExtensionOID.SUBJECT_KEY_IDENTIFIER.dotted_string
    plain = mint(extensions=[(x509.SubjectKeyIdentifier(b"k" * 20), False)])
    spelled = bytes.fromhex("0603551d0e")
    assert oid == "2.5.29.14" and plain.der.count(spelled) == 1
    changed = lengthened(plain.der, spelled, bytes.fromhex("0603551d0e010100"))
    reading = read_certificates(changed + ROOT.der)
    if [one.der for one in reading.certificates] != [changed, ROOT.der]:  # old releases of the library accept it
        assert [one.der for one in reading.certificates] == [ROOT.der]
        (warning,) = reading.warnings
        assert "critical FALSE" in warning and "CN=depot.corp.example" in warning


def lengthened(der, old, new):
    """Put in longer bytes, and mend the lengths of everything around them."""

    def walk(data):
        out, place = b"", 0
        while place < len(data):
            start, end = bounds_of(data, place)
            content = data[start:end]
            if old in content and data[place] & 0x20 or (data[place] == 0x04 and old in content):
                content = content.replace(old, new) if content.startswith(old) else walk(content)
            elif data[place:].startswith(old):
                content = None
            out += data[place:start] if content is None else head(data[place], len(content))
            out += data[start:end] if content is None else content
            place = end
        return out

    return walk(der)


def bounds_of(data, place):
    length, start = data[place + 1], place + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    return start, start + length


def head(tag, length):
    if length < 0x80:
        return bytes([tag, length])
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big")


@pytest.mark.parametrize("form", ["PEM", "CRLF", "UTF-16 of Windows", "indented, as in YAML"])
def test_requests_are_read_with_their_dirt(form):
    text = csr("www.corp.example")
    assert load_csr(text_forms(text)[form], "csr_path").subject.rfc4514_string() == "CN=www.corp.example"


def test_a_file_without_a_request_names_the_option():
    with pytest.raises(RemediationError, match="csr_path: this is not a certificate signing request"):
        load_csr(PEM, "csr_path")


#: what people and their programs do to a file without changing what it says
HARMLESS = [
    lambda text: text.replace("\r", "\n").replace("\n\n", "\n").replace("\n", "\r\n"),
    lambda text: text.replace("\r\n", "\n").replace("\n", "\r"),
    lambda text: "  " + text.replace("\n", "\n  "),
    lambda text: "# a comment\n" + text,
    lambda text: text + "\n\n",
    lambda text: "subject=CN = somebody\n\n" + text,
    lambda text: text.replace("CERTIFICATE-----\n-----BEGIN", "CERTIFICATE----------BEGIN"),
    lambda text: "\ufeff" + text,
]


@given(changes=st.lists(st.sampled_from(HARMLESS), max_size=4, unique=True), encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le"]))
def test_harmless_reformatting_reads_back_identically(changes, encoding):
    text = LEAF.pem + MIDDLE.pem + ROOT.pem
    for change in changes:
        text = change(text)
    assert ders(text.encode(encoding)) == ders_of(LEAF, MIDDLE, ROOT)


@given(width=st.integers(1, 200), escapes=st.booleans())
def test_any_wrapping_reads_back_identically(width, escapes):
    body = base64.b64encode(LEAF.der).decode()
    lines = [body[place : place + width] for place in range(0, len(body), width)]
    text = "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
    assert ders((json.dumps(text) if escapes else text).encode()) == [LEAF.der]


@given(form=st.sampled_from(sorted(ONE) + sorted(SEVERAL)), data=st.data())
def test_damage_is_never_an_exception_and_invents_nothing(form, data):
    whole = dict(ONE, **SEVERAL)[form]
    place, size = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 40))
    read_certificates(whole[:place] + data.draw(st.binary(max_size=20)) + whole[place + size :])
    cut = read_certificates(whole[:place])
    assert {one.der for one in cut.certificates} <= {LEAF.der, MIDDLE.der, ROOT.der}


@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise(data):
    reading = read_certificates(data)
    assert reading.certificates or reading.warnings


@pytest.mark.parametrize("blank", ["\n", "\n  \t\n", "\n\n\n"])
def test_empty_lines_in_a_block_are_read_and_reported_because_tls_libraries_refuse_them(blank):
    lines = LEAF.pem.splitlines()
    text = "\n".join(lines[:3]) + "\n" + blank + "\n".join(lines[3:]) + "\n"
    reading = read_certificates(text.encode())
    assert [one.der for one in reading.certificates] == [LEAF.der]
    assert reading.warnings == ("the block at line 1 is broken by an empty line: TLS libraries read what is above it as headers",)


def test_an_empty_line_below_headers_is_as_it_should_be():
    text = LEAF.pem.replace("-----\n", "-----\nComment: a\n b\nOther: c\n\n", 1)
    reading = read_certificates(text.encode())
    assert [one.der for one in reading.certificates] == [LEAF.der] and reading.warnings == ()


#: a megabyte each that was quadratic work, or half a million warnings
def hostile():
    begin, end = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
    yield "repeated 30 00", b"\x30\x82\x00\x00" + b"\x30\x00" * 500_000
    yield "nested 30 80", b"\x30\x80" * 500_000
    yield "BEGIN lines without END", begin * 37_000
    yield "END lines without BEGIN", end * 37_000
    yield "tiny blocks", (begin + b"MAA=\n" + end) * 17_000
    yield "headers", begin + b"A:\n" * 330_000 + end
    yield "empty lines", begin + b"\n" * 1_000_000 + end
    yield "malformed BEGIN lines", b"--BEGIN X\n" * 100_000
    yield "JSON", b"[" * 1_000_000


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in hostile()])
def test_a_megabyte_of_broken_input_is_a_hundred_warnings_at_most(data):
    reading = read_certificates(data)
    assert not reading.certificates and 1 <= len(reading.warnings) <= MAXIMUM_WARNINGS + 2
    assert max(map(len, reading.warnings)) < 1000
    pool = Pool()
    assert add_content(pool, data, "hostile") == len(encoded_certificates(data).ders)
    assert len(pool) == 0 and len(pool.warnings) <= 2 * MAXIMUM_WARNINGS + 2
