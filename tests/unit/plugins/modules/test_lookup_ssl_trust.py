# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lookup_ssl_trust with a Lookup Service and an STS that are strict: audit, update, restore, and everything that can fail."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.run import module_process, printed, result_of
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.listing import lstool_output
from ansible_collections.certmend.tls.tests.support.vsphere.schema import assert_valid
from ansible_collections.certmend.tls.tests.support.vsphere.server import VCenter
from ansible_collections.certmend.tls.tests.support.vsphere.site import HOSTS, USER, Meddler, Site, fingerprint, nobody_listens
from ansible_collections.certmend.tls.tests.support.vsphere.soap import enveloped
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS

#: the registrations that hold the old certificate
OLD = ["cs.identity sts-a", "vcenterserver vc-a", "several several-a", "plugin plugin-a", "legacy legacy-a"]


@pytest.fixture
def site(tmp_path, tls_server):
    site = Site(tmp_path, tls_server)
    with site.vcenter:
        yield site


def statuses(result):
    return {(one["service_id"], one["url"].rpartition("/")[2]): one["status"] for one in result["endpoints"]}


def secrets_in(*results):
    text = json.dumps(results)
    return [word for word in (ACCOUNTS[USER], "Secret-Pw1", "Assertion", "SignatureValue") if word in text]


def test_an_audit_compares_every_anchor_with_what_its_url_serves(site, run_module):
    result = run_module("lookup_ssl_trust", site.options())
    assert not result["changed"] and not result.get("failed"), result
    assert statuses(result) == {
        ("sts-a", "vsphere.local"): "stale",
        ("vc-a", "sdk"): "stale",
        ("vc-a", "vsm"): "stale",
        ("several-a", "several"): "ok",
        ("current-a", "current"): "ok",
        ("ca-a", "ca"): "ok",
        ("plugin-a", "plugin"): "stale",
        ("legacy-a", "legacy"): "stale",
        ("sts-b", "vsphere.local"): "ok",
        ("srm", "drserver"): "ok",
        ("nsx", "api"): "ok",
        ("malformed", "malformed"): "malformed",
        ("none", ""): "not_probed",
        ("none", "none"): "not_probed",
    } | {("vc-a", "sdk"): statuses(result)["vc-a", "sdk"]}
    local = [one for one in result["endpoints"] if one["url"].startswith("http://localhost")]
    assert [one["status"] for one in local] == ["not_probed"]
    assert result["sso_domain"] == "vsphere.local"
    assert result["summary"]["malformed"] == 1 and len(result["stale"]) == result["summary"]["stale"] + 1
    old = fingerprint(site.old)
    assert {one["ssl_trust"][0]["fingerprints"]["sha256"] for one in result["stale"] if one["status"] == "stale"} == {old}
    assert result["certificates"][old]["subject"] == "CN=vc1.corp.example"
    assert site.vcenter.lookup.counts == {"List": 1}


def test_registrations_that_are_hidden_until_the_content_is_retrieved_are_listed(site, run_module):
    site.vcenter.switch(hidden=True)
    result = run_module("lookup_ssl_trust", site.options())
    assert len(result["endpoints"]) == 15, result
    assert site.vcenter.lookup.counts == {"List": 2, "RetrieveServiceContent": 1}


def test_an_anchor_that_is_the_ca_is_reported_if_strict(site, run_module):
    found = statuses(run_module("lookup_ssl_trust", site.options(strict=True)))
    assert {key for key, status in found.items() if status == "ca_anchor"} == {("several-a", "several"), ("ca-a", "ca")}


def test_expired_anchors_and_urls_that_do_not_answer(site, run_module, tls_server):
    over = site.certificate("vc1.corp.example", **REAL.days(-10, -1))
    port = tls_server(over.pem, over.key_pem)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        silent = closed.getsockname()[1]
        site.vcenter.register(
            [
                estate.registration("over", [estate.endpoint("https://vc1.corp.example:%d/a" % port, [estate.anchor(over)])]),
                estate.registration("gone", [estate.endpoint("https://vc1.corp.example:%d/b" % silent, [estate.anchor(site.new)])]),
                estate.registration("both", [estate.endpoint("https://vc1.corp.example:%d/c" % silent, [estate.anchor(over)])]),
                estate.registration("odd", [estate.endpoint("https://[::1/d", [estate.anchor(over)])]),
                estate.registration("self", [estate.endpoint("https://127.0.0.2/e", [estate.anchor(over)])]),
            ]
        )
        result = run_module("lookup_ssl_trust", site.options())
    assert [one["status"] for one in result["endpoints"]] == ["expired_anchor", "unreachable", "expired_anchor", "not_probed", "not_probed"]
    assert "CONNECT-REFUSED" in result["endpoints"][1]["reason"]


