# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that sends back the password, the token or the assertion that it was given: no result has them."""

from __future__ import annotations

import html
import json
import re
import urllib.parse

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import OmeClient, Refusal
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import RefusedUpload
from ansible_collections.certmend.tls.tests.support import mint, shown
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome
from ansible_collections.certmend.tls.tests.support.vsphere.site import USER, Meddler, Site, fingerprint
from ansible_collections.certmend.tls.tests.support.vsphere.soap import Refused
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS

ENTRY = {"MessageId": "%(token)s", "Message": "%(password)s: %(token)s", "MessageArgs": ["%(token)s", "%(encoded)s"], "Resolution": "%(token)s %(password)s"}
#: answers of a server, with what it was sent
BODIES = {
    "JSON": json.dumps({"error": {"@Message.ExtendedInfo": [ENTRY], "request": {"X-Auth-Token": "%(token)s", "Password": "%(password)s"}}}),
    "JSON with escapes": '{"error": {"@Message.ExtendedInfo": [{"Message": "%(escaped)s", "MessageId": "x"}]}}',
    "a list": '["%(token)s", "%(password)s"]',
    "HTML": "<html>POST /?X-Auth-Token=%(token)s&amp;p=%(quoted)s %(encoded)s</html>",
    "cut in the middle": "%(filling)s%(token)s%(token)s%(password)s",
}


@pytest.fixture
def ome():
    with Ome(NAME) as appliance:
        yield appliance


def options(ome, **more):
    pin = fingerprint(mint.Minted(ome.certificates[0], None)).replace(":", "")
    account = {"username": ACCOUNT[0], "password": ACCOUNT[1]}
    return dict(account, hostname=NAME, address="127.0.0.1", port=ome.port, server_fingerprint=[pin], **more)


def parts(secret):
    """The beginnings and ends of a secret too: an excerpt may cut it."""
    forms = {secret, urllib.parse.quote(secret, safe=""), shown.encoded(secret.encode("utf-8")), html.escape(secret)}
    return forms | {secret[:8], secret[-8:]}


def assert_secret(ome, *results):
    text = json.dumps(results)
    assert ome.tokens, "somebody signed in"
    found = [part for secret in (ACCOUNT[1], *ome.tokens) for part in parts(secret) if part in text]
    assert found == []


@pytest.mark.parametrize("status", [200, 302, 400, 401, 500])
@pytest.mark.parametrize("body", BODIES)
def test_an_answer_with_the_token_is_not_printed_as_it_came(body, status, ome, run_module, tmp_path):
    ome.switch(sent_back=BODIES[body], sent_back_status=status)
    asked = options(ome, state="csr", csr_path=str(tmp_path / "ome.csr"), distinguished_name=NAME)
    for verbosity in (0, 3):
        result = run_module("ome_certificate_chain", asked, verbosity=verbosity)
        assert result["failed"]
        assert_secret(ome, result)


@pytest.mark.parametrize("body", BODIES)
def test_an_answer_to_an_upload_with_the_token_is_not_kept_as_it_came(body, ome):
    ome.switch(sent_back=BODIES[body], sent_back_status=400)
    session = Session(NAME, ome.port, trust_of(None, (), False), PATIENCE, "127.0.0.1")
    with pytest.raises(Refusal) as refused, OmeClient(session, *ACCOUNT) as client:
        client.upload(b"", True)
    told = RefusedUpload.of(refused.value, True, NAME)
    assert_secret(ome, str(refused.value), told.raw, told.finding.as_dict(), refused.value.message_id, refused.value.argument)


@pytest.mark.parametrize("signing_in", ["no_object", "no_token", "folded"])
def test_an_answer_to_the_sign_in_is_not_printed_as_it_came(signing_in, ome, run_module, tmp_path):
    ome.switch(sign_in=signing_in)
    result = run_module("ome_certificate_chain", options(ome, state="csr", csr_path=str(tmp_path / "ome.csr"), distinguished_name=NAME))
    assert result["failed"] and "unexpected" not in result["msg"], result["msg"]
    assert_secret(ome, result)


@pytest.fixture
def site(tmp_path, tls_server):
    site = Site(tmp_path, tls_server)
    with site.vcenter:
        yield site


PASSWORD = ACCOUNTS[USER]


def sent_in(body):
    """What a request to the Lookup Service has that nobody may read: the assertion, its signature and its identifier."""
    text = body.decode("utf-8")
    (assertion,) = re.findall(r"<saml2:Assertion .*</saml2:Assertion>", text, re.DOTALL)
    (signature,) = re.findall(r"<ds:SignatureValue>(.*?)</ds:SignatureValue>", assertion)
    return [assertion, signature, re.findall(r'ID="([^"]+)"', assertion)[0]]


def hidden_words(result, *secrets):
    text = json.dumps(result, ensure_ascii=False).replace('\\"', '"')
    return [word for secret in secrets for word in (secret, html.escape(secret, quote=False)) if word in text or word[:40] in text and len(word) > 60]


@pytest.mark.parametrize("kind", ["FailedAuthentication", "RequestFailed", "InvalidRequest"])
def test_a_fault_of_the_sts_with_the_password_is_not_printed_as_it_came(kind, site, run_module):
    def refuse(body, _headers):
        raise Refused(kind, "no: %s %s" % (PASSWORD, body.decode("utf-8")))

    site.vcenter.sts.answer = refuse
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and "no: ********" in result["msg"]
    assert hidden_words(result, PASSWORD) == []


@pytest.mark.parametrize("filling", [0, 48, 55])
def test_an_answer_that_is_no_xml_with_the_password_is_not_printed_as_it_came(filling, site, run_module):
    site.vcenter.sts.answer = lambda body, headers: b"x" * filling + PASSWORD.encode("utf-8")
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"]
    assert [end for end in (PASSWORD[:5], PASSWORD) if end in result["msg"]] == []


@pytest.mark.parametrize("how", ["fault", "no XML", "fields"])
def test_an_answer_of_the_lookup_service_with_the_assertion_is_not_printed_as_it_came(how, site, run_module):
    sent = []

    def act(body):
        sent.extend(sent_in(body))
        if how == "no XML":
            return b"x" * 30 + sent[1].encode("utf-8")
        fields = {"invalidProperty": sent[1] + " " + sent[2], "name": sent[1], "operatingSite": sent[1]}
        raise Refused("InvalidArgument", "no: %s %s" % (sent[0], PASSWORD), fields if how == "fields" else {})

    Meddler(site, b"Set", {1}, act)
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and sent, result
    assert hidden_words(result, PASSWORD, *sent) == []
    assert sent[1][:24] not in json.dumps(result)
