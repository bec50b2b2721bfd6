# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_pin beside real TLS servers whose keys change: first use, announced, approved, refused, restored; and many at once."""

from __future__ import annotations

import base64
import datetime
import json
import os
import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.acl import ACL, acl_of, set_acl
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts, with_mounts
from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, Store, certificate, pin
from ansible_collections.certmend.tls.tests.support.run import module_process, printed


@pytest.fixture
def store(tmp_path, run_module):
    return Store(tmp_path, run_module)


def test_a_key_is_pinned_on_first_use_and_then_left_alone(store):
    predicted = store.run(OLD, check=True, state="pinned")
    assert predicted["changed"] and not store.path.exists() and not store.log.exists()
    made = store.pinned(OLD)
    assert made["changed"] and made["diff"] == predicted["diff"] and pin(OLD) in json.dumps(made["diff"])
    assert made["results"][0]["status"] == "first_use" and made["results"][0]["action"] == "pinned"
    assert made["created_files"] == [str(store.path)] and store.known() == {HOST + ":443": [pin(OLD)]}
    before = store.path.read_bytes()
    again = store.pinned(OLD)
    assert not again["changed"] and again["results"][0]["status"] == "ok" and store.path.read_bytes() == before
    assert [one["event"] for one in store.events()] == ["pinned"]


def test_a_renewed_certificate_with_the_same_key_changes_nothing(store):
    store.pinned(OLD)
    assert not store.pinned(certificate(key=OLD.key))["changed"]


def test_an_unannounced_change_fails_with_the_evidence_and_changes_nothing(store):
    store.pinned(OLD)
    before = store.path.read_bytes()
    for state in ("checked", "pinned"):
        result = store.run(NEW, state=state)
        (seen,), (failure,) = result["results"], result["failures"]
        assert result["failed"] and failure["code"] == "PIN-CHANGED" and seen["status"] == "changed" and seen["action"] == "none"
        assert (seen["old_pin"], seen["new_pin"]) == (pin(OLD), pin(NEW)) and seen["since"] == store.events()[0]["at"]
        assert [seen[which]["subject"] for which in ("old_certificate", "new_certificate")] == ["CN=" + HOST] * 2
        assert "pem" not in seen["new_certificate"]
        assert all(word in result["msg"] for word in (HOST + ":443", pin(OLD), pin(NEW), seen["since"], "neither pinned nor announced", "approval"))
    assert store.path.read_bytes() == before and len(store.events()) == 1


def test_a_failure_is_short_and_has_the_code_and_both_pins(store):
    store.pinned(OLD)
    result = store.run(NEW, state="pinned", verbosity=0)
    assert result["failures"] == [{"endpoint": HOST + ":443", "code": "PIN-CHANGED", "old_pin": pin(OLD), "new_pin": pin(NEW)}]
    assert len(printed(result)) <= 25 and result["omitted"] == "results (shown with -vvv)", result


def test_the_proposed_approval_is_refused_without_a_ticket_and_accepted_with_one(store):
    store.pinned(OLD)
    (line,) = [line for line in store.run(NEW, state="pinned")["msg"].splitlines() if line.startswith("pins_approvals: ")]
    refused = store.run(NEW, state="pinned", **approvals(line))
    assert refused["failed"] and "ticket: is empty" in refused["msg"]
    accepted = store.run(NEW, state="pinned", **approvals(line.replace("ticket: ''", "ticket: CHG-4711")))
    assert accepted["results"][0]["action"] == "repinned" and accepted["results"][0]["ticket"] == "CHG-4711", accepted


def approvals(line):
    """The variable of the role as option of the module."""
    return {"approvals": yaml.safe_load(line)["pins_approvals"]}


def test_an_approved_change_is_predicted_made_once_and_logged(store):
    store.pinned(OLD)
    predicted, made = store.repinned(NEW, OLD, check=True), store.repinned(NEW, OLD)
    assert predicted["changed"] and made["changed"] and predicted["diff"] == made["diff"], made
    assert made["results"][0]["action"] == predicted["results"][0]["action"] == "repinned" and made["results"][0]["ticket"] == "CHG-1"
    assert store.known() == {HOST + ":443": [pin(NEW)]}
    event = store.events()[-1]
    assert event["event"] == "repinned" and event["ticket"] == "CHG-1" and event["old_pins"] == [pin(OLD)] and event["pins"] == [pin(NEW)]
    again = store.repinned(NEW, OLD)
    assert not again["changed"] and not again.get("failed") and again["results"][0]["status"] == "ok"


