# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options, and what is read with them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Compare, Connection, Options, State, Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.plan_upload import plan_upload
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas

CAS = Cas(FIXED)
CHAIN = CAS.chain()
RUN, CHECK = RunContext(False, FIXED.now), RunContext(True, FIXED.now)
PARAMS = {
    **dict.fromkeys(["hostname", "address", "username", "password", "trusted_path", "trusted_content", "server_fingerprint", "path", "content", "name", "at"]),
    **dict.fromkeys(["csr_path", "csr_content", "peer_path", "peer_content", "distinguished_name", "department_name", "business_name"]),
    **dict.fromkeys(["locality", "country_state", "country", "email", "subject_alternative_names", "signing_ca_content", "peer_signing_ca_content"]),
    **dict(
        port=443,
        validate_certs=True,
        state="validated",
        upload="chain",
        compare="chain",
        pending=False,
        force=False,
        check_account=False,
        language="en",
        timeout=30,
        wait_timeout=300,
    ),
}


def options_of(context=RUN, **params):
    return Options.from_params(dict(PARAMS, **params), context)


def test_a_file_is_validated_without_an_appliance():
    options = options_of(content=CHAIN.data.decode())
    assert options.state is State.VALIDATED and options.connection is None and options.compare is Compare.CHAIN
    assert [certificate.subject for certificate in options.upload.path] == ["CN=" + NAME, "CN=CA1-Inter", "CN=CA-Racine"]


def test_a_shuffled_file_has_its_first_certificate_as_the_leaf():
    upload = Upload.from_params(dict(PARAMS, content=CAS.pem(CAS.root, CAS.one)))
    assert [certificate.subject for certificate in upload.path] == ["CN=CA-Racine"]


def test_nothing_that_could_be_read_has_no_path():
    assert options_of(content="nothing").upload.path == ()


@pytest.mark.parametrize("state, more", [("present", {"content": "x"}), ("csr", {"csr_path": "/tmp/x", "distinguished_name": NAME})])
@pytest.mark.parametrize("hostname", [None, ""])
def test_only_a_validation_does_without_a_host_name(state, more, hostname):
    with pytest.raises(RemediationError, match="^hostname: is missing"):
        options_of(state=state, hostname=hostname, **more)


def test_a_connection_does_not_show_its_password():
    params = dict(PARAMS, hostname=NAME, username="admin", password="Lab-Ome-Pw7", validate_certs=False)
    connection = Connection.from_params(params)
    assert (connection.hostname, connection.port, connection.username) == (NAME, 443, "admin")
    assert connection.password == "Lab-Ome-Pw7" and "Lab-Ome-Pw7" not in repr(connection)


def test_a_request_reads_neither_an_upload_nor_the_file_that_it_is_kept_in():
    options = options_of(state="csr", hostname=NAME, csr_path="/nowhere/ome.csr", distinguished_name=NAME, validate_certs=False)
    assert options.upload is None and options.expected == Expectations() and options.csr.common_name == NAME


def test_the_request_and_the_peer_are_what_the_certificate_is_compared_with():
    peer = CAS.leaf(CAS.one, "ome-target.corp.example", mint.new_key())
    options = options_of(content="x", csr_content=mint.csr(NAME, key=CHAIN.key), peer_content=CAS.pem(peer, CAS.one, CAS.root), name=NAME)
    assert options.expected.csr_pin == pin_of(CHAIN.key.public_key()) and options.expected.name == NAME
    assert [certificate.der for certificate in options.expected.peer] == [peer.der, CAS.one.der, CAS.root.der]


@pytest.mark.parametrize(
    "context, pending, exists, read",
    [(CHECK, True, True, False), (CHECK, True, False, False), (CHECK, False, True, True), (RUN, True, True, True), (RUN, False, True, True)],
)
def test_a_file_is_pending_in_check_mode_if_the_task_says_so(context, pending, exists, read, tmp_path):
    path = tmp_path / "chain.pem"
    if exists:
        path.write_bytes(CHAIN.data)
    assert (options_of(context, path=str(path), pending=pending).upload is not None) is read


@pytest.mark.parametrize("context, pending", [(CHECK, False), (RUN, True), (RUN, False)])
def test_any_other_missing_file_is_an_error(context, pending):
    with pytest.raises(RemediationError, match="^path: /nowhere/chain.pem cannot be read"):
        options_of(context, path="/nowhere/chain.pem", pending=pending)


def test_content_is_never_pending():
    assert options_of(CHECK, content=CHAIN.data.decode(), pending=True).upload is not None


def test_several_certificates_are_no_single_one():
    with pytest.raises(RemediationError, match="^upload: single is for one certificate, but content contains 3") as caught:
        options_of(content=CHAIN.data.decode(), upload="single")
    assert "chain" in caught.value.advice


def test_a_moment_is_read_in_utc():
    assert options_of(content="x", at="2010-06-15").at == parse_time("2010-06-15T00:00:00Z", "at", FIXED.now)
    assert options_of(content="x").at is None


def test_everything_that_is_wrong_is_one_error():
    with pytest.raises(RemediationError) as caught:
        options_of(state="present", path="/nowhere/chain.pem", csr_content="x", peer_content="x", at="soon")
    message = caught.value.message
    assert message.startswith("5 things are wrong: (1) hostname: is missing.")
    assert all(option in message for option in ("path: ", "csr_content: ", "peer_content: ", "at: "))


def test_a_pending_file_is_planned_without_being_read():
    options = options_of(CHECK, state="present", hostname=NAME, validate_certs=False, path="/nowhere/chain.pem", pending=True)
    (step,) = plan_upload(options, (), "ome:443")
    assert step.payload is None and step.after == "certificate ome:443\n  certificate to be issued in this run, with its chain\n"
