# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A collecting client accepts every certificate, a verifying one only the anchors that it was given."""

from __future__ import annotations

import ssl

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import (
    LAST_CLEARTEXT_VERSION,
    PARTIAL_CHAIN,
    X509_STRICT,
    can_read_every_chain,
    collecting_context,
    new_context,
    requesting_context,
    verifying_context,
)
from ansible_collections.certmend.tls.tests.support import mint


def test_a_collecting_context_verifies_nothing():
    context = collecting_context()
    assert context.verify_mode == ssl.CERT_NONE and not context.check_hostname


def test_a_verifying_context_trusts_the_anchors_and_nothing_else():
    root = mint.authority()
    context = verifying_context(root.pem)
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    assert context.get_ca_certs(binary_form=True) == [root.der]


def test_a_request_trusts_the_anchors_or_else_the_trust_store_of_the_system(monkeypatch, tmp_path):
    root, other = mint.authority(), mint.authority("The system's CA")
    (tmp_path / "system.pem").write_text(other.pem, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    for context, trusted in ((requesting_context(root.pem), root), (requesting_context(), other)):
        assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
        assert context.get_ca_certs(binary_form=True) == [trusted.der]


@pytest.mark.parametrize(
    "made",
    [
        lambda: new_context(ssl.PROTOCOL_TLS_SERVER),
        collecting_context,
        lambda: verifying_context(mint.authority().pem),
        lambda: requesting_context(mint.authority().pem),
        requesting_context,
    ],
)
def test_no_release_of_python_is_stricter_than_another(made):
    """ssl.create_default_context sets both flags since 3.13."""
    flags = made().verify_flags
    assert not flags & X509_STRICT and flags & PARTIAL_CHAIN


def test_text_that_is_not_a_certificate_is_no_anchor():
    with pytest.raises(ssl.SSLError):
        verifying_context("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_a_python_that_cannot_read_every_chain_stays_below_tls_1_3(monkeypatch):
    assert can_read_every_chain() and collecting_context().maximum_version != LAST_CLEARTEXT_VERSION
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_context

    monkeypatch.setattr(tls_context, "can_read_every_chain", lambda: False)
    assert collecting_context().maximum_version == LAST_CLEARTEXT_VERSION
