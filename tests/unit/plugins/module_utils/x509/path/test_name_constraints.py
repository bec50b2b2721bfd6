# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name constraints: what a CA may vouch for (RFC 5280 section 4.2.1.10)."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import name_constraints
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.name_constraints import violation
from ansible_collections.certmend.tls.tests.support.mint import mint, name

DNS, MAIL, URI, DIRECTORY = x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier, x509.DirectoryName


def network(text):
    return x509.IPAddress(ipaddress.ip_network(text))


def address(text):
    return x509.IPAddress(ipaddress.ip_address(text))


def directory(organization, common_name=None):
    return DIRECTORY(name(common_name, organization))


def broken(given, permitted=None, excluded=None, subject="www"):
    leaf = mint(subject, extensions=[(x509.SubjectAlternativeName(given), False)] if given else [])
    return violation(x509.NameConstraints(permitted, excluded), from_x509(leaf.x509))


@pytest.mark.parametrize(
    "entry, subtree",
    [
        (DNS("corp.example"), DNS("corp.example")),
        (DNS("www.CORP.example"), DNS("corp.example")),
        (DNS("*.corp.example"), DNS("corp.example")),
        (DNS("www.corp.example"), DNS(".corp.example")),
        (DNS("anything.example"), DNS("")),
        (address("10.1.2.3"), network("10.0.0.0/8")),
        (address("2001:db8::1"), network("2001:db8::/32")),
        (MAIL("a@corp.example"), MAIL("corp.example")),
        (MAIL("a@corp.example"), MAIL("a@CORP.example")),
        (MAIL("a@mail.corp.example"), MAIL(".corp.example")),
        (URI("https://www.corp.example/x"), URI(".corp.example")),
        (URI("https://www.corp.example/x"), URI("www.corp.example")),
        (directory("Corp", "any"), directory("CORP")),
    ],
)
def test_a_name_within_is_permitted_and_can_be_excluded(entry, subtree):
    mine = [directory("Corp")] if isinstance(entry, DIRECTORY) else []
    subject = name("any", "Corp") if mine else "www"
    assert broken([entry], permitted=[subtree], subject=subject) is None
    assert "excludes the name" in broken([entry], excluded=[subtree], subject=subject)


@pytest.mark.parametrize(
    "entry, subtree",
    [
        (DNS("notcorp.example"), DNS("corp.example")),
        (DNS("corp.example"), DNS(".corp.example")),
        (DNS("corp.example.evil"), DNS("corp.example")),
        (address("11.1.2.3"), network("10.0.0.0/8")),
        (address("::ffff:10.0.0.1"), network("10.0.0.0/8")),
        (MAIL("a@mail.corp.example"), MAIL("corp.example")),
        (MAIL("A@corp.example"), MAIL("a@corp.example")),
        (URI("https://corp.example"), URI(".corp.example")),
        (URI("https://10.0.0.1/"), URI("10.0.0.1")),
        (URI("urn:nothing"), URI(".corp.example")),
        (directory("Evil", "any"), directory("Corp")),
    ],
)
def test_a_name_outside_is_not_permitted_and_not_excluded(entry, subtree):
    assert "does not permit the name" in broken([entry], permitted=[subtree])
    assert broken([entry], excluded=[subtree]) is None


def test_constraints_of_one_kind_say_nothing_of_another():
    assert broken([address("10.0.0.1")], permitted=[DNS("corp.example")]) is None


def test_every_name_is_looked_at():
    entries = [DNS("www.corp.example"), DNS("www.evil.example")]
    assert broken(entries, permitted=[DNS("corp.example")]) == "does not permit the name www.evil.example"


def test_the_subject_is_a_directory_name_too():
    assert "does not permit the name CN=www" in broken([], permitted=[directory("Corp")])


def test_a_wildcard_that_could_stand_for_an_excluded_host_is_excluded():
    assert "excludes" in broken([DNS("*.corp.example")], excluded=[DNS("secret.corp.example")])
    assert broken([DNS("*.corp.example")], excluded=[DNS("a.secret.corp.example")]) is None


def test_a_kind_that_nobody_here_can_compare_is_refused():
    entry = x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))
    assert "RegisteredID" in broken([entry], permitted=[entry])
    assert broken([entry], permitted=[DNS("corp.example")]) is None


def test_an_email_address_in_the_subject_is_constrained():
    subject = x509.Name([x509.NameAttribute(x509.NameOID.EMAIL_ADDRESS, "a@other.example")])
    assert broken([], permitted=[MAIL("corp.example")], subject=subject) == "does not permit the email address a@other.example in the subject"
    assert broken([], permitted=[MAIL("other.example")], subject=subject) is None


def test_more_comparisons_than_the_bound_are_not_made(monkeypatch):
    made = []
    monkeypatch.setitem(name_constraints.WITHIN, DNS, lambda given, subtree: made.append(given) or True)
    names = [DNS("a%d.example" % number) for number in range(2000)]
    assert broken(names, permitted=names[:600]) == "asks for more than 1048576 comparisons of names" and not made
    assert broken(names, permitted=names[:500]) is None and len(made) == 2000
