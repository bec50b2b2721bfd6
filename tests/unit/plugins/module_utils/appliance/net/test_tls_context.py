# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A collecting client accepts every certificate, a verifying one only the anchors that it was given."""

from __future__ import annotations

import ssl

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import (
    LAST_CLEARTEXT_VERSION,
    can_read_every_chain,
    collecting_context,
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


def test_text_that_is_not_a_certificate_is_no_anchor():
    with pytest.raises(ssl.SSLError):
        verifying_context("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_a_python_that_cannot_read_every_chain_stays_below_tls_1_3(monkeypatch):
    assert can_read_every_chain() and collecting_context().maximum_version != LAST_CLEARTEXT_VERSION
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_context

    monkeypatch.setattr(tls_context, "can_read_every_chain", lambda: False)
    assert collecting_context().maximum_version == LAST_CLEARTEXT_VERSION