def test_an_update_is_predicted_made_and_verified_and_not_repeated(site, run_module):
    before = site.vcenter.listing()
    predicted = run_module("lookup_ssl_trust", site.update(), check=True)
    assert predicted["changed"] and site.vcenter.listing() == before and not (site.folder / "backups").exists()
    made = run_module("lookup_ssl_trust", site.update())
    assert made["changed"] and made["diff"] == predicted["diff"] and made["updated"] == predicted["updated"] == OLD
    assert made["endpoints"] == predicted["endpoints"] and made["summary"]["stale"] == 0
    shown = json.dumps(made["diff"])
    assert fingerprint(site.old) in shown and fingerprint(site.new) in shown and estate.anchor(site.new) not in shown
    assert stat.S_IMODE(os.stat(made["backup_path"]).st_mode) == 0o600
    assert site.vcenter.lookup.counts == {"List": 3, "Get": 5, "Set": 5}
    again = run_module("lookup_ssl_trust", site.update())
    assert not again["changed"] and again["diff"] == [] and "backup_path" not in again
    assert site.vcenter.lookup.counts["Set"] == 5
    assert not secrets_in(predicted, made, again)


def test_everything_else_of_a_registration_stays_as_it_was(site, run_module):
    site.vcenter.register(
        [
            *site.vcenter.lookup.registrations.values(),
            estate.registration(
                "future",
                [estate.endpoint("https://vc1.corp.example:%d/f" % site.ports["vc1"], [estate.anchor(site.old)])],
                future=(("serviceFuture", "of a later release"),),
                beyond=(("siteName", "also later"),),
            ),
        ]
    )
    before = dict(site.vcenter.lookup.registrations)
    result = run_module("lookup_ssl_trust", site.update())
    old, new = (site.old, site.new)
    texts = {estate.anchor(old), estate.wrapped(old), estate.twice(old)}

    def expected(tree):
        name, content = tree
        if name == "sslTrust":
            return (name, estate.anchor(new) if content in texts else content)
        return (name, content if isinstance(content, str) else tuple(expected(child) for child in content))

    for service_id, one in before.items():
        assert site.vcenter.lookup.registrations[service_id].mutable == tuple(expected(tree) for tree in one.mutable), service_id
    assert any("serviceFuture, siteName" in str(warning) for warning in result["warnings"])


def test_every_request_keeps_to_the_schema(site, run_module):
    run_module("lookup_ssl_trust", site.update())
    assert len(site.vcenter.lookup.requests) == 12
    for request in site.vcenter.lookup.requests:
        assert_valid(request)


def test_an_update_can_be_restored_to_the_last_byte(site, run_module):
    before = site.vcenter.listing()
    made = run_module("lookup_ssl_trust", site.update())
    assert site.vcenter.listing() != before
    back = site.update(state="restored", backup_path=made["backup_path"])
    predicted, restored, again = (run_module("lookup_ssl_trust", back, check) for check in (True, False, False))
    assert restored["changed"] and predicted["diff"] == restored["diff"] and not again["changed"]
    assert site.vcenter.listing() == before
    assert restored["backup_path"] != made["backup_path"]


