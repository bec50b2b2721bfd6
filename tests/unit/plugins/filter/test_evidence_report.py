# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run: for a person, in a real browser; and for pipelines."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from ansible_collections.certmend.tls.plugins.filter.evidence_report import FilterModule
from ansible_collections.certmend.tls.plugins.filter.joined_records import joined_records
from ansible_collections.certmend.tls.tests.support import browser, evidence, mint, shown
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.evidence import evidence_end

(evidence_report,) = FilterModule().filters().values()
HTML = "<img src=x onerror=alert(1)>\"'</style></title><script>alert(1)</script>"
in_browser = pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)


class Elements(HTMLParser):
    """The elements of a page, with their attributes; and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def record(shared_tls_server):
    return evidence.whole(shared_tls_server)


@pytest.fixture(scope="module")
def hostile(shared_tls_server):
    """A record in which everything that others can write is HTML and escape sequences."""
    evil = HTML + shown.HOSTILE
    server = mint.mint("<script>alert(1)</script>", dns=["depot.corp.example"], organization=shown.HOSTILE, **REAL.days())
    audit = evidence.audit(shared_tls_server, {"depot.corp.example": [server], "www.corp.example": evidence.BEFORE["www.corp.example"]})
    for result in audit["results"]:
        result["source"] = evil + result["source"]
        for finding in result["findings"]:
            finding.update(code=evil, message=evil, advice=evil, cites=evil, about=evil)
    plan = [{"host": evil, "codes": [evil], "role": evil, "ours": False, "who": evil}]
    begun = evidence.begun(audit, title=evil, ticket=evil, operator=evil, window={"reason": evil}, plan=plan, inventory=[evil], names={})
    diff = {"diff": {"before": evil + "\n", "after": evil * 2 + "\n", "after_header": evil}}
    said = {"results": [diff], "changes": [{"path": evil, "existed": True}], "said": evil, "ending": [{"next": [evil], "undo": evil, "verified": [evil]}]}
    host = evidence.noted(evil, evil, ("changed", dict(said, journal="/var/lib/certmend/" + evil)), ("changed", dict(said, role="")))
    return evidence_end(dict(begun, hosts=[host]), evidence.ENDED, audit)


def test_the_page_fetches_nothing_and_has_no_script(record):
    page = Elements(evidence_report(record))
    assert not {tag for tag, _attrs in page.found} & {"script", "link", "iframe", "img", "object", "embed", "form", "base"}
    names = {name for _tag, attrs in page.found for name in attrs}
    assert "src" not in names and not [name for name in names if name.startswith("on")]
    assert all(attrs["href"].startswith("#host-") for _tag, attrs in page.found if "href" in attrs)
    policy = next(attrs["content"] for _tag, attrs in page.found if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_the_page_says_at_a_glance_how_the_run_ended_and_how_to_restore(record):
    page = Elements(evidence_report(record))
    assert "Partly done" in page.text and "CHG-20417" in page.text and "ops" in page.text and "the administrators of the vCenter" in page.text
    assert record["restore"][0]["command"] in page.text
    assert page.text.count("Old content in") == 3, "not of the host that was rolled back, whose journal is gone"
    ids = [attrs["id"] for _tag, attrs in page.found if "id" in attrs]
    assert len(ids) == len(set(ids)) and {attrs["href"][1:] for _tag, attrs in page.found if "href" in attrs} <= set(ids)


def test_every_state_has_words_beside_its_colour(record):
    badges = re.findall(r'<span class="badge (\w+)"><i aria-hidden="true"><span>(.)</span></i>([^<]+)</span>', evidence_report(record))
    assert len(badges) > 20 and all(words.strip() for _state, _mark, words in badges)
    assert len({mark for _state, mark, _words in badges}) == len({state for state, _mark, _words in badges}), "a mark for each state"


def test_the_broken_link_of_a_chain_is_marked_in_words(record):
    drawings = [attrs["aria-label"] for tag, attrs in Elements(evidence_report(record)).found if attrs.get("class") == "chain"]
    assert [label for label in drawings if "the chain breaks here: Corp Issuing CA, not sent, and not known to the clients (error)" in label]
    assert [label for label in drawings if "the chain ends here: none" in label], "a certificate that no CA signed"
    assert [label for label in drawings if re.search("After, .*server certificate: www.*intermediate: Corp Issuing CA.*trusted: Corp Root CA", label)]


OTHERS = [
    {"title": "", "ticket": None, "window": {"open": False}, "plan": []},
    {"check_mode": True, "hosts": []},
    {"endpoints": [], "hosts": [], "plan": []},
]


@pytest.mark.parametrize("more", OTHERS)
def test_a_record_with_less_in_it_is_a_page_too(record, more):
    page = Elements(evidence_report(evidence_end({**record, **more}, evidence.ENDED)))
    assert page.text.strip() and ("Check mode: nothing was changed." in page.text) is bool(more.get("check_mode"))


def test_a_run_without_an_end_is_a_page_too(record):
    begun = dict(record, runs=[dict(record["runs"][0], ended=None)], endpoints=[dict(each, after=None) for each in record["endpoints"]])
    begun["hosts"] = [evidence.noted("depot", "fqdn_certificate", "changing")]
    joined = joined_records([begun])
    assert joined["outcome"] == "unfinished" and evidence.problems(joined) == []
    text = Elements(evidence_report(joined)).text
    assert "Broken off" in text and "broken off" in text and "--limit depot" in text


def test_a_validity_that_could_not_be_decoded_is_left_out_of_the_timeline(record):
    text = json.dumps(record).replace(record["endpoints"][1]["before"]["certificates"][0]["not_after"], "1-01-01T00:00:00Z")
    assert "1-01-01" in evidence_report(json.loads(text))


def test_hostile_texts_are_texts(hostile):
    written = evidence_report(hostile)
    page = Elements(written)
    assert "<script" not in written and "<img" not in written and "onerror" not in {name for _tag, attrs in page.found for name in attrs}
    assert shown.acted_upon(written, several_lines=True) == []
    assert "alert(1)" in page.text, "what was there is shown"


@pytest.mark.parametrize("name", ["record", "hostile"])
def test_the_junit_is_well_formed_and_counts_what_is_open(name, request):
    record = request.getfixturevalue(name)
    top = ElementTree.fromstring(evidence_report(record, form="junit"))
    cases = top.findall("testsuite/testcase")
    failures = top.findall("testsuite/testcase/failure")
    assert (int(top.get("tests")), int(top.get("failures"))) == (len(cases), len(failures))
    open_errors = [each for one in record["endpoints"] for each in one["after"]["findings"] if each["severity"] == "error"]
    broken = [step for host in record["hosts"] for step in host["steps"] if step["phase"] in ("failed", "restored", "stopped", "changing")]
    whole = [case for case in cases if case.get("classname") == "run"]
    assert [len(case.findall("failure")) for case in whole] == [record["outcome"] in ("failed", "partly", "restored", "stopped", "unfinished")]
    assert len(failures) == len(open_errors) + len(broken) + len(whole[0])
    if name == "record":
        passed = {(case.get("classname"), case.get("name")) for case in cases if not len(case)}
        assert {("depot.corp.example:443", "NAME-MISMATCH"), ("fine.corp.example:443", "no findings"), ("depot", "fqdn_certificate")} <= passed


def test_another_form_is_refused(record):
    with pytest.raises(ValueError, match="form pdf is not one of html, junit"):
        evidence_report(record, form="pdf")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with browser.chromium(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@in_browser
@pytest.mark.parametrize("width, dark", [(1280, False), (390, False), (1280, True)])
@pytest.mark.parametrize("name", ["record", "hostile"])
def test_a_browser_shows_the_page_whole_and_accessible(name, width, dark, page, request, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(evidence_report(request.getfixturevalue(name)), encoding="utf-8")
    page.requests.clear()
    page.open(path, width, dark)
    assert page.overflow() == [], "nothing has to be scrolled sideways"
    assert page.evaluate("document.querySelectorAll('svg.chain').length") >= 2 and page.evaluate("document.querySelectorAll('script').length") == 0
    page.screenshot(browser.LOGS / ("evidence-%s-%d%s.png" % (name, width, "-dark" if dark else "")))
    assert page.requests == [path.as_uri()], "nothing was fetched"
    assert page.violations() == []


@in_browser
def test_the_page_is_printed_on_paper(page, record, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(evidence_report(record), encoding="utf-8")
    page.open(path, 1280)
    page.pdf(browser.LOGS / "evidence.pdf")
    printed = (browser.LOGS / "evidence.pdf").read_bytes()
    assert printed.startswith(b"%PDF-") and 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 15
