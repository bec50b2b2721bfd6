# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judgement before an upload, compared with the article's rules written down a second time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Verdict
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import examine
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Upload
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import DAY, FIXED, REAL
from ansible_collections.certmend.tls.tests.support.ome import article
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, NAME, SERVER, Cas, Case, connection_answer

CAS = Cas(FIXED)
PEER = CAS.pem(CAS.leaf(CAS.one, "ome-target.corp.example"), CAS.one, CAS.root)


def examined(case, now=FIXED.now, name=""):
    request = dict(csr_path=None, csr_content=mint.csr(NAME, key=case.key), peer_path=None, peer_content=case.peer or None, hostname=None)
    planned = dict.fromkeys(["signing_ca_content", "peer_signing_ca_content", "distinguished_name", "subject_alternative_names"])
    expected = Expectations.from_params(dict(request, **planned, state="validated", name=name))
    return examine(Upload(case.data, read_certificates(case.data), "upload.pem", not case.single), expected, now)


def codes(examination):
    return [finding.code for finding in examination.findings]


def test_a_good_chain_has_no_findings():
    examination = examined(CAS.chain(), name=NAME)
    assert codes(examination) == [] and examination.verdict is Verdict.OK
    assert (examination.answer, examination.connection_answer, examination.mutual) == ("", "", None)
    assert len(examination.certificates) == 3 and examination.now == FIXED.now


def test_a_name_that_the_certificate_lacks_is_an_error_though_the_appliance_accepts_it():
    examination = examined(CAS.chain(), name="other.corp.example")
    assert codes(examination) == ["NAME-MISMATCH"] and examination.answer == "" and examination.verdict is Verdict.ERROR


def test_validity_is_judged_at_the_given_moment():
    assert codes(examined(CAS.chain(), now=FIXED.now + 400 * DAY)) == ["VALIDITY-EXPIRED"] * 3


def test_a_file_without_a_certificate_is_answered_as_an_invalid_file():
    examination = examine(Upload(b"nothing", read_certificates(b"nothing"), "upload.pem", True), Expectations(name=NAME), FIXED.now)
    assert codes(examination) == ["FORMAT-NO-CERTIFICATE"] and examination.answer == article.bad_file().text


def test_a_chain_that_is_whole_is_tried_with_the_peer():
    cas = Cas(REAL)  # OpenSSL judges the copies by the machine's clock
    peer = cas.pem(cas.leaf(cas.one, "ome-target.corp.example", mint.new_key()), cas.one, cas.root)
    assert examined(cas.chain()._replace(peer=peer), REAL.now).mutual == {"here_to_peer": None, "peer_to_here": None}


def test_a_chain_without_its_root_is_not_tried_with_the_peer():
    chain = CAS.chain()
    assert examined(Case(chain.certificates[:2], chain.key, peer=PEER)).mutual is None


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
        index = draw(st.integers(0, len(chain) - 1))
        what = draw(st.sampled_from(["drop", "repeat", "move", "foreign"]))
        if what == "drop" and len(chain) > 1 and index:
            del chain[index]
        elif what == "repeat":
            chain.insert(draw(st.integers(0, len(chain))), chain[index])
        elif what == "move":
            chain.insert(draw(st.integers(0, len(chain) - 1)), chain.pop(index))
        else:
            chain.insert(index, draw(st.sampled_from([CAS.two, CAS.one])))
    key = draw(st.sampled_from([CAS.key, CAS.key, mint.shared_key("P-256")]))
    return Case(chain, key, der=draw(st.sampled_from([False] * 5 + [True])), peer=draw(st.sampled_from(["", PEER])))


@settings(max_examples=200, deadline=None)
@given(random_case())
def test_the_prediction_for_two_hundred_random_chains_is_the_appliances_answer(case):
    examination = examined(case)
    try:
        article.chain(case.data, case.key.public_key())
        answer = ""
    except article.Refused as refused:
        answer = refused.text
    assert examination.answer == answer
    if not answer:
        assert examination.connection_answer == connection_answer(case, FIXED.now)
