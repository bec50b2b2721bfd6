# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP answers: a body, a fault, or something else."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.soap import Fault, body_of, envelope
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

FAULT = "<soapenv:Fault><faultcode>ns0:%s</faultcode><faultstring> the reason </faultstring>%s</soapenv:Fault>"


def answered(body, status=200):
    return body_of(Answer(status, envelope(body.encode("utf-8")), {}), "the service")


def test_the_element_in_the_body_is_returned():
    assert answered("<a>text</a>").text == "text"


def test_a_header_is_inserted_byte_for_byte():
    assert b"<soapenv:Header><a b='c'  /></soapenv:Header>" in envelope(b"<d/>", b"<a b='c'  />")
    assert b"Header" not in envelope(b"<d/>")


def test_a_fault_is_named_by_its_detail_and_has_its_fields():
    detail = '<detail><EntryNotFoundFault xmlns="urn:lookup"><name>vc-a</name><empty/></EntryNotFoundFault></detail>'
    with pytest.raises(Fault) as raised:
        answered(FAULT % ("ServerFaultCode", detail), 500)
    assert (raised.value.kind, raised.value.text) == ("EntryNotFoundFault", "the reason")
    assert raised.value.fields == {"name": "vc-a", "empty": ""}


@pytest.mark.parametrize("detail", ["", "<detail/>"])
def test_a_fault_without_detail_is_named_by_its_code(detail):
    with pytest.raises(Fault) as raised:
        answered(FAULT % ("FailedAuthentication", detail), 500)
    assert (raised.value.kind, raised.value.fields) == ("FailedAuthentication", {})


@pytest.mark.parametrize(
    "status, advice", [(404, "The host has no such service"), (503, "The service is starting"), (403, "the proxies or load balancers in between")]
)
def test_another_http_status_is_an_error_with_advice(status, advice):
    with pytest.raises(RemediationError, match="the service answers with HTTP status %d" % status) as raised:
        answered("<a/>", status)
    assert advice in raised.value.advice


@pytest.mark.parametrize("body", ["", "<a/><b/>"])
def test_an_envelope_with_no_body_or_two_elements_is_no_soap(body):
    with pytest.raises(RemediationError, match="the service does not answer in SOAP"):
        answered(body)
