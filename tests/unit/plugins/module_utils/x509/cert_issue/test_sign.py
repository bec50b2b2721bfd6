# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sign certificates and requests."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import make_request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import BACKDATED, issue, make_authority
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import NOW, ROOT

REQUEST = make_request("depot.corp.example")


def test_a_ca_that_may_not_sign_is_refused(server):
    leaf = mint.mint("leaf.corp.example", issuer=ROOT, starts=NOW - mint.DAY, ends=NOW + mint.DAY)
    with pytest.raises(RemediationError, match="is not allowed to sign"):
        server.run("own_ca", signing_ca_content=leaf.pem, signing_ca_private_key_content=leaf.key_pem)


@pytest.mark.parametrize("validity", [dict(starts=NOW - 3 * mint.DAY, ends=NOW - mint.DAY), dict(starts=NOW + mint.DAY, ends=NOW + 2 * mint.DAY)])
def test_a_ca_outside_its_validity_is_refused(validity):
    ca = mint.authority("Old CA", **validity)
    with pytest.raises(RemediationError, match=r"signing_ca: CN=Old CA is outside its validity \(.*Z to .*Z\)"):
        make_authority([from_x509(ca.x509)], ca.key, NOW)


def test_a_certificate_starts_an_hour_ago_and_ends_as_many_days_from_now_as_asked():
    made = issue(REQUEST, mint.shared_key(), None, NOW, 397)
    assert (made.not_before, made.not_after) == (NOW - BACKDATED, NOW + 397 * mint.DAY)
    assert datetime.timedelta(hours=1) == BACKDATED and made.self_signed


def test_a_certificate_is_never_valid_when_its_ca_is_not():
    ca = mint.authority("New CA", starts=NOW - datetime.timedelta(minutes=5), ends=NOW + 10 * mint.DAY)
    made = issue(REQUEST, mint.shared_key(), make_authority([from_x509(ca.x509)], ca.key, NOW), NOW, 397)
    assert (made.not_before, made.not_after) == (NOW - datetime.timedelta(minutes=5), NOW + 10 * mint.DAY)


def test_a_certificate_names_the_key_identifier_that_its_ca_has():
    key = mint.new_key()
    plain, identified = mint.authority("Plain CA", key=key), mint.authority("CA", key=key, extensions=[(mint.x509.SubjectKeyIdentifier(b"own"), False)])
    made = [issue(REQUEST, mint.shared_key(), make_authority([from_x509(ca.x509)], ca.key, NOW), NOW, 30) for ca in (plain, identified)]
    hashed = mint.x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    assert [certificate.authority_key_identifier for certificate in made] == [hashed, b"own"]


def test_key_encipherment_is_for_rsa_keys_only():
    usages = [issue(REQUEST, mint.shared_key(kind), None, NOW, 30).key_usage for kind in ("RSA-2048", "P-256")]
    assert ["keyEncipherment" in usage for usage in usages] == [True, False]