def test_a_restore_keeps_what_others_changed_meanwhile_and_reports_it(site, run_module):
    before = dict(site.vcenter.lookup.registrations)
    made = run_module("lookup_ssl_trust", site.update())
    site.changed_by_others("plugin-a", site.other, "9.0")
    plugin = site.vcenter.lookup.registrations["plugin-a"]
    back = site.update(state="restored", backup_path=made["backup_path"])
    predicted, restored, again = (run_module("lookup_ssl_trust", back, check) for check in (True, False, False))
    assert restored["updated"] == predicted["updated"] == [name for name in OLD if "plugin" not in name] and not again["changed"]
    assert predicted["not_restored"] == restored["not_restored"] == again["not_restored"] and predicted["warnings"] == restored["warnings"]
    assert [(one["service_id"], one["trust_anchors"]) for one in restored["not_restored"]] == [("plugin-a", True), ("plugin-a", False)]
    assert restored["not_restored"][1]["difference"] == "serviceVersion: 8.0 -> 9.0"
    assert fingerprint(site.other) in restored["not_restored"][0]["difference"]
    assert predicted["endpoints"] == restored["endpoints"] == again["endpoints"]
    assert site.vcenter.lookup.registrations == dict(before, **{"plugin-a": plugin})
    forced = run_module("lookup_ssl_trust", dict(back, force=True))
    assert forced["updated"] == ["plugin plugin-a"] and [one["trust_anchors"] for one in forced["not_restored"]] == [False]
    assert not run_module("lookup_ssl_trust", dict(back, force=True))["changed"]
    assert ("serviceVersion", "9.0") in site.vcenter.lookup.registrations["plugin-a"].mutable


def test_a_backup_of_another_domain_or_with_a_service_that_is_gone_is_refused(site, run_module):
    made = run_module("lookup_ssl_trust", site.update())
    listing = site.vcenter.listing()
    content = json.loads(open(made["backup_path"], encoding="utf-8").read())
    for change, words in (
        ({"sso_domain": "other.local"}, "SSO domain other.local"),
        ({"registrations": [dict(content["registrations"][0], service_id="gone")]}, "no longer registered: cs.identity gone"),
        ({"registrations": 7}, "is not a backup of lookup_ssl_trust"),
        ({"format": "something else"}, "is not a backup of lookup_ssl_trust"),
    ):
        path = site.file("changed.json", json.dumps(dict(content, **change)))
        result = run_module("lookup_ssl_trust", site.update(state="restored", backup_path=path))
        assert result["failed"] and words in result["msg"] and "backup_path" in result["msg"]
    assert site.vcenter.listing() == listing


def test_hosts_replace_every_anchor_if_the_old_certificate_is_unknown(site, run_module):
    result = run_module("lookup_ssl_trust", site.update(old_fingerprint=None, hosts=["VC1.corp.example"]))
    assert result["updated"] == ["cs.identity sts-a", "vcenterserver vc-a", "plugin plugin-a", "legacy legacy-a", "malformed malformed"]
    held = [(one["url"], one["ssl_trust"][0]) for one in result["endpoints"] if one["ssl_trust"]]
    urls = [url for url, first in held if first.get("fingerprints", {}).get("sha256") == fingerprint(site.new)]
    assert all("localhost" not in url for url in urls)
    assert not run_module("lookup_ssl_trust", site.update(old_fingerprint=None, hosts=["vc1.corp.example"]))["changed"]


def test_an_old_certificate_may_be_given_and_narrowed_to_hosts(site, run_module):
    result = run_module("lookup_ssl_trust", site.update(old_fingerprint=None, old_certificate=site.old.pem, hosts=["vc2.corp.example"]))
    assert not result["changed"]
    path = site.file("old.pem", site.old.pem)
    assert run_module("lookup_ssl_trust", site.update(old_fingerprint=None, old_certificate=path), check=True)["updated"] == OLD


def test_an_address_in_a_url_needs_an_alias(site, run_module):
    urls = [estate.endpoint("https://10.9.8.7:443/sdk", [estate.anchor(site.old)])]
    site.vcenter.register([*site.vcenter.lookup.registrations.values(), estate.registration("by-ip", urls)])
    options = site.update(addresses=dict.fromkeys([*HOSTS, "10.9.8.7"], "127.0.0.1"), probe_timeout=1)
    refused = run_module("lookup_ssl_trust", options)
    assert refused["failed"] and "not for the host of https://10.9.8.7:443/sdk" in refused["msg"] and "aliases" in refused["msg"]
    assert site.vcenter.lookup.counts.get("Set", 0) == 0
    made = run_module("lookup_ssl_trust", dict(options, aliases={"10.9.8.7": "vc1.corp.example"}))
    assert made["updated"] == [*OLD, "vcenterserver by-ip"]
    assert [one["uses_ip"] for one in made["endpoints"]].count(True) == 1