def test_an_approval_works_once_even_after_the_store_was_restored(store):
    store.pinned(OLD)
    kept = list(store.repinned(NEW, OLD)["backup_files"].values())[0]
    restored = store.run(state="restored", backup_path=kept)
    assert restored["changed"] and store.known() == {HOST + ":443": [pin(OLD)]}
    refused = store.repinned(NEW, OLD)
    assert refused["failures"][0]["code"] == "APPROVAL-REFUSED" and "works once" in refused["msg"]
    assert store.repinned(NEW, OLD, ticket="CHG-2")["changed"]


def test_approvals_count_with_state_pinned_too_and_are_used_up_there(store):
    first = store.pinned(OLD)
    assert first["results"][0]["action"] == "pinned" and first["to_repin"] == []
    given = {"host": HOST, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    made = store.pinned(NEW, approvals=[given])
    assert made["changed"] and store.known() == {HOST + ":443": [pin(NEW)]} and store.events()[-1]["event"] == "repinned"
    assert made["to_repin"] == made["results"] and made["to_repin"][0]["ticket"] == "CHG-1"
    again = store.pinned(NEW, approvals=[given])
    assert not again["changed"] and again["to_repin"] == []


def test_the_computers_of_an_endpoint_are_listed_with_what_is_to_be_repinned(store, tls_server):
    port = tls_server(NEW.pem, NEW.key_pem)
    tls_server(NEW.pem, NEW.key_pem, at=("127.0.0.2", port))
    endpoints = [dict(endpoint, computers=[name]) for endpoint, name in zip(behind(port, "127.0.0.1", "127.0.0.2"), ("SRV-FILE01", "VRA-07"))]
    store.run(state="pinned", host=HOST, port=port, presented=[base64.b64encode(OLD.der).decode("ascii")])
    refused = store.run(endpoints=endpoints, state="pinned")
    assert refused["failed"] and refused["to_repin"] == [] and refused["results"][0]["computers"] == ["SRV-FILE01", "VRA-07"]
    approval = {"host": HOST, "port": port, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    predicted, made = (store.run(endpoints=endpoints, state="pinned", approval=approval, check=check) for check in (True, False))
    assert predicted["to_repin"] == made["to_repin"] and len(made["results"]) == 2, "once for both addresses"
    (entry,) = made["to_repin"]
    assert entry["computers"] == ["SRV-FILE01", "VRA-07"] and entry["endpoint"] == "%s:%d" % (HOST, port) and entry["action"] == "repinned"
    for state in ("restored", "absent"):
        options = {"backup_path": made["backup_files"][str(store.path)]} if state == "restored" else {}
        assert store.run(endpoints=endpoints, state=state, **options)["changed"]


def test_announcements_and_approvals_of_the_whole_inventory_can_be_given_to_each_task(store):
    store.pinned(OLD)
    other = {"host": "other.corp.example", "ticket": "CHG-2", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    announced = [{"host": "other.corp.example", "path": "/nonexistent"}]
    refused = store.run(NEW, state="pinned", approvals=[other], ignore_others=True)
    assert refused["failures"][0]["code"] == "PIN-CHANGED", "as if there were no approval"
    mistaken = store.run(NEW, state="pinned", approvals=[other])
    assert mistaken["failed"] and "approvals[0]: other.corp.example:443 is not among the endpoints" in mistaken["msg"]
    assert store.pinned(NEW, approvals=[other, dict(other, host=HOST)], announced=announced, ignore_others=True)["changed"]


def test_if_the_log_cannot_be_written_the_store_is_not_replaced(store):
    store.pinned(OLD)
    before = store.path.read_bytes()
    approval = {"ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    result = store.run(NEW, state="repinned", approval=approval, audit_log="/dev/full")
    assert result["failed"] and "audit_log: /dev/full cannot be written" in result["msg"] and "(applied: 0 of 2)" in result["msg"]
    assert store.path.read_bytes() == before and not result["changed"] and result["to_repin"] == [] and result["backup_files"] == {}


def test_a_restored_store_keeps_the_used_approvals_of_its_backup_once(store):
    store.pinned(OLD)
    store.repinned(NEW, OLD)
    backup = store.path.with_name("kept")
    backup.write_bytes(store.path.read_bytes())
    store.run(state="absent", endpoints=[HOST])
    for state in ("with", "without"):
        if state == "without":
            store.path.unlink()
        assert store.run(state="restored", backup_path=str(backup))["changed"], state
        assert store.path.read_bytes() == backup.read_bytes(), "%s the store of before" % state


@pytest.mark.parametrize(
    "approval, why",
    [
        ({"old_pin": pin(certificate())}, "is not a pin of vault.corp.example:443"),
        ({"new_pin": pin(certificate())}, "is not what vault.corp.example:443 serves"),
        ({"expires": "2020-01-01T00:00:00Z"}, "it expired at 2020-01-01"),
    ],
)
def test_an_approval_of_something_else_is_refused(store, approval, why):
    store.pinned(OLD)
    result = store.repinned(NEW, OLD, **approval)
    assert result["failures"][0]["code"] == "APPROVAL-REFUSED" and why in result["msg"] and "CHG-1" in result["msg"]
    assert store.known() == {HOST + ":443": [pin(OLD)]} and len(store.events()) == 1


@pytest.mark.parametrize(
    "successor, why",
    [
        (certificate(**REAL.days(-9, -1)), "expired"),
        (certificate(**REAL.days(1)), "is valid only from"),
        (certificate("other.corp.example"), "is not among the names"),
    ],
)
def test_a_certificate_that_is_over_or_has_another_name_is_refused_even_when_approved_or_announced(store, successor, why):
    store.pinned(OLD)
    approved = store.repinned(successor, OLD)
    assert approved["failures"][0]["code"] == "PIN-REFUSED" and why in approved["msg"] and "approved (ticket CHG-1)" in approved["msg"]
    store.pinned(OLD, announced=[{"pin": pin(successor)}])
    announced = store.run(successor, state="pinned")
    assert announced["failures"][0]["code"] == "PIN-REFUSED" and why in announced["msg"]
    assert store.known() == {HOST + ":443": [pin(OLD)]}


def test_a_rotation_that_was_announced_is_no_change(store):
    store.pinned(OLD)
    announced = [{"content": mint.csr(HOST, key=NEW.key)}]
    predicted = store.run(OLD, check=True, state="pinned", announced=announced)
    made = store.pinned(OLD, announced=announced)
    assert made["changed"] and made["diff"] == predicted["diff"] and pin(NEW) in json.dumps(made["diff"])
    assert not store.pinned(OLD, announced=announced)["changed"]
    assert store.run(NEW, state="checked")["results"][0]["status"] == "announced"
    rotated = store.pinned(NEW)
    assert rotated["results"][0]["action"] == "rotated" and store.known() == {HOST + ":443": [pin(NEW)]}
    assert json.loads(store.path.read_text(encoding="ascii").splitlines()[1])["announced"] == []
    assert not store.pinned(NEW)["changed"] and store.run(OLD)["failed"]


def test_what_is_announced_after_the_change_is_no_announcement(store):
    store.pinned(OLD)
    assert store.run(NEW, state="pinned", announced=[{"pin": pin(NEW)}])["failures"][0]["code"] == "PIN-CHANGED"


def test_first_use_can_be_refused_unless_the_very_key_was_announced(store):
    assert store.run(OLD, state="pinned", first_use="fail")["failures"][0]["code"] == "PIN-UNKNOWN"
    unlike = store.run(OLD, state="pinned", first_use="fail", announced=[{"pin": pin(NEW)}])
    assert unlike["failures"][0]["code"] == "PIN-UNKNOWN" and "Announced: " + pin(NEW) in unlike["msg"]
    assert not store.path.exists()
    assert store.pinned(OLD, first_use="fail", announced=[{"pin": pin(OLD)}])["results"][0]["status"] == "announced"


def test_several_pins_at_one_endpoint(store):
    store.pinned(OLD)
    store.run(NEW, state="repinned", keep_old=True, approval={"ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW})
    assert store.known() == {HOST + ":443": [pin(OLD), pin(NEW)]}
    assert store.run(OLD)["results"][0]["status"] == store.run(NEW)["results"][0]["status"] == "ok"
    taken = store.run(state="absent", endpoints=[HOST], pins=[pin(OLD)])
    assert taken["changed"] and store.known() == {HOST + ":443": [pin(NEW)]}
    assert not store.run(state="absent", endpoints=[HOST], pins=[pin(OLD)])["changed"]
    assert store.run(state="absent", endpoints=[HOST])["changed"] and store.known() == {}


@pytest.mark.reliability(
    "a host that verifies cannot be reached",
    playbooks=["pins"],
    afterwards="no pin is stored, of the others neither; it is named",
)
def test_endpoints_are_asked_and_one_that_does_not_answer_is_a_failure_unless_it_is_only_to_be_reported(store, tls_server):
    port = tls_server(OLD.pem, OLD.key_pem)
    endpoints = [{"host": HOST, "port": port, "address": "127.0.0.1"}, {"host": "gone.corp.example", "port": 1, "address": "127.0.0.1"}]
    result = store.run(endpoints=endpoints, state="pinned")
    assert [one["status"] for one in result["results"]] == ["first_use", "unreachable"]
    assert result["failures"][0]["code"] == "CONNECT-REFUSED" and "gone.corp.example:1" in result["msg"] and not store.path.exists()
    result = store.run(endpoints=endpoints, state="pinned", unreachable="report")
    assert not result.get("failed") and store.known() == {"%s:%d" % (HOST, port): [pin(OLD)]} and result["summary"]["unreachable"] == 1


def behind(port, *addresses):
    """Servers with one name and port, at several addresses."""
    return [{"host": HOST, "port": port, "address": address} for address in addresses]


def test_if_one_endpoint_fails_nothing_is_stored_of_the_others(store, tls_server):
    port = tls_server(OLD.pem, OLD.key_pem)
    store.run(endpoints=behind(port, "127.0.0.1"), state="pinned")
    store.path.write_bytes(store.path.read_bytes().replace(pin(OLD).encode(), pin(NEW).encode()))
    before = store.path.read_bytes()
    met = {"host": "met.corp.example", "port": port, "address": "127.0.0.1"}
    result = store.run(endpoints=[met] + behind(port, "127.0.0.1"), state="pinned")
    assert result["failed"] and [one["status"] for one in result["results"]] == ["first_use", "changed"]
    assert [one["endpoint"] for one in result["failures"]] == ["%s:%d" % (HOST, port)] and store.path.read_bytes() == before


def test_the_message_of_many_failures_describes_the_first_ones_and_names_the_others(store):
    store.pinned(OLD)
    endpoints = [{"host": "h%d.corp.example" % number, "port": 1, "address": "127.0.0.1"} for number in range(30)]
    result = store.run(endpoints=endpoints)
    assert len(result["failures"]) == 30 and result["msg"].count("refuses the connection") == 10
    assert "20 more: h10.corp.example:1, h11" in result["msg"] and "h29.corp.example:1" in result["msg"]


def test_servers_behind_one_name_have_their_keys_pinned_together_and_change_one_after_another(store, tls_server):
    port = tls_server(OLD.pem, OLD.key_pem)
    server = "%s:%d" % (HOST, port)
    other = tls_server(NEW.pem, NEW.key_pem, at=("127.0.0.2", port))
    assert other == port
    both = behind(port, "127.0.0.1", "127.0.0.2")
    store.run(endpoints=both[:1], state="pinned")
    approval = {"host": HOST, "port": port, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    result = store.run(endpoints=both, state="repinned", approval=approval)
    assert [one["action"] for one in result["results"]] == ["none", "repinned"] and store.known() == {server: [pin(OLD), pin(NEW)]}
    assert not store.run(endpoints=both)["failures"]


def test_the_key_of_an_address_that_did_not_answer_stays_pinned(store, tls_server):
    port = tls_server(NEW.pem, NEW.key_pem)
    store.run(endpoints=behind(port, "127.0.0.1"), state="pinned")
    store.path.write_bytes(store.path.read_bytes().replace(pin(NEW).encode(), pin(OLD).encode()))
    approval = {"host": HOST, "port": port, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    result = store.run(endpoints=behind(port, "127.0.0.1", "127.0.0.2"), state="repinned", approval=approval, unreachable="report")
    assert result["changed"] and store.known() == {"%s:%d" % (HOST, port): [pin(OLD), pin(NEW)]}


@pytest.mark.parametrize(
    "damage, problem",
    [
        (lambda data: data[:-20], "line 3: the last line break is missing: the store was truncated"),
        (lambda data: b"".join(data.splitlines(keepends=True)[:2]), "line 2: the store ends here: line 1 declares 2 more lines"),
        (lambda data: data.replace(b'"port"', b"port", 1), "line 2: not a JSON object"),
    ],
)
def test_a_damaged_store_is_an_error_that_names_the_line_and_is_never_overwritten(store, damage, problem):
    store.pinned(OLD)
    store.run(state="pinned", host="other.corp.example", presented=[base64.b64encode(NEW.der).decode("ascii")])
    store.path.write_bytes(damage(store.path.read_bytes()))
    before = store.path.read_bytes()
    backup = {"backup_path": str(store.path), "endpoints": [HOST]}
    for options in ({"state": "pinned"}, {"state": "checked"}, {"state": "absent"}):
        result = store.run(NEW, **options)
        assert result["failed"] and problem in result["msg"] and str(store.path) in result["msg"], result["msg"]
    assert store.run(state="restored", **backup)["failed"] and store.path.read_bytes() == before


@pytest.mark.reliability(
    "files are links or on another file system",
    "files have ACLs",
    playbooks=["pins"],
    afterwards="the link, the owner, the mode and the ACL of the store stay, after a change and after it is restored",
)
def test_a_store_behind_a_link_keeps_its_link_mode_and_acl(store):
    store.pinned(OLD)
    real = store.path.with_name("elsewhere")
    store.path.rename(real)
    store.path.symlink_to(real.name)
    real.chmod(0o640)
    set_acl(real)

    def picture():
        return os.readlink(store.path), real.stat().st_mode, real.stat().st_uid, acl_of(real)

    before = picture()
    assert before[-1] == ACL
    made = store.repinned(NEW, OLD)
    (backup,) = made["backup_files"].values()
    assert picture() == before and store.known() == {HOST + ":443": [pin(NEW)]}
    assert store.run(state="restored", backup_path=backup, pins=made["stored_pins"])["changed"]
    assert picture() == before and store.known() == {HOST + ":443": [pin(OLD)]}


@needs_mounts
@pytest.mark.parametrize(
    "mounts", ["mount --bind pins pins", "mount -t tmpfs tls other && mv pins other/pins && ln -s other/pins pins"], ids=["bind mount", "other"]
)
@pytest.mark.reliability(
    "files are bind mounts",
    "files are links or on another file system",
    playbooks=["pins"],
    afterwards="the mount and the link stay, after a change and after it is restored",
)
def test_a_store_that_is_mounted_is_written_through_its_mount(store, mounts):
    store.pinned(OLD)
    store.path.with_name("other").mkdir()
    approval = {"host": HOST, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
    presented = [base64.b64encode(NEW.der).decode("ascii")]
    given = {"pins_path": str(store.path), "state": "pinned", "host": HOST, "presented": presented, "approvals": [approval]}
    script = """
import json
from ansible_collections.certmend.tls.tests.support.run import run_in_process
before = os.path.ismount("pins"), os.path.islink("pins"), os.stat("pins").st_dev
made = run_in_process("cert_pin", json.loads(%r))
new = [each in open("pins").read() for each in (%r, %r)]
(backup,) = made["backup_files"].values()
run_in_process("cert_pin", dict(pins_path=os.path.abspath("pins"), state="restored", backup_path=backup, pins=made["stored_pins"]))
old = [each in open("pins").read() for each in (%r, %r)]
print(new, old, before == (os.path.ismount("pins"), os.path.islink("pins"), os.stat("pins").st_dev))
"""
    one, other = '"pin": "%s"' % pin(OLD), '"pin": "%s"' % pin(NEW)
    printed = with_mounts(store.path.parent, mounts, script % (json.dumps(given), one, other, one, other))
    assert printed == "[False, True] [True, False] True\n"


@pytest.mark.parametrize("later", ["another pin", "no pin"])
def test_a_task_is_undone_only_where_the_pins_are_still_those_that_it_stored(store, later):
    """Two tasks at once: the later one has re-pinned or removed one of two endpoints."""
    third, other = certificate(), {"host": "other.corp.example", "presented": [base64.b64encode(OLD.der).decode("ascii")]}
    store.pinned(OLD)
    made = store.repinned(NEW, OLD)
    assert made["stored_pins"] == [pin(NEW)]
    (backup,) = made["backup_files"].values()
    undo = dict(state="restored", backup_path=backup, pins=made["stored_pins"])
    if later == "another pin":
        store.repinned(third, NEW, ticket="CHG-2")
    else:
        store.run(state="absent", endpoints=[HOST])
    store.run(state="pinned", **other)
    before = store.known()
    for check in (True, False):
        left = store.run(check=check, endpoints=[HOST], **undo)
        assert left["failed"] and "NOT restored: %s:443 (somebody else changed its pins after this run)" % HOST in left["msg"] and backup in left["advice"]
        assert not left["changed"] and store.known() == before
    both = store.run(endpoints=[HOST, "other.corp.example"], **dict(undo, pins=[pin(NEW), pin(OLD)]))
    assert both["failed"] and both["changed"] and store.known() == {name: pins for name, pins in before.items() if name == HOST + ":443"}
    assert store.run(state="restored", backup_path=backup, endpoints=[HOST])["changed"] and store.known() == {HOST + ":443": [pin(OLD)]}


@pytest.mark.reliability(
    "two runs at once",
    playbooks=["pins"],
    afterwards="each waits for the one before; the store and the log have the pins of all",
)
def test_twenty_writers_at_once_lose_nothing(store, tls_server):
    port = tls_server(OLD.pem, OLD.key_pem)
    hosts = ["h%d.corp.example" % number for number in range(20)]

    def given(host):
        endpoint = {"host": host, "port": port, "address": "127.0.0.1"}
        return {"pins_path": str(store.path), "create": True, "audit_log": str(store.log), "endpoints": [endpoint], "state": "pinned", "backup": False}

    processes = [module_process("cert_pin", given(host)) for host in hosts]
    for process in processes:
        process.stdin.write(process.ask)
        process.stdin.close()
        process.stdin = None
    outputs = [process.communicate() for process in processes]
    assert all(json.loads(out.strip().splitlines()[-1])["changed"] for out, _err in outputs), outputs
    assert store.known() == {"%s:%d" % (host, port): [pin(OLD)] for host in hosts}
    assert sorted(one["host"] for one in store.events()) == sorted(hosts)
    left = sorted(name for name in os.listdir(store.path.parent) if not name.startswith("server-"))
    assert left == ["pins", "pins.log"], "no lock, no temporary file is left"


def test_the_log_is_only_added_to_and_if_it_cannot_be_the_store_stays_as_it_was(store):
    store.log.write_bytes(b"somebody's line\ncut o")
    store.pinned(OLD)
    assert store.log.read_bytes().startswith(b'somebody\'s line\ncut o\n{"at": ')
    before = store.path.read_bytes()
    result = store.run(state="absent", endpoints=[HOST], audit_log=str(store.path.parent))
    assert result["failed"] and "audit_log" in result["msg"] and store.path.read_bytes() == before


@pytest.mark.parametrize(
    "options, message",
    [
        ({"endpoints": ["bad host"]}, "endpoints[0]"),
        ({"endpoints": [HOST], "state": "repinned"}, "approval"),
        ({"endpoints": [HOST], "approval": {"ticket": "a", "old_pin": "x", "new_pin": "y", "expires": "z"}}, "approval: has no meaning with state checked"),
        ({"endpoints": [HOST], "announced": [{"pin": pin(NEW)}]}, "announced: has no meaning with state checked"),
        ({"endpoints": [HOST], "state": "pinned", "announced": [{"pin": "md5/1234"}]}, "announced[0].pin: 'md5/1234' is not a pin"),
        ({"endpoints": [HOST], "state": "pinned", "announced": [{}]}, "announced[0]: needs one of pin, path, content"),
        ({"endpoints": [HOST], "state": "pinned", "announced": [{"host": "x.example", "pin": pin(NEW)}]}, "x.example:443 is not among the endpoints"),
        ({"endpoints": [HOST], "state": "pinned", "announced": [{"content": "hello"}]}, "announced[0].content: contains no certificate signing request"),
        ({"endpoints": [HOST], "state": "absent", "pins": ["nonsense"]}, "pins[0]: 'nonsense' is not a pin"),
        ({"state": "restored"}, "backup_path"),
        ({"state": "restored", "backup_path": "/nonexistent/pins"}, "backup_path: /nonexistent/pins cannot be read"),
        ({"endpoints": [HOST], "state": "absent", "pins_path": "/nonexistent/pins"}, "pins_path: /nonexistent cannot be opened"),
        ({"presented": ["eA=="]}, "host"),
    ],
)
def test_what_is_wrong_with_the_options_is_reported_by_their_names(store, options, message):
    result = store.run(**options)
    assert result["failed"] and message in result["msg"], result["msg"]


def test_all_that_is_wrong_with_approvals_is_reported_at_once(store):
    approvals = [
        {"host": HOST, "ticket": " ", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW},
        {"host": HOST, "ticket": "b", "old_pin": pin(OLD), "new_pin": pin(OLD), "expires": TOMORROW},
        {"host": HOST, "ticket": "c", "old_pin": "x", "new_pin": pin(NEW), "expires": TOMORROW},
        {"host": HOST, "ticket": "d", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": "tomorrow"},
        {"host": "other.example", "ticket": "e", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW},
    ]
    message = store.run(NEW, state="repinned", approvals=approvals)["msg"]
    words = ["approvals[0].ticket: is empty", "approvals[1]: old_pin and new_pin are the same", "approvals[2].old_pin: 'x' is not a pin"]
    assert all(word in message for word in words + ["approvals[3].expires: 'tomorrow' is no", "approvals[4]: other.example:443 is not among"]), message


def test_a_check_against_a_store_that_is_not_there_is_no_clean_bill(store):
    result = store.run(OLD, state="checked")
    assert result["failed"] and "pins_path: %s cannot be read" % store.path in result["msg"]


def test_the_pin_is_that_of_the_first_certificate_even_if_it_cannot_be_read(store):
    presented = [base64.b64encode(one).decode("ascii") for one in (OLD.der[:200], NEW.der)]
    result = store.run(state="pinned", host=HOST, presented=presented)
    assert result["failures"][0]["code"] == "FORMAT-NO-CERTIFICATE" and not store.path.exists()


def test_a_private_key_that_is_announced_is_shown_nowhere(store):
    result = store.pinned(OLD, announced=[{"content": NEW.key_pem}])
    broken = store.run(OLD, state="pinned", announced=[{"content": NEW.key_pem[:120]}])
    assert broken["failed"]
    for line in NEW.key_pem.splitlines()[1:-1]:
        assert line not in json.dumps(result) + json.dumps(broken) + store.path.read_text() + store.log.read_text()
    assert not re.search("BEGIN", json.dumps(result))


def test_a_certificate_with_the_wrong_name_is_pinned_on_first_use_with_a_warning(store):
    result = store.pinned(certificate("other.corp.example"))
    assert any("is pinned, although" in str(warning) for warning in result["warnings"])
    assert datetime.datetime.fromisoformat(store.events()[0]["at"].replace("Z", "+00:00")) >= REAL.now.replace(microsecond=0)


def test_an_inspection_with_the_profile_pinned_reports_a_changed_key(store, run_module, tls_server):
    port = tls_server(OLD.pem, OLD.key_pem)
    store.run(endpoints=behind(port, "127.0.0.1"), state="pinned")
    asked = {"endpoints": behind(port, "127.0.0.1"), "profile": ["pinned"], "pins_path": str(store.path)}
    assert run_module("cert_inspect", asked)["verdict"] == "ok"
    store.path.write_bytes(store.path.read_bytes().replace(pin(OLD).encode(), pin(NEW).encode()))
    result = run_module("cert_inspect", asked)
    assert [one["code"] for one in result["findings"]] == ["PIN-CHANGED"] and result["findings"][0]["remedy"] == "pins"


@pytest.mark.parametrize("options", [{"profile": ["pinned"]}, {"pins_path": "/nonexistent/pins"}, {"profile": ["pinned"], "pins_path": "/nonexistent/pins"}])
def test_the_profile_pinned_and_the_store_belong_together(run_module, options):
    result = run_module("cert_inspect", {"content": OLD.pem, **options})
    assert result["failed"] and "pins_path" in result["msg"]
