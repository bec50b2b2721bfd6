# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ome_certificate_chain beside an OpenManage Enterprise that judges for itself: every rule, the upload, the request, what goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import json
import ssl
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import Upload, examine
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.ome import article
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, NAME, SERVER, Cas, Case, broken
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, ACTIONS, SESSIONS, Ome

CAS = Cas(REAL)
CASES = broken(CAS)
EACH = [pytest.param(case, name, id="%s (%d)" % (name, number)) for name, cases in CASES.items() for number, case in enumerate(cases)]
UNTOLD = "it refuses it (the article does not say how)"


@pytest.fixture
def ome():
    with Ome(NAME) as one:
        yield one


@pytest.fixture
def target():
    with Ome("ome-target.corp.example") as one:
        yield one


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
    """The options that have a case examined."""
    given = dict(path=file_of(case, folder), csr_content=csr_of(case.key), upload="single" if case.single else "chain")
    return dict(given, peer_content=case.peer) if case.peer else given


def by_hand(ome, case):
    """What the appliance answers to an upload over its REST interface; empty where it takes it."""
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
        return told(entries[0]) if entries else UNTOLD
    return ""


def told(entry):
    return "%s: %s" % (entry["MessageId"], entry["Message"]) + "".join(" (%s)" % one for one in entry["MessageArgs"])


def connected(case, clock):
    """What is answered when the connection of two appliances that took their chains is verified."""
    theirs = article.PEM_FILE.findall(case.peer.encode()) or [one.pem.encode() for one in case.certificates]
    try:
        article.connection([one.x509 for one in case.certificates], [x509.load_pem_x509_certificate(one) for one in theirs], clock)
    except article.Refused as refused:
        return refused.text
    return ""


@pytest.mark.parametrize("case, name", EACH)
def test_the_verdict_before_the_upload_is_what_the_appliance_answers(case, name, ome, tmp_path, run_module):
    result = run_module("ome_certificate_chain", examined(case, tmp_path))
    ome.pending = case.key
    answer = by_hand(ome, case)
    assert result["answer"] == answer and result["accepted"] is (answer == "")
    refused = {name.split()[0] for name in CASES} - {"0", "11", "12", "13"}
    assert bool(answer) is (name.split()[0] in refused)
    if not answer and not case.single:
        assert result["connection_answer"] == connected(case, ome.clock())
        assert bool(result["connection_answer"]) is (name.split()[0] in ("11", "12", "13"))
    assert (result["verdict"] == "error") is not name.startswith("0")


def test_the_table_has_all_the_rules():
    assert sorted({int(name.split()[0]) for name in CASES}) == list(range(14))


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "asked": st.sampled_from([(SERVER,), (CLIENT,), ()]),
        "encipherment": st.sampled_from([False, None]),
        "name": st.sampled_from(["*.corp.example", mint.name(None, "Example Corporation")]),
        "past": st.just(True),
    },
)


@st.composite
def random_case(draw):
    """A chain with any number of things wrong."""
    changes = draw(CHANGES)
    days = CAS.past if changes.pop("past", False) else {}
    issuer = draw(st.sampled_from([CAS.one, CAS.two]))
    chain = [CAS.leaf(issuer, **dict(changes, **days)), issuer, CAS.root]
    for _change in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(chain) - 1))
        what = draw(st.sampled_from(["drop", "repeat", "move", "foreign"]))
        if what == "drop" and len(chain) > 1 and place:
            del chain[place]
        elif what == "repeat":
            chain.insert(draw(st.integers(0, len(chain))), chain[place])
        elif what == "move":
            chain.insert(draw(st.integers(0, len(chain) - 1)), chain.pop(place))
        else:
            chain.insert(place, draw(st.sampled_from([CAS.two, CAS.one])))
    key = draw(st.sampled_from([CAS.key, CAS.key, mint.shared_key("P-256")]))
    peer = draw(st.sampled_from(["", CAS.pem(CAS.leaf(CAS.one, "ome-target.corp.example"), CAS.one, CAS.root)]))
    return Case(chain, key, der=draw(st.sampled_from([False] * 5 + [True])), peer=peer)