def test_the_served_certificate_is_used_if_it_has_the_expected_fingerprint(site, run_module):
    live = dict(new_certificate=None, live=True, live_port=site.vcenter.port)
    wrong = run_module("lookup_ssl_trust", site.update(expected_fingerprint=fingerprint(site.old), **live))
    assert wrong["failed"] and "expected_fingerprint" in wrong["msg"] and fingerprint(site.new) in wrong["msg"]
    made = run_module("lookup_ssl_trust", site.update(expected_fingerprint=fingerprint(site.new), **live))
    assert made["updated"] == OLD


@pytest.mark.parametrize(
    "more, words",
    [
        (dict(password="not-it"), "username or password of administrator@vsphere.local is wrong"),
        (dict(username="locked@vsphere.local"), "locked@vsphere.local is locked"),
        (dict(username="expired@vsphere.local"), "password: the password of expired@vsphere.local has expired"),
        (dict(username=None), "username, password: 5 registrations would change"),
        (dict(old_fingerprint="\u200e" + "AB:" * 19 + "AB"), "U+200E LEFT-TO-RIGHT MARK"),
        (dict(old_fingerprint=" " + "AB:" * 19 + "AB"), "U+0020 SPACE"),
        (dict(old_fingerprint="AB " * 19 + "AB"), "the fingerprint is probably AB:AB:"),
        (dict(old_fingerprint="AB:" * 18 + "AB"), "it has 38 hexadecimal digits"),
        (dict(old_fingerprint="no-hexadecimal"), "is not a fingerprint"),
        (dict(old_fingerprint="AB:" * 19 + "AB"), "is the fingerprint of no registered certificate"),
        (dict(old_fingerprint=None), "one of them must say which trust anchors are replaced"),
        (dict(new_certificate=None), "new_certificate: is missing, and live is false"),
        (dict(new_certificate="/does/not/exist"), "new_certificate: /does/not/exist"),
        (dict(new_certificate="-----BEGIN RUBBISH-----"), "new_certificate: contains no certificate"),
        (dict(hostname="unknown.invalid"), "unknown.invalid"),
        (dict(trusted_path="/does/not/exist"), "trusted_path: /does/not/exist"),
        (dict(trusted_path=None), "is not trusted"),
        (dict(trusted_path=None, server_fingerprint=["AB:" * 31 + "AB"]), "is not among the fingerprints given"),
        (dict(trusted_path=None, server_fingerprint=["AB:" * 19 + "AB"]), "server_fingerprint: "),
        (dict(backup_dir="/proc/nowhere"), "backup_dir: /proc/nowhere"),
    ],
)
def test_bad_input_is_a_clear_error_and_nothing_is_written(site, run_module, more, words):
    before = site.vcenter.listing()
    result = run_module("lookup_ssl_trust", site.update(**more))
    assert result.get("failed") and words in result["msg"], result.get("msg")
    assert site.vcenter.listing() == before and not result.get("backup_path")
    assert not secrets_in(result)


@pytest.mark.parametrize("more", [dict(password="not-it"), dict(old_fingerprint="AB:" * 31 + "AB")])
def test_a_failure_is_short(site, run_module, more):
    result = run_module("lookup_ssl_trust", site.update(**more), verbosity=0)
    assert result["failed"] and "Nothing was changed." in result["msg"] and len(printed(result)) <= 20, result
    assert "certificates, endpoints, " in result["omitted"] and "stale (shown with -vvv)" in result["omitted"] and result["summary"]["stale"] == 5


def test_a_fingerprint_that_occurs_nowhere_is_answered_with_those_that_do(site, run_module):
    result = run_module("lookup_ssl_trust", site.update(old_fingerprint="AB:" * 19 + "AB"))
    assert fingerprint(site.old, "sha1") in result["msg"]


@pytest.mark.parametrize("more, words", [(REAL.days(-9, -1), "is valid from"), (dict(dns=["other.corp.example"]), "not for the host of")])
def test_a_new_certificate_that_has_expired_or_is_for_another_host_is_refused(site, run_module, more, words):
    days = {name: moment for name, moment in more.items() if name != "dns"}
    other = site.certificate(*more.get("dns", ["vc1.corp.example"]), **days)
    result = run_module("lookup_ssl_trust", site.update(new_certificate=other.pem))
    assert result["failed"] and words in result["msg"] and "new_certificate" in result["msg"]
    assert site.vcenter.lookup.counts.get("Set", 0) == 0


