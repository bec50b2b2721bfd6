# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cert_inspect reads from files and texts."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, dump
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import collect_criteria, collect_sources
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.inspect_options import options_of

ROOT = mint.authority()
LEAF = mint.mint("depot.corp.example", dns=["depot.corp.example"], issuer=ROOT)


def test_a_file_is_a_source_by_its_path_with_its_content(tmp_path):
    (tmp_path / "chain.pem").write_text(LEAF.pem + ROOT.pem, encoding="ascii")
    path = str(tmp_path / "chain.pem")
    (source,) = collect_sources(options_of(path=path, name="depot.corp.example"))
    assert (source.source, source.name, source.reachable, source.presented) == (path, "depot.corp.example", None, False)
    assert [certificate.common_name for certificate in source.certificates] == ["depot.corp.example", "Test Root CA"]
    assert source.data == (LEAF.pem + ROOT.pem).encode()


def test_a_text_is_a_source_by_the_name_of_its_option():
    assert [source.source for source in collect_sources(options_of(content=LEAF.pem))] == ["content"]
    assert [source.source for source in collect_sources(options_of(content_base64=base64.b64encode(LEAF.der).decode()))] == ["content_base64"]


def test_a_presented_chain_is_one_source_in_the_order_of_the_handshake():
    (source,) = collect_sources(options_of(presented=[base64.b64encode(minted.der).decode() for minted in (LEAF, ROOT)]))
    assert source.presented and source.source == "presented" and source.data == b""
    assert [certificate.common_name for certificate in source.certificates] == ["depot.corp.example", "Test Root CA"]


def test_what_cannot_be_read_is_a_warning_of_the_source():
    (source,) = collect_sources(options_of(content=LEAF.pem + LEAF.pem.replace("MII", "MIJ", 1)))
    assert len(source.certificates) == len(source.warnings) == 1


def test_nothing_is_compared_unless_the_options_say_so():
    criteria = collect_criteria(options_of(content=LEAF.pem))
    assert (criteria.anchors, criteria.pins, criteria.warnings) == (None, None, ())
    assert (criteria.context.private_key_pin, criteria.context.csr_pin) == (None, None)
    assert criteria.context.now == FIXED.now and criteria.context.profiles == {"generic"}


def test_a_private_key_and_a_request_are_compared_by_their_public_keys(tmp_path):
    (tmp_path / "server.key").write_text(LEAF.key_pem, encoding="ascii")
    criteria = collect_criteria(
        options_of(content=LEAF.pem, private_key_path=str(tmp_path / "server.key"), csr_content=mint.csr("depot.corp.example", key=LEAF.key))
    )
    assert criteria.context.private_key_pin == criteria.context.csr_pin == pin_of(LEAF.key.public_key())


def test_the_trusted_certificates_are_anchors_and_what_is_unreadable_among_them_is_a_warning():
    criteria = collect_criteria(options_of(content=LEAF.pem, trusted_content=ROOT.pem + LEAF.pem.replace("MII", "MIJ", 1)))
    assert [anchor.common_name for anchor in criteria.anchors] == ["Test Root CA"]
    assert len(criteria.warnings) == 1 and "trusted_content" in criteria.warnings[0]


def test_the_pin_store_is_read(tmp_path):
    (tmp_path / "pins").write_bytes(dump(Store()))
    criteria = collect_criteria(options_of(content=LEAF.pem, profile=["pinned"], pins_path=str(tmp_path / "pins")))
    assert criteria.pins.at(HostPort("depot.corp.example", 443)).pins == ()


def test_every_file_that_cannot_be_read_is_named():
    given = dict(csr_path="/nowhere/c.csr", private_key_path="/nowhere/s.key", trusted_path=["/nowhere/ca"], pins_path="/nowhere/pins", profile=["pinned"])
    with pytest.raises(RemediationError) as raised:
        collect_criteria(options_of(content=LEAF.pem, **given))
    for option in ("csr_path: /nowhere/c.csr", "private_key_path: /nowhere/s.key", "trusted_path: /nowhere/ca", "pins_path: /nowhere/pins"):
        assert option in raised.value.message
