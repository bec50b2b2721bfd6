# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client with an OpenManage Enterprise on loopback."""

from __future__ import annotations

import http.server
import json
import ssl
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionLost, Session, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import OmeClient, Refusal, server_time
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import SUBJECT_FIELDS, CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL, now
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome

FIELDS = CsrFields(NAME, tuple((field, "DE" if field == "Country" else "") for _option, field in SUBJECT_FIELDS), (NAME,))


@pytest.fixture
def ome():
    with Ome(NAME) as appliance:
        yield appliance


def session_to(port):
    return Session(NAME, port, trust_of(None, (), False), PATIENCE, "127.0.0.1")


def signed_in(ome, account=ACCOUNT):
    return OmeClient(session_to(ome.port), *account)


def test_a_client_signs_in_and_out(ome):
    with signed_in(ome):
        assert len(ome.sessions) == 1
    assert not ome.sessions


def test_a_client_signs_out_after_a_failure_too(ome):
    with pytest.raises(ZeroDivisionError), signed_in(ome):
        raise ZeroDivisionError
    assert not ome.sessions


def test_the_clock_is_read_without_an_account(ome):
    ome.switch(ahead=7200)
    before = now()
    read = server_time(session_to(ome.port))
    skews = [(read - moment).total_seconds() for moment in (now(), before)]
    assert skews[0] - 1 <= 7200 <= skews[1] + 1 and not ome.sessions  # a header has whole seconds


def test_a_request_is_created_on_the_appliance(ome):
    with signed_in(ome) as client:
        csr = mint.load_csr(client.generate_csr(FIELDS.as_body()).encode())
    assert csr.public_key().public_numbers() == ome.pending.public_key().public_numbers() and ome.requests == 1
    assert [attribute.value for attribute in csr.subject] == [NAME, "DE"]


@pytest.mark.parametrize("chain", [True, False])
def test_an_upload_is_a_chain_or_a_single_certificate(chain, ome):
    case = Cas(REAL).chain()
    ome.pending = case.key
    data = case.data if chain else case.certificates[0].pem.encode()
    with signed_in(ome) as client:
        client.upload(data, chain)
    assert len(ome.certificates) == (3 if chain else 1)


def test_a_refusal_has_the_appliances_message_and_its_resolution(ome):
    with pytest.raises(Refusal) as caught, signed_in(ome) as client:
        client.upload(b"no certificate", True)
    refusal = caught.value
    assert refusal.message.startswith("%s:%d refuses UploadCertChain (status 400): CSEC9002 Unable to upload" % (NAME, ome.port))
    assert refusal.message_id == "CSEC9002" and refusal.argument == "" and refusal.raw["error"]["code"] == "Base.1.0.GeneralError"
    assert refusal.advice.startswith("Make sure the CA certificate")


def test_a_wrong_password_is_refused_with_advice(ome):
    with pytest.raises(Refusal, match=r"refuses sign-in \(status 401\): CUSR1201") as caught, signed_in(ome, ("admin", "wrong")):
        pass
    assert "local administrator" in caught.value.advice and "wrong" not in str(caught.value)


def test_an_appliance_before_3_10_has_no_upload_of_chains(ome):
    ome.switch(old=True)
    with pytest.raises(Refusal) as caught, signed_in(ome) as client:
        client.upload(b"", True)
    assert "has no action UploadCertChain" in caught.value.advice and caught.value.message_id == ""


def test_an_answer_that_is_not_json_is_shown(ome):
    ome.switch(no_json=True)
    with pytest.raises(Refusal, match="its answer is not JSON: '<html>Bad Gateway</html>'") as caught, signed_in(ome) as client:
        client.upload(b"", True)
    assert caught.value.raw == "<html>Bad Gateway</html>"


def test_a_lost_answer_to_an_upload_is_told_apart_from_a_refusal(ome):
    case = Cas(REAL).chain()
    ome.pending = case.key
    ome.switch(lost=True)
    with pytest.raises(ConnectionLost), signed_in(ome) as client:
        client.upload(case.data, True)
    assert ome.uploads == 1


class Imitation:
    """A service that is not OpenManage Enterprise: it answers everything the same.

    :param body: of the answers to all requests but the first, which is the sign-in.
    """

    def __init__(self, folder, status=200, headers=None, sign_in="{}", body="{}"):
        bodies = iter([sign_in])

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_args):
                """Nothing is logged."""

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                data = next(bodies, body).encode()
                self.send_response(status)
                for name, value in dict(headers or {}, **{"Content-Length": str(len(data))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_DELETE = do_POST

        certificate = mint.mint(NAME, **REAL.days())
        (folder / "imitation.pem").write_text(certificate.key_pem + certificate.pem, encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "imitation.pem")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return OmeClient(session_to(self.server.server_address[1]), *ACCOUNT)

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()


TOKEN = {"X-Auth-Token": "abc"}


def enter(client, act=None):
    """Sign in, perhaps do something, and sign out."""
    with client:
        if act:
            act()


def test_a_sign_in_without_a_token_is_not_ome(tmp_path):
    with Imitation(tmp_path) as client, pytest.raises(RemediationError, match="has no X-Auth-Token header") as caught:
        enter(client)
    assert "probably not OpenManage Enterprise" in caught.value.advice


@pytest.mark.parametrize("body", ["<html>", "[]"])
def test_a_sign_in_without_a_json_object_is_not_ome(body, tmp_path):
    words = "answers with status 200 and no JSON object: %r" % body
    with Imitation(tmp_path, headers=TOKEN, sign_in=body) as client, pytest.raises(RemediationError) as caught:
        enter(client)
    assert words in caught.value.message


def test_an_answer_without_a_request_is_an_error(tmp_path):
    with Imitation(tmp_path, headers=TOKEN) as client, pytest.raises(RemediationError, match="GenerateCSR has no CertificateData"):
        enter(client, lambda: client.generate_csr(FIELDS.as_body()))


@pytest.mark.parametrize("body", [{}, {"error": {"@Message.ExtendedInfo": []}}, {"error": {"@Message.ExtendedInfo": ["text"]}}])
def test_a_refusal_without_a_message_is_reported_by_its_status(body, tmp_path):
    with Imitation(tmp_path, status=403, sign_in=json.dumps(body)) as client, pytest.raises(Refusal) as caught:
        enter(client)
    assert caught.value.message.endswith("refuses sign-in (status 403)") and "administrator" in caught.value.advice
    assert (caught.value.message_id, caught.value.argument, caught.value.raw) == ("", "", body)
