# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of the options of cert_inspect."""

from __future__ import annotations

import base64
import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.inspect_options import options_of

LEAF = mint.mint("depot.corp.example", dns=["depot.corp.example"])


def test_without_at_the_time_of_the_run_is_the_time_of_the_judgement():
    assert options_of(content=LEAF.pem).now == FIXED.now


def test_at_is_the_time_of_the_judgement():
    assert options_of(content=LEAF.pem, at="2030-01-01T12:00:00Z").now == datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.timezone.utc)


def test_content_and_content_base64_are_the_same_bytes():
    text, encoded = options_of(content=LEAF.pem), options_of(content_base64=base64.b64encode(LEAF.pem.encode()).decode())
    assert text.content == encoded.content == LEAF.pem.encode()
    assert (text.content_option, encoded.content_option) == ("content", "content_base64")


def test_presented_certificates_are_decoded_in_their_order():
    encoded = base64.b64encode(LEAF.der).decode()
    assert options_of(presented=[encoded, " ".join([encoded[:8], encoded[8:]])]).presented == (LEAF.der, LEAF.der)


def test_endpoints_without_a_name_are_checked_for_their_host_or_the_given_name():
    endpoints = options_of(endpoints=["a.example", {"host": "b.example", "name": "c.example"}]).endpoints
    assert [endpoint.name for endpoint in endpoints] == ["a.example", "c.example"]
    assert options_of(endpoints=["10.77.0.10"], name="d.example").endpoints[0].name == "d.example"


def test_the_peer_chain_starts_with_the_leaf():
    root = mint.authority()
    leaf = mint.mint("ome.corp.example", issuer=root)
    assert [certificate.common_name for certificate in options_of(content=LEAF.pem, peer_chain_content=root.pem + leaf.pem).peer] == [
        "ome.corp.example",
        "Test Root CA",
    ]


def test_everything_that_is_wrong_is_one_error():
    with pytest.raises(RemediationError) as raised:
        options_of(
            endpoints=["bad host:443"],
            at="tomorrow",
            query="results[",
            waivers=[dict(code="X", until="soon", reason="r")],
            ssl_trust={"endpoints": []},
            pins_path="/pins",
        )
    for option in ("endpoints[0]", "at:", "query:", "waivers[0].until", "ssl_trust:", "pins_path, profile:"):
        assert option in raised.value.message


def test_every_presented_certificate_that_is_not_base64_is_named():
    with pytest.raises(RemediationError) as raised:
        options_of(presented=["%", base64.b64encode(LEAF.der).decode(), "&"])
    assert "presented[0]" in raised.value.message and "presented[2]" in raised.value.message and "presented[1]" not in raised.value.message


@pytest.mark.parametrize("given", [dict(pins_path="/pins"), dict(profile=["pinned"])])
def test_a_pin_store_and_the_profile_pinned_belong_together(given):
    with pytest.raises(RemediationError, match="pins_path and the profile pinned must be given together"):
        options_of(content=LEAF.pem, **given)


def test_the_addresses_that_the_client_resolved_are_lists_of_texts():
    assert options_of(content=LEAF.pem, resolved={"a.example": ["192.0.2.1", "192.0.2.2"], "b.example": []}).resolved == {
        "a.example": "192.0.2.1, 192.0.2.2",
        "b.example": "",
    }
    for wrong in ("192.0.2.1", [1], None):
        with pytest.raises(RemediationError, match="resolved: 'a.example' has no list of addresses"):
            options_of(content=LEAF.pem, resolved={"a.example": wrong})
