# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source certificates, loaded as ansible-rulebook loads it, with real TLS servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import runpy
import threading

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.source import ROOT, code_of
from ansible_collections.certmend.tls.tests.unit.conftest import listening, tls_servers

PATH = ROOT / "extensions/eda/plugins/event_source/certificates.py"
SOURCE = runpy.run_path(str(PATH))
HOST = "localhost"


class Estate:
    """A CA that clients trust, a state file, and runs of the source."""

    def __init__(self, folder):
        self.folder, self.ca = folder, mint.conforming("Corp CA", ca=True, **REAL.days())
        self.trusted, self.state = folder / "ca.pem", folder / "state.json"
        self.trusted.write_text(self.ca.pem, encoding="ascii")

    def leaf(self, name=HOST, issuer=None, ends=90, **more):
        return mint.mint(name, issuer=issuer or self.ca, dns=[name], **{**REAL.days(ends=ends), **more})

    @contextlib.contextmanager
    def serving(self, leaf, port=0):
        """A server that presents a certificate; yields its port."""
        folder = self.folder / str(id(leaf))
        folder.mkdir()
        with tls_servers(folder) as start:
            yield start(leaf.pem, leaf.key_pem, at=("127.0.0.1", port))

    def args(self, endpoints, **more):
        common = {"state_path": str(self.state), "trusted_path": str(self.trusted), "rounds": 1, "interval": 0, "timeout": PATIENCE}
        return {"endpoints": endpoints, **common, **more}

    def events(self, *ports, **more):
        """The events of a run of one round."""

        async def run():
            queue = asyncio.Queue()
            await SOURCE["main"](queue, self.args(["%s:%d" % (HOST, port) for port in ports], **more))
            return [queue.get_nowait() for _event in range(queue.qsize())]

        return asyncio.run(run())


@pytest.fixture
def estate(tmp_path):
    return Estate(tmp_path)


def types(events):
    return [event["type"] for event in events]


def test_a_good_server_is_remembered_and_no_event(estate):
    with estate.serving(estate.leaf()) as port:
        assert estate.events(port) == [] == estate.events(port)
    known = json.loads(estate.state.read_text(encoding="utf-8"))["endpoints"]["%s:%d" % (HOST, port)]
    assert known["refusal"] == "" and len(known["fingerprint"]) == len(known["pin"]) == 64


def test_an_expiring_certificate_is_told_once_over_two_starts(estate):
    with estate.serving(estate.leaf(ends=5)) as port:
        (event,) = estate.events(port)
        assert estate.events(port) == []
    assert event["type"] == "expiring" and event["within"] == 7 and event["days_left"] == 4 and event["subject"] == "CN=localhost"


@pytest.mark.parametrize(
    "of, said",
    [
        (lambda estate: {"issuer": mint.conforming("Unknown CA", ca=True, **REAL.days())}, "unable to get local issuer certificate"),
        (lambda estate: {"name": "another.example"}, "Hostname mismatch"),
        (lambda estate: {"ends": -0.5, "starts": REAL.now - 10 * (REAL.days()["ends"] - REAL.now) / 90}, "certificate has expired"),
    ],
    ids=["unknown CA", "another name", "expired"],
)
def test_a_refused_certificate_is_told_with_the_reason_and_its_facts(estate, of, said):
    with estate.serving(estate.leaf(**of(estate))) as port:
        events = estate.events(port)
    refused = next(event for event in events if event["type"] == "refused")
    assert refused["reason"].startswith("certificate: ") and said in refused["reason"] and refused["fingerprint"] and refused["issuer"]
    assert estate.events(port) != [] and types(estate.events(port)) == [], "the server is gone, which is another reason, and is told once"


def test_what_does_not_answer_is_refused_without_facts(estate, plain_server):
    with listening(lambda connection: None) as silent, listening(lambda connection: connection.close()) as closing:
        closed = plain_server(b"220 mail.corp.example ESMTP\r\n" * 9)
        events = {event["port"]: event for event in estate.events(closing, closed)}
        (timed_out,) = estate.events(silent, timeout=0.2)
    assert timed_out["reason"] == "connection: timed out" and "fingerprint" not in timed_out
    assert events[closed]["reason"].startswith("handshake: ") and events[closing]["reason"] == "handshake: the server closed the connection"


@pytest.mark.parametrize("ends, told", [(200, "renewed"), (50, "changed")])
def test_another_certificate_is_a_renewal_or_a_change(estate, ends, told):
    with estate.serving(estate.leaf()) as port:
        estate.events(port)
    new = estate.leaf(ends=ends)
    with estate.serving(new, port):
        (event,) = estate.events(port)
        assert estate.events(port) == []
    assert event["type"] == told and event["key_changed"] is True and (event["old_not_after"] < event["not_after"]) is (told == "renewed")


