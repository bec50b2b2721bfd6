# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The extensions for certificate policies."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.policy_extensions import PolicyExtensions
from ansible_collections.certmend.tls.tests.support.mint import authority
from ansible_collections.certmend.tls.tests.support.policies import BLUE, GREEN, RED, inhibits_any, maps, policy, requires


def read(*extensions):
    return from_x509(authority("CA", extensions=list(extensions)).x509)


def test_all_four_are_known_and_read():
    certificate = read(policy(RED, BLUE, critical=True), maps((RED, BLUE), (RED, GREEN)), requires(1, 2), inhibits_any(3))
    assert certificate.policies == PolicyExtensions(frozenset([RED, BLUE]), ((RED, BLUE), (RED, GREEN)), 1, 2, 3)
    assert certificate.unknown_critical == () and certificate.problems == ()
    assert read().policies == PolicyExtensions()


LONG = b"\x30\x46\x30\x44\x06\x40" + b"\x2a" * 64 + b"\x06\x00"


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\x30\x00",
        b"\x05\x00",
        b"\x30\x04\x30\x02\x06\x00",
        b"\x30\x82\xff\xff",
        b"\x30\x0c\x30\x0a\x06\x03\x2a\x03\x04\x04\x03\x2a\x03\x05",
        b"\x30\x0c\x30\x0a\x06\x03\x2a\x03\x84\x06\x03\x2a\x03\x05",
        LONG,
    ],
)
def test_mappings_that_cannot_be_decoded_are_a_problem_of_the_certificate(encoded):
    (problem,) = read((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.33"), encoded), True)).problems
    assert problem.startswith("certificate policies: ")


@pytest.mark.parametrize("count, problems", [(1000, 0), (1001, 1)])
def test_a_certificate_with_very_many_policies_is_refused(count, problems):
    assert len(read(policy(*("1.2.3.%d" % number for number in range(count)))).problems) == problems
