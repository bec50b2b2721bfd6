# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module with an OpenManage Enterprise that judges for itself: every rule, the upload, the request, and what can go wrong."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import signal
import ssl
import urllib.error
import urllib.request

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import UNKNOWN_ANSWER
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.ome import article
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, NAME, SERVER, Cas, Case, broken, connection_answer, purposes, usage
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, ACTIONS, SESSIONS, Ome
from ansible_collections.certmend.tls.tests.support.run import module_process

CAS = Cas(REAL)
CASES = broken(CAS)
EACH = [pytest.param(case, name, id="%s (%d)" % (name, number)) for name, cases in CASES.items() for number, case in enumerate(cases)]


@pytest.fixture
def ome():
    with Ome(NAME) as appliance:
        yield appliance


@pytest.fixture
def target():
    with Ome("ome-target.corp.example") as appliance:
        yield appliance


def fingerprint(der):
    return hashlib.sha256(der).hexdigest()


def options(ome, **more):
    pin = fingerprint(ome.certificates[0].public_bytes(serialization.Encoding.DER))
    given = {
        "hostname": NAME,
        "address": "127.0.0.1",
        "port": ome.port,
        "server_fingerprint": [pin],
        "username": ACCOUNT[0],
        "password": ACCOUNT[1],
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def csr_of(key):
    return mint.csr(NAME, key=key)


def file_of(case, folder):
    path = folder / "upload.pem"
    path.write_bytes(case.data)
    return str(path)


def examined(case, folder):
    """The options for a case."""
    given = dict(path=file_of(case, folder), csr_content=csr_of(case.key), upload="single" if case.single else "chain")
    return dict(given, peer_content=case.peer) if case.peer else given


def by_hand(ome, case):
    """What the appliance answers to an upload over its REST interface; empty if it accepts it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def ask(path, data, headers=()):
        request = urllib.request.Request("https://127.0.0.1:%d%s" % (ome.port, path), data, dict(headers))
        return urllib.request.urlopen(request, timeout=PATIENCE, context=context)

    signed_in = ask(SESSIONS, json.dumps({"UserName": ACCOUNT[0], "Password": ACCOUNT[1], "SessionType": "API"}).encode())
    try:
        ask(ACTIONS + ("UploadCertificate" if case.single else "UploadCertChain"), case.data, {"X-Auth-Token": signed_in.headers["X-Auth-Token"]})
    except urllib.error.HTTPError as error:
        entries = json.loads(error.read())["error"]["@Message.ExtendedInfo"]
        return answer_text(entries[0]) if entries else UNKNOWN_ANSWER
    return ""


def answer_text(entry):
    return "%s: %s" % (entry["MessageId"], entry["Message"]) + "".join(" (%s)" % argument for argument in entry["MessageArgs"])


@pytest.mark.parametrize("case, name", EACH)
def test_the_prediction_is_what_the_appliance_answers(case, name, ome, tmp_path, run_module):
    result = run_module("ome_certificate_chain", examined(case, tmp_path))
    ome.pending = case.key
    answer = by_hand(ome, case)
    assert result["answer"] == answer and result["accepted"] is (answer == "")
    refused = {name.split()[0] for name in CASES} - {"0", "11", "12", "13"}
    assert bool(answer) is (name.split()[0] in refused)
    if not answer and not case.single:
        assert result["connection_answer"] == connection_answer(case, ome.clock())
        assert bool(result["connection_answer"]) is (name.split()[0] in ("11", "12", "13"))
    assert (result["verdict"] == "error") is not name.startswith("0")


def test_there_is_a_case_for_each_rule_of_the_article():
    assert sorted({int(name.split()[0]) for name in CASES}) == list(range(14))


def test_a_chain_that_the_appliance_accepts_is_uploaded_once(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    given = options(ome, state="present", **examined(chain, tmp_path))
    given["server_fingerprint"].append(fingerprint(chain.certificates[0].der))
    predicted, made, again = (run_module("ome_certificate_chain", given, check=check) for check in (True, False, False))
    assert predicted["changed"] and made["changed"] and predicted["diff"] == made["diff"], made
    assert not again["changed"] and not again.get("failed") and ome.uploads == 1
    assert NAME in made["diff"][0]["after"] and "CA-Racine" in made["diff"][0]["after"]
    for result in (made, again):
        assert result["handshake"] == {"verified": True, "protocol": "TLSv1.3", "trusting": "CN=CA-Racine", "error": None}
    assert made["served"][0]["fingerprints"]["sha256"].replace(":", "").lower() == fingerprint(chain.certificates[0].der)
    assert not ome.sessions and ACCOUNT[1] not in json.dumps([predicted, made, again])


def test_the_served_chain_is_verified_with_the_root_of_the_other_appliance(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.switch(restart=0)
    ome.pending = chain.key
    ome.upload_chain(chain.data)
    given = options(ome, path=file_of(chain, tmp_path), name=NAME)
    assert run_module("ome_certificate_chain", given)["handshake"]["verified"]
    assert "mismatch" in run_module("ome_certificate_chain", dict(given, name="other.corp.example"))["handshake"]["error"].lower()
    stranger = CAS.pem(CAS.leaf(LOOKALIKE_ONE, "ome-target.corp.example", mint.new_key()), LOOKALIKE_ONE, LOOKALIKE)
    refused = run_module("ome_certificate_chain", dict(given, peer_content=stranger))
    assert not refused["changed"] and refused["handshake"]["verified"] is False and refused["verdict"] == "error"


def test_a_single_certificate_is_uploaded_as_such(ome, tmp_path, run_module):
    case = Case([CAS.leaf(asked=(SERVER,))], CAS.key, single=True)
    ome.pending = CAS.key
    given = options(ome, state="present", **examined(case, tmp_path))
    assert run_module("ome_certificate_chain", given)["changed"] and len(ome.certificates) == 1


def test_a_served_certificate_without_its_chain_is_uploaded_with_it(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.switch(restart=0)
    ome.pending = chain.key
    ome.upload_single(chain.certificates[0].pem.encode())
    given = options(ome, state="present", **examined(chain, tmp_path))
    assert run_module("ome_certificate_chain", given)["changed"] and len(ome.certificates) == 3


def test_compare_leaf_accepts_an_appliance_that_sends_no_ca_certificates(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(leaf_alone=True, restart=0)
    given = options(ome, state="present", **dict(examined(chain, tmp_path), wait_timeout=2))
    first = run_module("ome_certificate_chain", given)
    assert first["failed"] and "refuses it" in first["msg"] and "does not send the CA certificates" in str(first["warnings"])
    given["server_fingerprint"] = [fingerprint(chain.certificates[0].der)]
    accepted = run_module("ome_certificate_chain", dict(given, compare="leaf"))
    assert not accepted.get("failed") and not accepted["changed"] and accepted["handshake"]["verified"] and ome.uploads == 1, accepted


def test_validity_is_judged_by_the_clock_of_the_appliance(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(ahead=-5 * 86400)
    result = run_module("ome_certificate_chain", options(ome, state="present", **examined(chain, tmp_path)))
    assert result["failed"] and "VALIDITY-NOT-YET" in result["msg"] and ome.uploads == 0
    assert abs(result["clock_skew"] + 5 * 86400) < PATIENCE
    result = run_module("ome_certificate_chain", options(ome, **examined(chain, tmp_path)))
    assert not result.get("failed") and abs(result["clock_skew"] + 5 * 86400) < PATIENCE
    # what is served is described by this machine's clock, as everywhere; half a day keeps the count off a boundary
    ends = datetime.datetime.strptime(result["served"][0]["not_after"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs(result["served"][0]["days_left"] - (ends - REAL.now) / mint.DAY) < 1.5


def test_a_request_is_created_once_and_kept(ome, tmp_path, run_module):
    path = tmp_path / "ome.csr"
    given = options(ome, state="csr", csr_path=str(path), distinguished_name=NAME, country="DE", subject_alternative_names=[NAME, "10.77.0.14"])
    predicted, made, again = (run_module("ome_certificate_chain", given, check=check) for check in (True, False, False))
    assert predicted["changed"] and made["changed"] and predicted["diff"] == made["diff"], made
    assert "subject alternative name: DNS:%s, IP:10.77.0.14" % NAME in made["diff"][0]["after"]
    assert not again["changed"] and ome.requests == 1 and again["csr"] == made["csr"] == path.read_text(encoding="ascii")
    other = run_module("ome_certificate_chain", dict(given, business_name="Example Corporation"))
    assert other["changed"] and "lacks Example Corporation" in other["reasons"][0]
    assert list(other["backup_files"]) == [str(path)] and ome.requests == 2
    further = dict(given, distinguished_name="ome.corp.example", subject_alternative_names=["ome.corp.example"])
    reasons = ["its common name is %s" % NAME, "it does not ask for ome.corp.example"]
    assert run_module("ome_certificate_chain", further, check=True)["reasons"] == reasons and ome.requests == 2
    assert run_module("ome_certificate_chain", dict(given, force=True), check=True)["reasons"] == ["force is true"]


def test_a_certificate_that_answers_the_request_is_accepted(ome, tmp_path, run_module):
    path = tmp_path / "ome.csr"
    run_module("ome_certificate_chain", options(ome, state="csr", csr_path=str(path), distinguished_name=NAME))
    case = CAS.chain(key=ome.pending)
    given = options(ome, state="present", path=file_of(case, tmp_path), csr_path=str(path), name=NAME)
    result = run_module("ome_certificate_chain", given)
    assert result["changed"] and result["handshake"]["verified"], result


@pytest.mark.parametrize(
    "more, words",
    [
        ({"subject_alternative_names": ["a.b", "b.b", "c.b", "d.b", "e.b"]}, "subject_alternative_names: there are 5"),
        ({"subject_alternative_names": ["a.corp.example b.corp.example"]}, "contains a blank or a comma"),
        ({"distinguished_name": "*.corp.example"}, "is a wildcard"),
        ({"distinguished_name": "ome"}, "distinguished_name: 'ome' is a single label"),
        ({"country": "Germany"}, "country: 'Germany' is not a country code"),
    ],
)
def test_a_request_that_the_appliance_would_refuse_is_not_sent(more, words, ome, tmp_path, run_module):
    given = options(ome, state="csr", csr_path=str(tmp_path / "ome.csr"), **{"distinguished_name": NAME, **more})
    result = run_module("ome_certificate_chain", given)
    assert result["failed"] and words in result["msg"] and ome.requests == 0


def test_two_chains_of_the_same_cas_authenticate_each_other(tmp_path, run_module):
    chain = CAS.chain()
    peer = CAS.pem(CAS.leaf(CAS.one, "ome-target.corp.example", mint.new_key()), CAS.one, CAS.root)
    result = run_module("ome_certificate_chain", {"path": file_of(chain, tmp_path), "peer_content": peer})
    assert result["mutual"] == {way: {"verified": True, "error": None} for way in ("here_to_peer", "peer_to_here")}
    assert result["verdict"] == "ok" and not result["changed"]


LOOKALIKE = CAS.ca("CA-Racine")
LOOKALIKE_ONE = CAS.ca("CA1-Inter", LOOKALIKE)
NO_CA = mint.mint("CA1-Inter", issuer=CAS.root, **CAS.days)
PEERS = {
    "the same": [CAS.leaf(CAS.one, "ome-target.corp.example", mint.new_key("RSA-2048")), CAS.one, CAS.root],
    "the same names, other keys": [CAS.leaf(LOOKALIKE_ONE, "ome-target.corp.example", mint.new_key("RSA-2048")), LOOKALIKE_ONE, LOOKALIKE],
    "an intermediate that is no CA": [CAS.leaf(NO_CA, "ome-target.corp.example", mint.new_key("RSA-2048")), NO_CA, CAS.root],
}


@pytest.mark.parametrize("name", PEERS)
def test_the_handshake_of_copies_ends_like_that_of_the_appliances(name, ome, target, tmp_path, run_module):
    chain, peer = CAS.chain(), PEERS[name]
    ome.pending, target.pending = chain.key, peer[0].key
    ome.upload_chain(chain.data)
    target.upload_chain(CAS.pem(*peer).encode())
    real = []
    for one, other in ((ome, target), (target, ome)):
        try:
            one.verify_connection("127.0.0.1", other.mutual_port)
            real.append(True)
        except article.Refused:
            real.append(False)
    result = run_module("ome_certificate_chain", {"path": file_of(chain, tmp_path), "peer_content": CAS.pem(*peer)})
    assert [result["mutual"][way]["verified"] for way in ("here_to_peer", "peer_to_here")] == real == [name == "the same"] * 2
    assert ("MUTUAL-REFUSED" in {finding["code"] for finding in result["findings"]}) is (name != "the same")


def requested(ome, path, **more):
    """The options of the task that creates the request."""
    return options(ome, state="csr", csr_path=str(path), distinguished_name=NAME, **more)


def signed(path, folder):
    """The chain of a CA for the request in a file, and the options of its upload."""
    request = mint.load_csr(path.read_bytes())
    leaf = mint.sign(request, NAME, CAS.one, extensions=[purposes(SERVER, CLIENT), usage()], dns=[NAME], **CAS.days)
    chain = folder / (path.stem + ".pem")
    chain.write_text(leaf.pem + CAS.one.pem + CAS.root.pem, encoding="ascii")
    return leaf, dict(state="present", path=str(chain), csr_path=str(path), name=NAME)


@pytest.mark.reliability(
    "two runs at once",
    "somebody else changes the file meanwhile",
    playbooks=["ome_migration"],
    afterwards="the upload for the request that was replaced is refused, with the reason; the other chain is served",
)
def test_of_two_runs_at_once_the_one_whose_request_was_replaced_is_refused_and_says_why(ome, tmp_path, run_module):
    """Two controllers: the second request comes between the request and the upload of the first run."""
    first, second = tmp_path / "first.csr", tmp_path / "second.csr"
    before = ome.certificates
    for path in (first, second):
        assert run_module("ome_certificate_chain", requested(ome, path))["changed"]
    _leaf, upload = signed(first, tmp_path)
    refused = run_module("ome_certificate_chain", options(ome, **upload))
    assert refused["failed"] and not refused["changed"] and ome.uploads == 0 and ome.certificates == before
    assert refused["msg"].startswith("KEY-NOT-CSR") and "earlier requests are no longer valid" in refused["advice"], refused
    leaf, upload = signed(second, tmp_path)
    made = run_module("ome_certificate_chain", options(ome, **upload))
    assert made["changed"] and made["handshake"]["verified"] and ome.certificates[0] == leaf.x509


@pytest.mark.parametrize("action", ["generate", "upload_chain"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.reliability(
    "the module is killed",
    "the controller is killed",
    playbooks=["ome_migration"],
    afterwards="whether the appliance has carried out the request or not, the next run completes it; the third changes nothing",
)
def test_a_module_that_is_killed_at_a_request_is_finished_by_the_next_run(ome, tmp_path, run_module, action, moment):
    """What the appliance serves decides, and not what the killed run knew."""
    path, act, processes = tmp_path / "ome.csr", getattr(ome, action), []
    ome.switch(restart=0)  # a run that finds no web server says so, and is started again

    def killing(body):
        setattr(ome, action, act)
        told = act(body) if moment == "after" else None
        processes[0].kill()
        processes[0].wait()
        return told

    def killed(given):
        setattr(ome, action, killing)
        processes.append(module_process("ome_certificate_chain", given))
        processes[0].communicate(processes[0].ask)
        assert processes[0].returncode == -signal.SIGKILL

    if action == "generate":
        killed(requested(ome, path))
    assert run_module("ome_certificate_chain", requested(ome, path))["changed"]
    leaf, upload = signed(path, tmp_path)
    given = options(ome, **upload)
    given["server_fingerprint"].append(fingerprint(leaf.der))
    if action == "upload_chain":
        killed(given)
    finished = run_module("ome_certificate_chain", given)
    assert not finished.get("failed") and finished["handshake"]["verified"] and ome.certificates[0] == leaf.x509, finished
    assert finished["changed"] is not (action == "upload_chain" and moment == "after")
    assert not run_module("ome_certificate_chain", given)["changed"] and ome.uploads == 1
    assert not run_module("ome_certificate_chain", requested(ome, path))["changed"]


@pytest.mark.parametrize(
    "switches, words",
    [
        ({"unauthorized": True}, "status 401"),
        ({"failing": True}, "refuses UploadCertChain (status 500)"),
        ({"no_json": True}, "and its answer is not JSON: '<html>Bad Gateway</html>'"),
        ({"old": True}, "UploadCertChain came with OpenManage Enterprise 3.10"),
        ({"restart": 600}, "does not serve the new certificate after 1 seconds"),
    ],
)
def test_a_failure_is_reported_with_its_reason_and_without_certificates(switches, words, ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(**switches)
    result = run_module("ome_certificate_chain", options(ome, state="present", **dict(examined(chain, tmp_path), wait_timeout=1)))
    assert result["failed"] and words in result["msg"], result["msg"]
    assert result.get("uploaded", False) is result["changed"] is ("restart" in switches)
    assert not {"certificates", "served"} & set(result) and len(json.dumps(result, indent=4).splitlines()) < 100
    assert ACCOUNT[1] not in json.dumps(result) and "Traceback" not in result["msg"]


def test_after_a_lost_answer_the_served_chain_decides(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(lost=True)
    result = run_module("ome_certificate_chain", options(ome, state="present", **examined(chain, tmp_path)))
    assert result["changed"] and result["handshake"]["verified"] and "was lost" in str(result["warnings"])


def test_a_refusal_becomes_a_finding_and_its_answer_is_kept(ome, tmp_path, run_module):
    chain = CAS.chain()
    result = run_module("ome_certificate_chain", options(ome, state="present", path=file_of(chain, tmp_path)))
    assert result["failed"] and ome.uploads == 0
    (finding,) = [found for found in result["findings"] if found["severity"] == "error"]
    assert (finding["code"], finding["remedy"]) == ("KEY-NOT-CSR", "ome_chain")
    assert finding["answer"] == result["answer"] == "CGEN1008: Unable to process the request because an error occurred. (Invalid CSR key.)"
    assert result["refusal"]["error"]["@Message.ExtendedInfo"][0]["MessageArgs"] == ["Invalid CSR key."]
    assert not ome.sessions


@pytest.mark.parametrize(
    "more, words",
    [
        ({"password": "Another-Pw"}, "Check username and password"),
        ({"username": None, "password": None}, "username, password: a change needs an account"),
        ({"server_fingerprint": None}, "is not trusted"),
        ({"server_fingerprint": ["00" * 32]}, "server_fingerprint"),
        ({"name": "other.corp.example"}, "NAME-MISMATCH"),
        ({"path": "/nowhere/chain.pem"}, "path: /nowhere/chain.pem cannot be read"),
        ({"upload": "single"}, "upload: single is for one certificate, but "),
        ({"peer_content": "nothing"}, "peer_content: it contains no certificate"),
        ({"at": "soon"}, "at: 'soon' is not a date or time"),
    ],
)
def test_bad_input_names_the_option_and_uploads_nothing(more, words, ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    given = options(ome, **{"state": "present", **examined(chain, tmp_path), **more})
    for check in (True, False):
        result = run_module("ome_certificate_chain", given, check=check)
        assert result["failed"] and words in result["msg"], result["msg"]
    assert ome.uploads == 0 and not ome.sessions


def test_an_appliance_that_cannot_be_reached_is_reported(tmp_path, run_module):
    with contextlib.ExitStack() as stack:
        ome = stack.enter_context(Ome(NAME))
        given = options(ome, state="present", **examined(CAS.chain(), tmp_path))
    result = run_module("ome_certificate_chain", given)
    assert result["failed"] and "refused" in result["msg"]


def test_a_pending_certificate_is_predicted_as_it_is_reported(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    given = options(ome, state="present", path=str(tmp_path / "upload.pem"), csr_content=csr_of(chain.key), pending=True)
    given["server_fingerprint"].append(fingerprint(chain.certificates[0].der))
    predicted = run_module("ome_certificate_chain", given, check=True)
    assert predicted["changed"] and predicted["differs"] and "accepted" not in predicted and ome.uploads == 0
    file_of(chain, tmp_path)
    assert run_module("ome_certificate_chain", given, check=True)["diff"] == predicted["diff"], "the file is still the former one"
    made = run_module("ome_certificate_chain", given)
    assert made["diff"] == predicted["diff"] and made["accepted"] and ome.uploads == 1
    assert "\n  certificate to be issued in this run, with its chain\n" in made["diff"][0]["after"]


def test_the_former_name_of_pending_is_accepted(ome, tmp_path, run_module):
    given = options(ome, state="present", path=str(tmp_path / "upload.pem"), awaited=True)
    assert run_module("ome_certificate_chain", given, check=True)["changed"]
    refused = run_module("ome_certificate_chain", given)
    assert refused["failed"] and "path: %s cannot be read" % given["path"] in refused["msg"]


def test_a_pending_file_is_not_validated_in_check_mode(tmp_path, run_module):
    given = {"path": str(tmp_path / "upload.pem"), "pending": True}
    result = run_module("ome_certificate_chain", given, check=True)
    assert not result.get("failed") and not result["changed"] and "accepted" not in result
    assert "was not validated" in str(result["warnings"])


def test_all_that_is_wrong_is_reported_at_once(tmp_path, run_module):
    given = {"path": "/nowhere/chain.pem", "csr_content": "nothing", "peer_content": "nothing", "at": "soon"}
    message = run_module("ome_certificate_chain", given)["msg"]
    assert message.startswith("4 things are wrong: ")
    assert all(word in message for word in ("path: ", "csr_content: ", "peer_content: ", "at: "))


def ca_chain(*authorities):
    return CAS.pem(*authorities, CAS.root)


def test_different_cas_are_found_before_the_first_request(ome, tmp_path, run_module):
    given = options(ome, state="present", path=str(tmp_path / "upload.pem"), pending=True, name=NAME, signing_ca_content=ca_chain(CAS.one))
    good = run_module("ome_certificate_chain", dict(given, peer_signing_ca_content=ca_chain(CAS.one)), check=True)
    assert good["changed"] and good["differs"] and good["verdict"] == "ok" and good["certificates"] == [] and good["mutual"]["here_to_peer"]["verified"]
    assert "\n  certificate to be issued in this run, with its chain\n" in good["diff"][0]["after"]
    refused = run_module("ome_certificate_chain", dict(given, peer_signing_ca_content=ca_chain(CAS.two)), check=True)
    assert refused["failed"] and "CHAIN-PEER-DIFFERS: level 0: issued by CN=CA1-Inter here, issued by CN=Inter-CA2 there" in refused["msg"]
    assert ome.requests == ome.uploads == 0


def test_the_cas_are_judged_without_an_appliance(run_module):
    result = run_module("ome_certificate_chain", {"signing_ca_content": ca_chain(CAS.one), "peer_signing_ca_content": ca_chain(CAS.two), "name": NAME})
    assert [finding["code"] for finding in result["findings"]] == ["CHAIN-PEER-DIFFERS"] and result["verdict"] == "error" and not result["changed"]
    assert result["connection_answer"].startswith("Unable to mutually authenticate")
    wrong = run_module("ome_certificate_chain", {"signing_ca_content": "nothing", "peer_signing_ca_content": "nothing"})
    assert wrong["msg"].startswith("2 things are wrong: ") and "signing_ca_content: it contains no certificate" in wrong["msg"]


def test_the_account_is_examined_although_nothing_is_due(ome, tmp_path, run_module):
    path = tmp_path / "ome.csr"
    given = options(ome, state="csr", csr_path=str(path), distinguished_name=NAME)
    run_module("ome_certificate_chain", given)
    wrong = dict(given, password="Another-Pw")
    assert not run_module("ome_certificate_chain", wrong, check=True).get("failed")
    refused = run_module("ome_certificate_chain", dict(wrong, check_account=True), check=True)
    assert refused["failed"] and "Check username and password" in refused["msg"]
    assert not run_module("ome_certificate_chain", dict(given, check_account=True), check=True)["changed"] and not ome.sessions


def test_the_findings_and_the_error_are_french(ome, tmp_path, run_module):
    case = Case([CAS.leaf(asked=(SERVER,), encipherment=False), CAS.one], CAS.key)
    given = dict(examined(case, tmp_path), csr_content=csr_of(mint.new_key()), language="fr")
    findings = {finding["code"]: finding for finding in run_module("ome_certificate_chain", given)["findings"]}
    assert set(findings) == {"KEY-NOT-CSR", "CHAIN-ROOT-MISSING", "USAGE-NO-CLIENT-AUTH", "USAGE-NO-KEY-ENCIPHERMENT"}
    assert findings["USAGE-NO-CLIENT-AUTH"]["message"] == (
        "l'authentification du client (clientAuth) manque dans son utilisation étendue des clés (EKU : serverAuth)"
    )
    assert findings["CHAIN-ROOT-MISSING"]["advice"].startswith("Incluez le certificat racine et tous les certificats des autorités de certification")
    assert findings["KEY-NOT-CSR"]["answer"] == "CGEN1008: Unable to process the request because an error occurred. (Invalid CSR key.)"
    refused = run_module("ome_certificate_chain", dict(options(ome), **given, state="present"))
    assert refused["failed"] and "rien n'a été téléchargé sur %s:" % NAME in refused["msg"]
    assert refused["msg"].endswith("Chaque constat indique la mesure corrective.") and "l'autorité de certification qui a émis" in refused["msg"]
