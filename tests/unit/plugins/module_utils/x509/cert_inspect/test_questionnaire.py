# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seven questions of article 000011648."""

from __future__ import annotations

import socket
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import QuestionContext, answer_questions, collect_question_context
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.tests.support.clock import DAY, FIXED, PATIENCE
from ansible_collections.certmend.tls.tests.support.mint import authority, mint

ROOT = authority()
MIDDLE = authority("Middle", issuer=ROOT)
LEAF = mint("depot.corp.example", dns=["depot.corp.example", "*.corp.example"], ip=["10.77.0.10"], issuer=MIDDLE)
VALIDITY, NAMES, ADDRESSED, RESOLVABLE, LINKED, PUBLIC, SELF_SIGNED = range(7)


def answers(*presented, trusted=None, name="", addresses=(), store=(), now=FIXED.now):
    anchors = None if trusted is None else [from_x509(minted.x509) for minted in trusted]
    chain = chain_of([from_x509(minted.x509) for minted in presented], anchors, first_is_leaf=True)
    pool = Pool()
    pool.add_certificates([from_x509(minted.x509) for minted in store], "the store")
    return [item["answer"] for item in answer_questions(chain, name, now, QuestionContext(dict(addresses), pool))]


def test_there_are_seven_questions_in_the_article_s_order():
    chain = chain_of([from_x509(LEAF.x509)], None, first_is_leaf=True)
    questions = [item["question"] for item in answer_questions(chain, "", FIXED.now, QuestionContext({}, Pool()))]
    assert len(questions) == 7
    assert questions[0].startswith("Is the certificate still valid?") and questions[6] == "Is it self-signed?"


def test_is_it_valid():
    certificate = mint("a", starts=FIXED.now - DAY, ends=FIXED.now + 9 * DAY)
    assert answers(certificate)[VALIDITY] == "yes, until 2010-06-24T12:00:00Z (in 9 days)"
    assert answers(certificate, now=FIXED.now + 10 * DAY)[VALIDITY] == "no, until 2010-06-24T12:00:00Z (1 day ago)"
    assert answers(certificate, now=FIXED.now - 2 * DAY)[VALIDITY] == "no, not before 2010-06-14T12:00:00Z"


def test_its_names():
    assert answers(LEAF)[NAMES] == "depot.corp.example; depot.corp.example, *.corp.example, 10.77.0.10"
    assert answers(mint(None))[NAMES] == "no common name; no subject alternative name"


@pytest.mark.parametrize(
    "name, answer",
    [
        ("", "unknown, because no name was given"),
        ("web.corp.example", "yes, web.corp.example"),
        ("10.77.0.10", "yes, 10.77.0.10"),
        ("web.example", "no, web.example is not among them"),
    ],
)
def test_was_it_addressed_by_one_of_its_names(name, answer):
    assert answers(LEAF, name=name)[ADDRESSED] == answer


def test_are_its_names_resolvable():
    assert answers(LEAF, addresses={"depot.corp.example": "10.77.0.10"})[RESOLVABLE] == "depot.corp.example: 10.77.0.10; *.corp.example: a wildcard"
    assert answers(mint("a"))[RESOLVABLE] == "the certificate contains no host name"


@pytest.mark.parametrize(
    "presented, trusted, answer",
    [
        ((LEAF, MIDDLE), [ROOT], "yes, to a trusted certificate: CN=depot.corp.example < CN=Middle < CN=Test Root CA"),
        ((LEAF, MIDDLE, ROOT), None, "yes, but it is unknown whether the client trusts it: CN=depot.corp.example < CN=Middle < CN=Test Root CA"),
        ((LEAF, MIDDLE, ROOT), [authority("Other")], "yes, but the client does not trust it: CN=depot.corp.example < CN=Middle < CN=Test Root CA"),
        ((LEAF, MIDDLE), None, "no, CN=Test Root CA is missing above CN=depot.corp.example < CN=Middle"),
    ],
)
def test_can_it_be_linked_to_a_root(presented, trusted, answer):
    assert answers(*presented, trusted=trusted)[LINKED] == answer


def test_was_it_signed_by_a_public_ca():
    assert answers(LEAF, MIDDLE, store=[ROOT])[PUBLIC] == "a public CA: CN=Test Root CA is in this machine's trust store"
    assert answers(LEAF, MIDDLE, ROOT)[PUBLIC] == "a private CA: CN=Test Root CA is not in this machine's trust store"
    assert answers(mint("a"))[PUBLIC] == "by no CA, it is self-signed"


def test_is_it_self_signed():
    assert answers(mint("a"))[SELF_SIGNED] == "yes"
    assert answers(LEAF)[SELF_SIGNED] == "no, CN=Middle signed it"
    assert answers(mint("a", issuer=authority(None)))[SELF_SIGNED] == "no, an issuer without a name signed it"


def leaf(*names):
    return from_x509(mint("depot.corp.example", dns=names).x509)


def test_host_names_are_resolved_each_one_time_and_wildcards_are_not():
    context = collect_question_context([leaf("localhost", "*.localhost"), leaf("nowhere.invalid", "localhost")], 4, PATIENCE)
    assert sorted(context.addresses) == ["localhost", "nowhere.invalid"]
    assert "127.0.0.1" in context.addresses["localhost"] and context.addresses["nowhere.invalid"].startswith("not resolvable (")


def test_a_name_that_cannot_be_encoded_is_not_resolvable():
    name = "a" * 64 + ".example"
    assert collect_question_context([leaf(name)], 4, PATIENCE).addresses[name].startswith("not resolvable (")


def test_a_resolver_that_does_not_answer_in_time_is_reported(monkeypatch):
    answering = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: answering.wait() and [])
    addresses = collect_question_context([leaf("slow.example")], 4, 0).addresses
    answering.set()
    assert addresses == {"slow.example": "no answer within 0 s"}


def test_without_host_names_nothing_is_resolved():
    assert collect_question_context([leaf("*.corp.example")], 4, PATIENCE).addresses == {}


def test_the_names_that_the_client_s_host_resolved_are_not_resolved_here():
    certificate = leaf("localhost", "gone.corp.example")
    context = collect_question_context([certificate], 4, PATIENCE, {"localhost": "192.0.2.7, 192.0.2.8", "gone.corp.example": ""})
    chain = chain_of([certificate], None, first_is_leaf=True)
    answers = {item["question"]: item["answer"] for item in answer_questions(chain, "", FIXED.now, context)}
    asked = "Are the subject alternative names resolvable by the client?"
    assert answers[asked] == "localhost: 192.0.2.7, 192.0.2.8; gone.corp.example: not resolvable"


def test_a_certificate_with_a_thousand_names_costs_a_hundred_requests(monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_arguments, **_options: asked.append(name) or [(0, 0, 0, "", ("10.0.0.1", 0))])
    names = ["a%03d.example" % number for number in range(1000)]
    addresses = collect_question_context([from_x509(mint(dns=names).x509)], 16, PATIENCE).addresses
    assert sorted(asked) == names[:100] and addresses["a099.example"] == "10.0.0.1"
    assert addresses["a100.example"] == addresses["a999.example"] == "not asked (the first 100 names are)"
