# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private key is found in every form in which an operator may paste it, and nothing else is taken for one."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.certmend.tls.plugins.module_utils.core.secrets import (
    HIDDEN,
    NO_KEY,
    forms_of,
    key_parts,
    secrets_in_options,
    without,
    without_keys,
)
from ansible_collections.certmend.tls.tests.support import mint, shown
from ansible_collections.certmend.tls.tests.support.forms import pkcs12, several_certificates

RSA = mint.mint(key=shown.RSA)
EC, ED = mint.mint(), mint.mint(key=mint.new_key("Ed25519"), digest=None)
PFX = pkcs12(RSA, [], "Pfx-Pw1")
#: keys as PEM, by the label that they have
PEMS = {
    "PKCS#8": RSA.key_pem,
    "PKCS#1": shown.pkcs1(RSA.key),
    "SEC 1": shown.pkcs1(EC.key),
    "PKCS#8 EC": EC.key_pem,
    "Ed25519": ED.key_pem,
    "encrypted": mint.key_pem(RSA.key, "Key-Pw1"),
    "PKCS12": "-----BEGIN PKCS12-----\n%s-----END PKCS12-----\n" % base64.encodebytes(PFX).decode("ascii"),
}
#: what editors, mail programs and templates make of a text
DISGUISES = {
    "as it is": lambda text: text,
    "below a certificate": lambda text: EC.pem + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "escaped line ends": lambda text: text.replace("\n", "\\n"),
    "escaped twice": lambda text: text.replace("\n", "\\\\n"),
    "indented": lambda text: text.replace("\n", "\n    "),
    "quoted": lambda text: "> " + text.replace("\n", "\n> "),
    "on one line": lambda text: text.replace("\n", " "),
    "malformed boundaries": lambda text: text.replace("-----", "--"),
    "without its end": lambda text: text.split("-----END")[0],
    "labelled as a certificate": lambda text: text.replace(text.split("-----")[1][6:], "CERTIFICATE"),
    "lower case": lambda text: text.replace(text.split("\n")[0], text.split("\n")[0].lower()),
}
#: a key without its label
BARE = {
    "Base64 of PKCS#8": shown.encoded(shown.der(RSA.key)),
    "Base64 of PKCS#8 EC": shown.encoded(shown.der(EC.key)),
    "Base64 of an encrypted key": "".join(mint.key_pem(RSA.key, "Key-Pw1").splitlines()[1:-1]),
    "Base64 of PKCS#12": shown.encoded(PFX),
    "Base64 of PKCS#12, wrapped": base64.encodebytes(PFX).decode("ascii"),
    "Base64 of PEM": shown.encoded(RSA.key_pem.encode("ascii")),
    "Base64 of Base64": shown.encoded(shown.encoded(PFX).encode("ascii")),
    "without padding": shown.encoded(PFX).rstrip("="),
    "the other alphabet": base64.urlsafe_b64encode(PFX).decode("ascii"),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("kind", PEMS)
def test_every_line_of_a_key_is_found(kind, disguise):
    text = DISGUISES[disguise](PEMS[kind])
    words = [word for word in shown.words_of(PEMS[kind].replace("-----", "---\n---")) if len(word) >= 12 and "PRIVATE" not in word and ":" not in word]
    assert words
    found = secrets_in_options({"content": text})
    assert text in found, "as a whole too"
    assert shown.shown_of(words, without("\n".join(words), found)) == []


@pytest.mark.parametrize("kind", BARE)
def test_a_key_without_a_label_is_found(kind):
    assert shown.shown_of(shown.wrapped(BARE[kind]), without(BARE[kind], key_parts(BARE[kind]))) == []


def test_base64_of_a_key_hides_the_key_itself_too():
    found = key_parts(BARE["Base64 of PEM"])
    assert shown.shown_of(shown.words_of(RSA.key_pem), without(RSA.key_pem, found)) == []


@pytest.mark.parametrize(
    "text",
    [
        EC.pem,
        RSA.pem + EC.pem,
        shown.encoded(EC.der),
        shown.encoded(EC.pem.encode("ascii")),
        several_certificates([EC])["PKCS7 as bare Base64"].decode("ascii"),
        mint.csr("depot.corp.example"),
        RSA.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
        "depot.corp.example",
        "a host with a long name, described in words",
        "/etc/ssl/private/depot.corp.example/depot.corp.example.key",
        "The private key begins on the next page",
        "",
        "MIIB",
        "A" * 5000,
    ],
)
def test_what_is_no_private_key_is_not_hidden(text):
    assert secrets_in_options({"content": text, "more": [text, {"text": text}]}) == set()


def test_keys_are_found_in_lists_and_in_names():
    assert secrets_in_options({"a": [{"b": (EC.key_pem,)}], RSA.key_pem: 1, "c": 3, "d": None}) >= {EC.key_pem, RSA.key_pem}


def test_the_account_of_an_address_is_found():
    found = secrets_in_options(["https://operator:Url-Pw1@vc.corp.example/", "https://vc.corp.example:443/a@b", "ldap://operator@vc.corp.example"])
    assert found == {"operator:Url-Pw1@"}


@pytest.mark.parametrize("secret", ["Secret-Pw1!<&>\"'", "p\u00e4ss/wort+%", "a b\\c\n"])
def test_a_secret_is_hidden_in_every_form_in_which_a_server_may_send_it_back(secret):
    sent = [secret, json.dumps(secret)[1:-1], html.escape(secret), html.escape(secret, quote=False), urllib.parse.quote(secret, safe="")]
    sent += [urllib.parse.quote_plus(secret), shown.encoded(secret.encode("utf-8")), repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    assert [without("say %s now" % form, forms_of(secret)) for form in sent] == ["say %s now" % HIDDEN] * len(sent)


def test_a_short_secret_hides_only_itself():
    assert forms_of("abc") == {"abc"}


def test_the_longest_secret_is_hidden_first():
    assert without("abcdef abc", ["abc", "abcdef", ""]) == "%s %s" % (HIDDEN, HIDDEN)


def test_a_key_in_the_text_of_a_file_is_hidden_and_its_other_lines_stay():
    assert without_keys("127.0.0.1 localhost\n" + RSA.key_pem + "::1 localhost\n") == "127.0.0.1 localhost\n%s\n::1 localhost\n" % NO_KEY
    assert without_keys(RSA.key_pem[:200]) == NO_KEY
    assert without_keys(EC.pem) == EC.pem
