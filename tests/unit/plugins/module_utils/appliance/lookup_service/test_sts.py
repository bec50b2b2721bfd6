# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing in: the token is cut out of the answer, and a refusal is explained."""

from __future__ import annotations

import contextlib
import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.sts import sign_in
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.mint import mint
from ansible_collections.certmend.tls.tests.support.vsphere.server import VCenter
from ansible_collections.certmend.tls.tests.support.vsphere.soap import Refused, enveloped
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS

USER = "administrator@vsphere.local"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder, minted = tmp_path_factory.mktemp("sts"), mint("vc1.corp.example")
    for name, text in (("cert.pem", minted.pem), ("key.pem", minted.key_pem)):
        (folder / name).write_text(text, encoding="ascii")
    with VCenter(str(folder / "cert.pem"), str(folder / "key.pem")) as vcenter:
        yield vcenter


@pytest.fixture
def vcenter(server, monkeypatch):
    """A vCenter whose STS a test may make answer something else, for itself alone."""
    monkeypatch.setattr(server.sts, "answer", server.sts.answer)
    return server


def signed_in(vcenter, username=USER, password=ACCOUNTS[USER], domain="vsphere.local", now=None):
    session = Session("127.0.0.1", vcenter.port, trust_of(None, (), False), PATIENCE)
    return sign_in(session, "/sts/STSService/" + domain, username, password, now or utc_now())


def answering(text):
    return lambda _body, _headers: enveloped(text)


def refusing(kind, text):
    def answer(_body, _headers):
        raise Refused(kind, text)

    return answer


@contextlib.contextmanager
def refusal(*words):
    with pytest.raises(RemediationError) as raised:
        yield
    assert all(word in str(raised.value) for word in words), raised.value


def test_the_token_is_one_that_the_service_knows_again(vcenter):
    assert vcenter.sts.vouches_for(signed_in(vcenter))


def test_the_assertion_is_cut_out_byte_for_byte(vcenter):
    assertion = "<saml2:Assertion xmlns:saml2='urn:x'  ID=\"1\"><saml2:b ></saml2:b></saml2:Assertion>"
    vcenter.sts.answer = answering("<token>%s</token>" % assertion)
    assert assertion.encode() in signed_in(vcenter)


def test_the_request_has_times_in_milliseconds_and_an_escaped_account(vcenter):
    requests, now = [], datetime.datetime(2026, 11, 20, 12, 0, 0, 7000, tzinfo=datetime.timezone.utc)
    vcenter.sts.answer = lambda body, _headers: requests.append(body) or enveloped("<Assertion></Assertion>")
    signed_in(vcenter, "a&b", "c<d>", now=now)
    assert b"<wsu:Created>2026-11-20T12:00:00.007Z</wsu:Created><wsu:Expires>2026-11-20T12:01:00.007Z</wsu:Expires>" in requests[0]
    assert b"<wsse:Username>a&amp;b</wsse:Username><wsse:Password>c&lt;d&gt;</wsse:Password>" in requests[0]


@pytest.mark.parametrize("text", ["<token/>", '<token xmlns:x="urn:x"><x:Assertion>a</x:Assertion></token>'])
def test_an_answer_without_an_assertion_that_can_be_cut_out_is_an_error(vcenter, text):
    vcenter.sts.answer = answering(text)
    with refusal("contains no assertion that can be used outside of the answer"):
        signed_in(vcenter)


def test_an_sso_domain_that_the_sts_does_not_know_is_named(vcenter):
    with refusal("the STS at 127.0.0.1:%d does not know the SSO domain other.local" % vcenter.port):
        signed_in(vcenter, domain="other.local")


@pytest.mark.parametrize(
    "kind, text, words",
    [
        ("FailedAuthentication", "User account is locked: me", "the account me is locked"),
        ("FailedAuthentication", "User password expired: me", "password: the password of me has expired"),
        ("FailedAuthentication", "Invalid credentials", "username or password of me is wrong"),
        ("MessageExpired", "not in the lifetime", "the clocks of this machine and of the STS differ"),
        ("InvalidTimeRange", "not in the lifetime", "the clocks of this machine and of the STS differ"),
        ("RequestFailed", "signing certificate is not valid", "its own signing certificate is not valid"),
        ("RequestFailed", "no idea", "the STS refuses the request: RequestFailed: no idea"),
    ],
)
def test_a_refusal_is_explained(vcenter, kind, text, words):
    vcenter.sts.answer = refusing(kind, text)
    with refusal(words):
        signed_in(vcenter, "me")


@pytest.mark.parametrize("difference, words", [(HOUR, "s ahead of the server's Date"), (-HOUR, "s behind the server's Date")])
def test_a_request_by_a_wrong_clock_is_refused_with_the_difference(vcenter, difference, words):
    with refusal("the clocks of this machine and of the STS differ", "; this machine is ", words):
        signed_in(vcenter, now=utc_now() + difference)


@pytest.mark.parametrize("text", ["<a><!--%s--></a>" % ("<Assertion " * 90_000), "<a><![CDATA[%s]]></a>" % ("<x:Assertion>" * 80_000)])
def test_a_megabyte_of_assertions_that_do_not_end_is_searched_once(vcenter, text):
    vcenter.sts.answer = answering(text)
    with refusal("contains no assertion that can be used outside of the answer"):
        signed_in(vcenter)
