# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sslTrust entries of an endpoint, read as certificates."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import endpoint_trusts, read_entry
from ansible_collections.certmend.tls.tests.support.mint import NOW
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, NEW, OLD, OTHER, read, trusts


@pytest.mark.parametrize("text", [estate.anchor(OLD), estate.wrapped(OLD), estate.twice(OLD), " %s \n" % estate.anchor(OLD), OLD.pem])
def test_the_form_of_an_entry_makes_no_difference(text):
    entry = read_entry(text)
    assert (entry.certificate,) == read(OLD) and entry.text == text and entry.problem == ""
    assert entry.fingerprint == read(OLD)[0].fingerprint()


@pytest.mark.parametrize("text", ["", "not a certificate!", base64.b64encode(b"nothing").decode()])
def test_a_malformed_entry_has_a_problem_and_a_description_in_a_diff(text):
    entry = read_entry(text)
    assert entry.certificate is None and entry.problem
    assert entry.fingerprint == "malformed (%d characters)" % len(text)
    assert entry.as_dict(NOW) == {"error": entry.problem}


def test_two_certificates_in_one_entry_are_malformed():
    assert read_entry(OLD.pem + NEW.pem).problem == "the entry contains 2 certificates instead of one"


def test_a_certificate_beside_something_that_cannot_be_read_is_malformed():
    entry = read_entry(OLD.pem + "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n")
    assert entry.certificate is None and entry.problem


def test_an_entry_is_shown_in_short():
    shown = read_entry(estate.anchor(OLD)).as_dict(NOW)
    assert shown["subject"] == "CN=vc1.corp.example" and shown["is_ca"] is False and "pem" not in shown


def test_each_text_is_read_once():
    first, second = trusts(("https://a/1", OLD), ("https://a/2", OLD))
    assert first.entries[0] is second.entries[0]


def test_an_endpoint_accepts_its_certificate_and_what_its_ca_signed():
    own, by_ca, malformed, other, empty = trusts(("u", NEW), ("u", OTHER, CA), ("u", "?"), ("u", OLD), ("u",))
    assert [trust.accepts(read(NEW)) for trust in (own, by_ca, malformed, other, empty)] == [True, True, False, False, False]


@pytest.mark.parametrize(
    "url, reason",
    [
        ("https://vc1.corp.example/sdk", ""),
        ("https://10.9.8.7/sdk", ""),
        (" HTTPS://vc1.corp.example/sdk", ""),
        (" ", "the url is empty"),
        ("http://vc1.corp.example/", "the url is not https"),
        ("https:///sdk", "the url contains no valid host and port"),
        ("https://[::1/d", "the url contains no valid host and port"),
        ("https://vc1.corp.example:99999/", "the url contains no valid host and port"),
        ("https://localhost/sdk", "the url is local to the appliance (localhost)"),
        ("https://a.localhost/sdk", "the url is local to the appliance (a.localhost)"),
        ("https://127.0.0.2/sdk", "the url is local to the appliance (127.0.0.2)"),
        ("https://[::1]:80/sdk", "the url is local to the appliance (::1)"),
    ],
)
def test_a_url_that_cannot_be_probed_has_a_reason(url, reason):
    (trust,) = trusts((url, OLD))
    assert trust.unprobed_reason == reason


def test_an_address_in_a_url_is_noted():
    assert [trust.uses_ip for trust in trusts(("https://10.9.8.7/", OLD), ("https://vc1/", OLD))] == [True, False]


def test_no_registration_has_no_endpoint():
    assert endpoint_trusts([]) == []