@pytest.mark.parametrize(
    "switch, words",
    [
        (dict(set_fault="SecurityError"), "the account lacks the permission"),
        (dict(set_fault="EntryNotFound"), "is no longer registered"),
        (dict(set_fault="InvalidArgument"), "the service refuses serviceSpec"),
        (dict(operating_site="site-b"), "Run it against a node of the site site-b"),
        (dict(sts_certificate_expired=True), "Repair the STS signing certificate first"),
        (dict(clock_skew=3600), "the clocks of this machine and of the STS differ"),
        (dict(changes_after_list="several-a"), "several several-a changed since it was listed: serviceVersion: 8.0 -> changed meanwhile"),
        (dict(ignores_set="vc-a"), "lists other values than those that were set: vcenterserver vc-a"),
        (dict(reads_only=True), "there is no"),
        (dict(answer="<html>log in</html>"), "does not answer in SOAP"),
        (dict(answer="no XML at all"), "is not XML"),
        (dict(answer='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "declares a document type"),
        (dict(answer='<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>'), "declares a document type"),
    ],
)
def test_what_the_service_refuses_is_explained(site, run_module, switch, words):
    site.vcenter.switch(**switch)
    result = run_module("lookup_ssl_trust", site.update())
    assert result.get("failed") and words in result["msg"], result.get("msg")
    assert not secrets_in(result)


def test_an_entity_in_another_encoding_is_refused_too(site, run_module):
    bomb = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    site.vcenter.lookup.answer = lambda _body, _headers: bomb.encode("utf-16")
    assert "declares a document type" in run_module("lookup_ssl_trust", site.options())["msg"]


@pytest.mark.reliability(
    "two runs at once",
    playbooks=["ssl_trust"],
    afterwards="the run that finds the registration of another stops, and rolls back its own changes",
)
def test_a_registration_that_changed_meanwhile_stops_the_run_and_the_others_are_rolled_back(site, run_module):
    vc = site.vcenter.lookup.registrations["vc-a"]
    site.vcenter.switch(changes_after_list="several-a")
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and site.vcenter.lookup.registrations["vc-a"] == vc
    assert "rolled back: vcenterserver vc-a, cs.identity sts-a" in result["msg"]
    assert result["conflict"]["listed"]["service_id"] == result["conflict"]["found"]["service_id"] == "several-a"


@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.reliability(
    "a host is lost in the middle",
    playbooks=["ssl_trust"],
    afterwards="what was set is read again; the update is completed, and nothing is set twice",
)
def test_a_set_whose_answer_is_lost_is_checked_and_repeated_if_necessary(site, run_module, applies):
    site.vcenter.switch(cut_at_set=3, cut_applies=applies)
    result = run_module("lookup_ssl_trust", site.update())
    assert not result.get("failed") and result["summary"]["stale"] == 0
    assert site.vcenter.lookup.counts["Set"] == (5 if applies else 6)


@pytest.mark.reliability(
    "a host is lost in the middle",
    playbooks=["ssl_trust"],
    afterwards="reported with the backup; the next run replaces the rest",
)
def test_a_run_that_was_cut_off_is_completed_by_the_next_and_nothing_is_done_twice(site, run_module):
    site.vcenter.switch(cut_at_set=3, cut_forever=True)
    cut = run_module("lookup_ssl_trust", site.update())
    assert cut["failed"] and "applied: 2 of 5" in cut["msg"] and "NOT rolled back" in cut["msg"] and cut["backup_path"]
    site.vcenter.switch()
    again = run_module("lookup_ssl_trust", site.update())
    assert again["updated"] == OLD[3:] and again["summary"]["stale"] == 0
    assert site.vcenter.lookup.counts["Set"] == 5
    assert not secrets_in(cut, again)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.reliability(
    "the plan cannot work",
    playbooks=["ssl_trust"],
    afterwards="everything that would stop the update is reported at once, before the first change",
)
def test_everything_that_would_stop_an_update_is_reported_at_once_before_the_first_change(site, run_module, check):
    with nobody_listens() as silent:
        urls = [estate.endpoint("https://vc1.corp.example:%d/silent" % silent, [estate.anchor(site.old)])]
        site.vcenter.register([*site.vcenter.lookup.registrations.values(), estate.registration("silent-a", urls)])
        before = site.vcenter.listing()
        partner = "https://vc2.corp.example:%d" % silent
        backups = site.file("a file", "") + "/backups"
        wrong = site.update(password="not-it", backup_dir=backups, verify_urls=[partner], require_served=True)
        result = run_module("lookup_ssl_trust", wrong, check)
    assert result["failed"] and "4 things are wrong" in result["msg"]
    for words in ("username or password of %s is wrong" % USER, "backup_dir: %s cannot be created" % backups, "verify_urls: ", "/silent (CONNECT-REFUSED"):
        assert words in result["msg"]
    assert site.vcenter.listing() == before and "Set" not in site.vcenter.lookup.counts and not result["changed"]
    assert not secrets_in(result)


def test_urls_that_do_not_answer_are_updated_too_unless_they_must_be_served(site, run_module):
    with nobody_listens() as silent:
        urls = [estate.endpoint("https://vc1.corp.example:%d/silent" % silent, [estate.anchor(site.old)])]
        site.vcenter.register([*site.vcenter.lookup.registrations.values(), estate.registration("silent-a", urls)])
        refused = run_module("lookup_ssl_trust", site.update(require_served=True))
        assert refused["failed"] and "1 urls whose trust anchors the update selects do not answer" in refused["msg"]
        assert run_module("lookup_ssl_trust", site.update())["updated"] == [*OLD, "vcenterserver silent-a"]


@pytest.mark.parametrize("check", [True, False])
def test_an_update_that_would_leave_its_endpoints_stale_is_refused(site, run_module, check):
    """The new certificate is valid for the host, and not the one that is served."""
    third = site.certificate("vc1.corp.example")
    refused = run_module("lookup_ssl_trust", site.update(new_certificate=third.pem, require_served=True), check)
    assert refused["failed"] and "endpoints would still be stale after the update" in refused["msg"] and fingerprint(site.new) in refused["msg"]
    assert "Set" not in site.vcenter.lookup.counts and refused["updated"] == []


def test_a_host_whose_ports_serve_several_certificates_is_not_given_one_for_all(site, run_module, tls_server):
    """Its management port has a certificate of its own, and the right trust anchor."""
    own = site.certificate("vc1.corp.example")
    urls = [estate.endpoint("https://vc1.corp.example:%d/own" % tls_server(own.pem, own.key_pem), [estate.anchor(own)])]
    site.vcenter.register([*site.vcenter.lookup.registrations.values(), estate.registration("own-a", urls)])
    refused = run_module("lookup_ssl_trust", site.update(old_fingerprint=None, hosts=["vc1.corp.example"], require_served=True))
    assert refused["failed"] and "1 endpoints would still be stale after the update" in refused["msg"] and "/own (stale" in refused["msg"]
    made = run_module("lookup_ssl_trust", site.update(require_served=True))
    assert made["updated"] == OLD and made["summary"]["stale"] == 0


def test_an_update_says_which_endpoints_it_is_responsible_for(site, run_module):
    made = run_module("lookup_ssl_trust", site.update())
    again = run_module("lookup_ssl_trust", site.update())
    ids = [one["service_id"] for one in made["selected"]]
    assert ids == ["sts-a", "vc-a", "vc-a", "vc-a", "several-a", "current-a", "plugin-a", "legacy-a"] and again["selected"] == made["selected"]
    by_host = run_module("lookup_ssl_trust", site.update(old_fingerprint=None, hosts=["vc1.corp.example"]), check=True)["selected"]
    assert {one["service_id"] for one in by_host} == {*ids, "ca-a", "malformed"}
    assert "selected" not in run_module("lookup_ssl_trust", site.options())


NESTED = enveloped("<GetResponse xmlns='urn:lookup'>%s%s</GetResponse>" % ("<returnval>" * 20000, "</returnval>" * 20000))


@pytest.mark.parametrize(
    "instead, words",
    [
        (NESTED, "more than 100 levels"),
        (enveloped("<GetResponse xmlns='urn:lookup'/>"), "with 0 registrations"),
        (enveloped("<GetResponse xmlns='urn:lookup'><a/><b/></GetResponse>"), "with 2 registrations"),
    ],
    ids=["nested", "empty", "several"],
)
def test_a_hostile_answer_in_the_middle_of_an_update_is_an_error_and_what_was_set_is_rolled_back(site, run_module, instead, words):
    before = site.vcenter.listing()
    Meddler(site, b"Get", {2}, lambda _body: instead)
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and words in result["msg"] and "(applied: 1 of 5; rolled back: cs.identity sts-a)" in result["msg"]
    assert site.vcenter.listing() == before and not result["changed"] and result["updated"] == [] and result["backup_path"]


@pytest.mark.reliability(
    "the rollback fails too",
    playbooks=["ssl_trust"],
    afterwards="reported with the registration that was not rolled back",
)
def test_what_a_failed_update_could_not_roll_back_is_reported_as_changed(site, run_module):
    Meddler(site, b"Get", {2, 3}, lambda _body: NESTED)
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and "NOT rolled back: cs.identity sts-a" in result["msg"]
    assert result["changed"] and result["updated"] == OLD[:1] and [diff["after_header"] for diff in result["diff"]] == OLD[:1]


@pytest.mark.parametrize("operation, when, applied", [(b"Get", {2}, 1), (b"Set", {2}, 1), (b"Set", {1}, 0), (b"Set", {3, 4, 5}, 2)])
def test_an_update_that_a_signal_ends_is_rolled_back(site, operation, when, applied):
    before = site.vcenter.listing()
    process = module_process("lookup_ssl_trust", site.update())
    Meddler(site, operation, when, lambda _body: os.kill(process.pid, signal.SIGTERM))
    result = result_of(*process.communicate(process.ask))
    assert process.returncode == 1 and result["failed"] and result["backup_path"]
    assert "interrupted by SIGTERM (applied: %d of 5; rolled back: " % applied in result["msg"] and "NOT rolled back" not in result["msg"]
    assert site.vcenter.listing() == before and not result["changed"] and result["updated"] == []
    assert not secrets_in(result)


def test_a_signal_before_the_first_change_ends_the_run_with_what_it_has_read(site):
    process = module_process("lookup_ssl_trust", site.update())
    Meddler(site, b"List", {1}, lambda _body: os.kill(process.pid, signal.SIGTERM))
    result = result_of(*process.communicate(process.ask))
    assert process.returncode == 1 and result["msg"].startswith("interrupted by SIGTERM") and result["updated"] == [] and "backup_path" not in result


def test_a_slow_answer_is_an_error_that_says_so(site, run_module):
    site.vcenter.switch(slow=PATIENCE)
    result = run_module("lookup_ssl_trust", site.options(timeout=1))
    assert result["failed"] and "no complete answer within 1 seconds" in result["msg"]


def test_partners_are_asked_whether_they_list_the_same(site, run_module):
    with VCenter(str(site.folder / "new.pem"), str(site.folder / "new.key")) as partner:
        partner.register(site.vcenter.lookup.registrations.values())
        late = "https://vc1.corp.example:%d" % partner.port
        result = run_module("lookup_ssl_trust", site.update(verify_urls=[late, "https://vc1.corp.example:%d" % site.vcenter.port], verify_timeout=0))
    assert [one["in_sync"] for one in result["partners"]] == [False, True]
    assert any("does not list the new trust anchors yet" in str(warning) for warning in result["warnings"])


UNVERIFIED = "validate_certs is false: server identity not verified; credentials would go to any server at this address"


def test_the_server_may_be_known_by_its_fingerprint_or_not_at_all(site, run_module):
    pinned = run_module("lookup_ssl_trust", site.options(trusted_path=None, server_fingerprint=[fingerprint(site.new)]))
    blind = run_module("lookup_ssl_trust", site.options(trusted_path=None, validate_certs=False))
    assert pinned["summary"] == blind["summary"]


@pytest.mark.parametrize("check", [True, False])
def test_a_server_that_is_not_verified_is_warned_of_if_the_credentials_go_to_it(site, run_module, check):
    def warned(options):
        return any(UNVERIFIED in str(warning) for warning in run_module("lookup_ssl_trust", options, check).get("warnings", []))

    blind = {"trusted_path": None, "validate_certs": False}
    account = {"username": USER, "password": ACCOUNTS[USER]}
    assert warned(site.update(**blind)) and not warned(site.update(trusted_path=None, server_fingerprint=[fingerprint(site.new)]))
    assert not warned(site.options(**blind, **account)), "an audit sends no credentials"


def test_the_ca_certificates_have_the_names_that_all_modules_use(site, run_module):
    content = site.ca_path.read_text(encoding="ascii")
    ways = [{"trusted_path": str(site.ca_path)}, {"trusted_content": content}, {"ca_path": str(site.ca_path)}, {"ca_content": content}]
    results = [run_module("lookup_ssl_trust", site.options(**{"trusted_path": None, **way})) for way in ways]
    assert [result["summary"] for result in results] == [results[0]["summary"]] * 4
    assert [bool(result.get("deprecations")) for result in results] == [False, False, True, True]


def test_the_address_of_the_node_is_where_it_and_its_urls_are_connected_to(site, run_module):
    elsewhere = dict.fromkeys(HOSTS[1:], "127.0.0.1")
    found = run_module("lookup_ssl_trust", site.options(address="127.0.0.1", addresses=elsewhere))
    assert found["summary"] == run_module("lookup_ssl_trust", site.options())["summary"]
    wrong = run_module("lookup_ssl_trust", site.options(address="127.0.0.1", addresses={**elsewhere, HOSTS[0].upper(): "::1"}))
    assert wrong["failed"] and "vc1.corp.example:" in wrong["msg"], "addresses comes first"


def test_the_connection_is_kept(site, run_module):
    before = site.vcenter.connections
    run_module("lookup_ssl_trust", site.update())
    assert site.vcenter.connections - before == 2  # one for the probe of the same port


def listed(site, **more):
    """The options of a run that gets the output of the appliance's tool instead of a node."""
    output = lstool_output(site.vcenter.lookup.registrations.values())
    return site.options(hostname=None, port=None, trusted_path=None, listed=output, **more)


def test_the_output_of_the_appliance_s_tool_is_audited_like_the_service(site, run_module):
    asked, given = run_module("lookup_ssl_trust", site.options()), run_module("lookup_ssl_trust", listed(site))
    assert not given["changed"] and given["updated"] == [] and site.vcenter.lookup.counts == {"List": 1}
    assert given["endpoints"] == asked["endpoints"] and given["summary"] == asked["summary"] and given["sso_domain"] == "vsphere.local"


def test_an_update_of_a_list_is_planned_for_the_vendor_s_script_and_nothing_is_set(site, run_module):
    before = site.vcenter.listing()
    options = listed(site, state="updated", old_fingerprint=[fingerprint(site.old)], new_certificate=site.new.pem)
    predicted, planned = (run_module("lookup_ssl_trust", options, check) for check in (True, False))
    assert planned == predicted and planned["changed"] and planned["updated"] == OLD and len(planned["diff"]) == 5
    assert planned["replacements"] == [
        {"old_fingerprint": fingerprint(site.old, "sha1"), "new_fingerprint": fingerprint(site.new), "new_certificate": site.new.pem}
    ]
    assert "backup_path" not in planned and site.vcenter.listing() == before and site.vcenter.lookup.counts == {}


def test_a_list_without_a_service_is_refused(site, run_module):
    result = run_module("lookup_ssl_trust", site.options(hostname=None, port=None, listed="Traceback (most recent call last):"))
    assert result["failed"] and "listed: contains no service" in result["msg"] and result["updated"] == [] and "endpoints" not in result


def test_a_run_that_cannot_sign_in_reports_what_it_saw_and_updates_nothing(site, run_module):
    result = run_module("lookup_ssl_trust", site.update(password="not-it"))
    assert result["failed"] and not result["changed"] and result["diff"] == [] and result["updated"] == []
    assert result["summary"]["stale"] == 5 and result["sso_domain"] == "vsphere.local" and result["certificates"]


def test_a_registration_that_the_service_did_not_keep_is_reported_with_the_backup(site, run_module):
    site.vcenter.switch(ignores_set="vc-a")
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and result["changed"] and result["backup_path"] in result["msg"] and "partners" not in result


def test_an_audit_loads_nothing_that_only_an_update_or_an_option_needs():
    package = "ansible_collections.certmend.tls.plugins."
    optional = ["appliance.lookup_service.sts", "appliance.lookup_service.lstool", "x509.lookup_ssl_trust.backup"]
    optional += ["x509.lookup_ssl_trust.restore", "x509.lookup_ssl_trust.vendor_script"]
    script = "import sys, %smodules.lookup_ssl_trust; print([name for name in %r if %r + name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script % (package, optional, package + "module_utils.")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