def test_a_later_certificate_of_somebody_else_is_no_renewal(estate):
    with estate.serving(estate.leaf()) as port:
        estate.events(port)
    with estate.serving(estate.leaf(issuer=mint.conforming("Unknown CA", ca=True, **REAL.days()), ends=300), port):
        assert types(estate.events(port)) == ["changed", "refused"]


def test_a_name_in_a_certificate_is_no_expression(estate):
    with estate.serving(estate.leaf(name="{{ lookup('pipe', 'id') }}")) as port:
        (event,) = estate.events(port)
    assert event["subject"] == "CN=?? lookup('pipe'\\, 'id') ??" and not {"{", "}"} & set(json.dumps([event["subject"], event["issuer"], event["reason"]]))


def test_rounds_follow_each_other_and_tell_nothing_twice(estate):
    with estate.serving(estate.leaf(ends=5)) as port:
        assert types(estate.events(port, rounds=3)) == ["expiring"]


def loopback(port, count):
    """Many servers: one that listens at all addresses of loopback, whose certificate has none of them."""
    return ["127.0.%d.%d:%d" % (1 + number // 250, 1 + number % 250, port) for number in range(count)]


def test_many_servers_are_asked_and_each_is_told_of_once(estate):
    leaf = estate.leaf()
    with tls_servers(estate.folder) as start:
        endpoints = loopback(start(leaf.pem, leaf.key_pem, at=("0.0.0.0", 0)), 300)

        async def run():
            queue = asyncio.Queue()
            await SOURCE["main"](queue, estate.args(endpoints))
            return [queue.get_nowait() for _event in range(queue.qsize())]

        events = asyncio.run(run())
        assert sorted(event["endpoint"] for event in events) == sorted(endpoints) and set(types(events)) == {"refused"}
        assert all("IP address mismatch" in event["reason"] and event["fingerprint"] for event in events)
        assert asyncio.run(run()) == []


def test_no_more_servers_are_asked_at_once_than_it_says(estate):
    arrived = threading.Semaphore(0)
    with listening(lambda connection: arrived.release(), at=("0.0.0.0", 0)) as port:

        async def run():
            source = asyncio.create_task(SOURCE["main"](asyncio.Queue(), estate.args(loopback(port, 40), concurrency=5)))
            for _connection in range(5):
                await asyncio.to_thread(arrived.acquire)
            working = [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "Watch._work"]
            source.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await source
            await asyncio.gather(*working, return_exceptions=True)
            return len(working)

        assert asyncio.run(run()) == 5
        assert not arrived.acquire(blocking=False)


def test_a_source_that_is_stopped_goes_on_where_it_was(estate):
    """The queue holds one event, as in ansible-rulebook: what nobody took is told after the next start."""
    with listening(lambda connection: connection.close(), at=("0.0.0.0", 0)) as port:
        endpoints = loopback(port, 20)

        async def some(count):
            queue = asyncio.Queue(maxsize=1)
            source = asyncio.create_task(SOURCE["main"](queue, estate.args(endpoints, concurrency=3)))
            taken = [await queue.get() for _event in range(count)]
            source.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await source
            return taken + [queue.get_nowait() for _event in range(queue.qsize())]

        first = asyncio.run(some(7))
        rest = asyncio.run(some(20 - len(first)))
    assert 7 <= len(first) < 20 and sorted(event["endpoint"] for event in first + rest) == sorted(endpoints)


@pytest.mark.parametrize(
    "args", [{}, {"endpoints": ["x"], "state_path": "s", "interva": 5}, {"endpoints": ["x"], "state_path": "s", "trusted_path": "/nowhere"}]
)
def test_a_wrong_option_ends_the_source_with_an_error(args):
    with pytest.raises((ValueError, OSError)):
        asyncio.run(SOURCE["main"](asyncio.Queue(), args))


@pytest.mark.parametrize("data", [b"", b"no certificate"])
def test_what_is_no_certificate_is_unreadable(data):
    with pytest.raises(SOURCE["Unreadable"]) as caught:
        SOURCE["facts_of"](data)
    assert SOURCE["reason_of"](caught.value) == "certificate: unreadable"


def documentation():
    return yaml.safe_load(SOURCE["DOCUMENTATION"])


def test_every_option_is_documented_with_its_default():
    options, watched = documentation()["options"], SOURCE["watched"]
    assert set(options) == watched.NAMES
    defaults = {name: default for name, (_kind, _smallest, default) in watched.NUMBERS.items()}
    assert {name: options[name]["default"] for name in defaults} == defaults and options["expires_within"]["default"] == [30, 7, 1]
    assert {name for name, option in options.items() if option.get("required")} == {"endpoints", "state_path"}


def test_it_imports_nothing_that_ansible_rulebook_cannot_find():
    text = PATH.read_text(encoding="utf-8")
    assert "ansible_collections" not in text and code_of(PATH) and yaml.safe_load(SOURCE["EXAMPLES"])
    assert len(text.splitlines()) <= 250