@settings(max_examples=200, deadline=None)
@given(random_case())
def test_the_verdict_on_two_hundred_random_chains_is_the_appliance_s(case):
    names = ("path", "peer_path", "csr_path", "name")
    params = dict(dict.fromkeys(names), csr_content=csr_of(case.key), peer_content=case.peer or None, content="x", upload="chain")
    facts, now = {}, REAL.now
    examine(Upload(case.data, read_certificates(case.data), "content", True), params, now, facts, [])
    try:
        article.chain(case.data, case.key.public_key())
        answer = ""
    except article.Refused as refused:
        answer = refused.text
    assert facts["answer"] == answer
    if not answer:
        assert facts["connection_answer"] == connected(case, now)


def test_what_the_appliance_would_take_is_uploaded_once(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    given = options(ome, state="present", **examined(chain, tmp_path))
    given["server_fingerprint"].append(fingerprint(chain.certificates[0].der))
    foretold, made, again = (run_module("ome_certificate_chain", given, check=check) for check in (True, False, False))
    assert foretold["changed"] and made["changed"] and foretold["diff"] == made["diff"], made
    assert not again["changed"] and not again.get("failed") and ome.uploads == 1
    assert NAME in made["diff"][0]["after"] and "CA-Racine" in made["diff"][0]["after"]
    for result in (made, again):
        assert result["handshake"] == {"verified": True, "protocol": "TLSv1.3", "trusting": "CN=CA-Racine", "error": None}
    assert made["served"][0]["fingerprints"]["sha256"].replace(":", "").lower() == fingerprint(chain.certificates[0].der)
    assert not ome.sessions and ACCOUNT[1] not in json.dumps([foretold, made, again])


def test_what_is_served_is_looked_at_as_the_other_appliance_would(ome, tmp_path, run_module):
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


def test_a_single_certificate_is_uploaded_as_one(ome, tmp_path, run_module):
    case = Case([CAS.leaf(asked=(SERVER,))], CAS.key, single=True)
    ome.pending = CAS.key
    given = options(ome, state="present", **examined(case, tmp_path))
    assert run_module("ome_certificate_chain", given)["changed"] and len(ome.certificates) == 1


def test_the_certificate_alone_is_not_its_chain(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.switch(restart=0)
    ome.pending = chain.key
    ome.upload_single(chain.certificates[0].pem.encode())
    given = options(ome, state="present", **examined(chain, tmp_path))
    assert run_module("ome_certificate_chain", given)["changed"] and len(ome.certificates) == 3


def test_an_appliance_that_sends_its_certificate_alone_can_be_lived_with(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(leaf_alone=True, restart=0)
    given = options(ome, state="present", **dict(examined(chain, tmp_path), wait_timeout=2))
    first = run_module("ome_certificate_chain", given)
    assert first["failed"] and "refuses it" in first["msg"] and "does not send the CA certificates" in str(first["warnings"])
    given["server_fingerprint"] = [fingerprint(chain.certificates[0].der)]
    assert not run_module("ome_certificate_chain", dict(given, compare="leaf"))["changed"] and ome.uploads == 1


def test_the_clock_of_the_appliance_decides(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(ahead=-5 * 86400)
    result = run_module("ome_certificate_chain", options(ome, state="present", **examined(chain, tmp_path)))
    assert result["failed"] and "VALIDITY-NOT-YET" in result["msg"] and ome.uploads == 0
    assert abs(result["clock_skew"] + 5 * 86400) < PATIENCE


def test_a_request_is_made_once_and_kept(ome, tmp_path, run_module):
    path = tmp_path / "ome.csr"
    given = options(ome, state="csr", csr_path=str(path), distinguished_name=NAME, country="DE", subject_alternative_names=[NAME, "10.77.0.14"])
    foretold, made, again = (run_module("ome_certificate_chain", given, check=check) for check in (True, False, False))
    assert foretold["changed"] and made["changed"] and foretold["diff"] == made["diff"], made
    assert "subject alternative name: DNS:%s, IP:10.77.0.14" % NAME in made["diff"][0]["after"]
    assert not again["changed"] and ome.requests == 1 and again["csr"] == made["csr"] == path.read_text(encoding="ascii")
    other = run_module("ome_certificate_chain", dict(given, business_name="Example Corporation"))
    assert other["changed"] and "lacks Example Corporation" in other["reasons"][0]
    assert list(other["backup_files"]) == [str(path)] and ome.requests == 2
    further = dict(given, distinguished_name="ome.corp.example", subject_alternative_names=["ome.corp.example"])
    reasons = ["its common name is %s" % NAME, "it does not ask for ome.corp.example"]
    assert run_module("ome_certificate_chain", further, check=True)["reasons"] == reasons and ome.requests == 2
    assert run_module("ome_certificate_chain", dict(given, force=True), check=True)["reasons"] == ["force is true"]


def test_what_is_signed_for_its_request_is_taken(ome, tmp_path, run_module):
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
        ({"subject_alternative_names": ["a.corp.example b.corp.example"]}, "has a blank or a comma in it"),
        ({"distinguished_name": "*.corp.example"}, "is a wildcard"),
        ({"distinguished_name": "ome"}, "distinguished_name: 'ome' is a single label"),
        ({"country": "Germany"}, "country: 'Germany' is no country code"),
    ],
)
def test_a_request_that_the_appliance_would_refuse_is_not_asked_for(more, words, ome, tmp_path, run_module):
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
def test_the_handshake_of_copies_ends_as_that_of_the_appliances(name, ome, target, tmp_path, run_module):
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
    assert ("MUTUAL-REFUSED" in {one["code"] for one in result["findings"]}) is (name != "the same")


@pytest.mark.parametrize(
    "switches, words",
    [
        ({"unauthorized": True}, "status 401"),
        ({"failing": True}, "refuses UploadCertChain (status 500)"),
        ({"no_json": True}, "and its answer is no JSON: '<html>Bad Gateway</html>'"),
        ({"old": True}, "UploadCertChain came with OpenManage Enterprise 3.10"),
        ({"restart": 600}, "does not serve the new certificate after 1 seconds"),
    ],
)
def test_what_goes_wrong_is_told(switches, words, ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(**switches)
    result = run_module("ome_certificate_chain", options(ome, state="present", **dict(examined(chain, tmp_path), wait_timeout=1)))
    assert result["failed"] and words in result["msg"], result["msg"]
    assert result.get("uploaded", False) is ("restart" in switches)
    assert ACCOUNT[1] not in json.dumps(result) and "Traceback" not in result["msg"]


def test_an_upload_whose_answer_was_lost_is_looked_after(ome, tmp_path, run_module):
    chain = CAS.chain()
    ome.pending = chain.key
    ome.switch(lost=True)
    result = run_module("ome_certificate_chain", options(ome, state="present", **examined(chain, tmp_path)))
    assert result["changed"] and result["handshake"]["verified"] and "was lost" in str(result["warnings"])


def test_a_refusal_becomes_a_finding_and_its_answer_stays(ome, tmp_path, run_module):
    chain = CAS.chain()
    result = run_module("ome_certificate_chain", options(ome, state="present", path=file_of(chain, tmp_path)))
    assert result["failed"] and ome.uploads == 0
    (finding,) = [one for one in result["findings"] if one["severity"] == "error"]
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
        ({"upload": "single"}, "holds 3 certificates, and single is one"),
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


def test_an_appliance_that_is_not_there_is_told(tmp_path, run_module):
    with contextlib.ExitStack() as stack:
        ome = stack.enter_context(Ome(NAME))
        given = options(ome, state="present", **examined(CAS.chain(), tmp_path))
    result = run_module("ome_certificate_chain", given)
    assert result["failed"] and "refused" in result["msg"]
