# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints as openssl prints them, and as people write and paste them."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import (
    fingerprint_of,
    parse_fingerprint,
    parse_server_fingerprints,
    with_colons,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint

SHA1 = ":".join(["AB"] * 20)
SHA256 = ":".join(["0F"] * 32)


def test_bytes_are_written_in_upper_case_with_colons():
    assert with_colons(b"\x00\xab\x0f") == "00:AB:0F" and with_colons(b"") == ""


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_fingerprint_is_the_one_that_openssl_prints(algorithm):
    certificate = mint.authority()
    command = ["openssl", "x509", "-noout", "-fingerprint", "-" + algorithm]
    printed = subprocess.run(command, input=certificate.pem, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert printed.strip().partition("=")[2] == fingerprint_of(certificate.der, algorithm)


def test_a_fingerprint_is_sha_256_unless_another_is_asked_for():
    assert fingerprint_of(b"x") == fingerprint_of(b"x", "sha256") != fingerprint_of(b"x", "sha1")


@pytest.mark.parametrize("text", [SHA1, SHA1.lower(), SHA1.replace(":", ""), "ab" * 20])
def test_a_fingerprint_is_read_in_any_case_with_colons_or_without(text):
    assert parse_fingerprint(text, "old_fingerprint") == SHA1


@pytest.mark.parametrize("text", [SHA1 + "\u200e", " " + SHA1, SHA1 + "\n", SHA1.replace(":", " "), SHA1.replace(":", "\u00a0")])
def test_white_space_and_invisible_characters_are_refused_with_the_probable_fingerprint(text):
    with pytest.raises(RemediationError, match="old_fingerprint: contains characters that are not part of a fingerprint: U") as caught:
        parse_fingerprint(text, "old_fingerprint")
    assert caught.value.advice == "Type it instead of pasting it; the fingerprint is probably %s." % SHA1


def test_an_invisible_character_is_named_even_if_digits_are_missing():
    with pytest.raises(RemediationError, match=r"U\+200E LEFT-TO-RIGHT MARK") as caught:
        parse_fingerprint("\u200eAB:CD", "old_fingerprint")
    assert caught.value.advice == "Type it instead of pasting it."


@pytest.mark.parametrize("text, digits", [("", 0), ("AB:CD", 4), (SHA1 + ":AB", 42), ("AB" * 19 + "A", 39), ("x" * 40, 0), ("AB::" + SHA1[3:], 40)])
def test_a_text_that_is_not_a_fingerprint_is_refused(text, digits):
    with pytest.raises(RemediationError, match="old_fingerprint: .* is not a fingerprint: it has %d hexadecimal digits" % digits) as caught:
        parse_fingerprint(text, "old_fingerprint")
    assert caught.value.advice == "Give a SHA-1 (40 digits) or SHA-256 (64 digits) fingerprint, with or without colons."


def test_an_option_may_accept_one_kind_only():
    with pytest.raises(RemediationError) as caught:
        parse_fingerprint(SHA1, "expected_fingerprint", (64,))
    assert caught.value.advice == "Give a SHA-256 (64 digits) fingerprint, with or without colons."


def test_the_fingerprints_of_a_server_are_compared_in_lower_case_without_colons():
    assert parse_server_fingerprints([SHA256, "ab" * 32]) == ("0f" * 32, "ab" * 32)
    assert parse_server_fingerprints(None) == ()
    with pytest.raises(RemediationError, match="server_fingerprint"):
        parse_server_fingerprints([SHA1])
