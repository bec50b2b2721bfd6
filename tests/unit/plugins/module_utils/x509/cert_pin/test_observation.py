# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of a certificate that a store keeps."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import FACTS, certificate_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import mint


def test_facts_are_plain_values_without_the_certificate_itself_and_without_today():
    minted = mint("vault.corp.example", dns=["vault.corp.example"])
    facts = certificate_facts(from_x509(minted.x509))
    assert tuple(facts) == FACTS and facts["subject"] == "CN=vault.corp.example" and facts["pin"].startswith("sha256/")
    assert "pem" not in facts and "days_left" not in facts
