# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the event source tells of a server, and what it remembers."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.plugin_utils.watched_certificates import Endpoint, Memory, Options, Seen, harmless, judge, written
from ansible_collections.certmend.tls.tests.support.clock import DAY, FIXED

SERVER = Endpoint("www.corp.example", 443)


def options(tmp_path, **more):
    return Options.from_args({"endpoints": ["www.corp.example"], "state_path": str(tmp_path / "state.json"), **more})


def certificate(name="one", days=90.0, key="key"):
    """What is seen of a certificate; its name is its fingerprint."""
    return {"subject": "CN=www", "issuer": "CN=CA", "fingerprint": name, "pin": key, "not_after": written(FIXED.now + days * DAY)}


class Story:
    """What a server shows one time after another, and what is told of it."""

    def __init__(self, tmp_path, **more):
        self.options, self.known = options(tmp_path, **more), {}

    def see(self, refusal="", after=0.0, **facts):
        """The types of the events, so many days later."""
        self.events, self.known = judge(SERVER, self.known, Seen(refusal, facts), self.options, FIXED.now + after * DAY)
        return [event["type"] for event in self.events]


def test_the_first_certificate_is_no_event(tmp_path):
    story = Story(tmp_path)
    assert story.see(**certificate()) == [] and story.see(**certificate()) == []


def test_the_end_of_a_certificate_is_told_once_for_each_of_the_days(tmp_path):
    story = Story(tmp_path, expires_within=[30, 7])
    told = [story.see(**certificate(), after=after) for after in (59, 60, 61, 82, 83, 84, 91)]
    assert told == [[], ["expiring"], [], [], ["expiring"], [], []]
    assert story.known["within"] == 7


def test_a_certificate_that_is_seen_late_is_told_of_once(tmp_path):
    story = Story(tmp_path)
    assert story.see(**certificate(days=0.5)) == ["expiring"] and story.events[0]["within"] == 1 and story.events[0]["days_left"] == 0
    assert story.see(**certificate(days=0.5)) == []


def test_a_later_certificate_that_is_accepted_is_a_renewal(tmp_path):
    story = Story(tmp_path)
    story.see(**certificate(days=5))
    assert story.see(**certificate("two")) == ["renewed"] and story.events[0]["key_changed"] is False
    assert story.events[0]["old_fingerprint"] == "one" and story.events[0]["old_not_after"] == written(FIXED.now + 5 * DAY)
    assert story.see(**certificate("two")) == []


@pytest.mark.parametrize("days, refusal", [(80, ""), (300, "certificate: unknown CA")])
def test_an_earlier_certificate_or_one_that_is_refused_is_a_change(tmp_path, days, refusal):
    story = Story(tmp_path)
    story.see(**certificate())
    assert story.see(refusal, **certificate("two", days, "another")) == ["changed"] + (["refused"] if refusal else [])
    assert story.events[0]["key_changed"] is True and story.events[0]["old_pin"] == "key"


def test_the_new_certificate_has_ends_of_its_own(tmp_path):
    story = Story(tmp_path)
    assert story.see(**certificate(days=5)) == ["expiring"]
    assert story.see(**certificate("two", days=6)) == ["renewed", "expiring"]


def test_a_refusal_is_told_once_and_again_after_the_server_was_accepted(tmp_path):
    story = Story(tmp_path)
    assert [story.see(refusal) for refusal in ("connection: timed out", "connection: timed out", "connection: Connection refused")] == [
        ["refused"],
        [],
        ["refused"],
    ]
    assert story.see(**certificate()) == [] and story.see("connection: Connection refused") == ["refused"]
    assert story.known["fingerprint"] == "one", "what is not seen is not forgotten"


def test_an_event_names_the_server_and_the_moment(tmp_path):
    story = Story(tmp_path)
    story.see("certificate: unknown CA", **certificate())
    event = story.events[0]
    assert event["endpoint"] == "www.corp.example:443" and event["port"] == 443 and event["time"] == "2010-06-15T12:00:00Z" and event["days_left"] == 90


def test_a_text_of_a_server_is_no_expression():
    assert harmless("CN={{ lookup('pipe', 'id') }}\x1b[2J\nÜ{%") == "CN=?? lookup('pipe', 'id') ???[2J???%"


@pytest.mark.parametrize(
    "text, host, port",
    [("www.corp.example", "www.corp.example", 443), (" 10.0.0.1:8443 ", "10.0.0.1", 8443), ("[2001:db8::1]:636", "2001:db8::1", 636), ("[::1]", "::1", 443)],
)
def test_a_server_is_a_host_with_a_port(text, host, port):
    assert Endpoint.parse(text) == Endpoint(host, port) == Endpoint.parse(str(Endpoint(host, port)))


@pytest.mark.parametrize("text", ["", "a b", "https://www.corp.example", "www:0", "www:65536", "www:x", "::1", "{{ x }}"])
def test_what_is_no_server_is_named(text):
    with pytest.raises(ValueError, match="endpoints: "):
        Endpoint.parse(text)


@pytest.mark.parametrize("value", [["a:1", "b:2", "a:1"], "a:1\nb:2\n", "a:1, b:2"])
def test_the_servers_are_a_list_or_a_text(tmp_path, value):
    assert list(map(str, options(tmp_path, endpoints=value).endpoints)) == ["a:1", "b:2"]


@pytest.mark.parametrize(
    "change, said",
    [
        ({"endpoints": []}, "required"),
        ({"state_path": ""}, "required"),
        ({"endpoint": "x"}, "endpoint: there is no such option"),
        ({"timeout": "soon"}, "timeout: 'soon' is no number"),
        ({"timeout": 0}, "timeout: 0 is too small"),
        ({"concurrency": 0}, "concurrency: 0 is too small"),
        ({"interval": float("inf")}, "interval: inf is too small or too large"),
        ({"expires_within": "a month"}, "expires_within: "),
    ],
)
def test_a_wrong_option_is_named(tmp_path, change, said):
    with pytest.raises(ValueError, match=said):
        options(tmp_path, **change)


def test_the_memory_survives_and_forgets_servers_that_are_watched_no_more(tmp_path):
    memory = Memory(options(tmp_path, endpoints=["www.corp.example", "old"]))
    memory.note(SERVER, {"fingerprint": "one"})
    memory.note(Endpoint("old", 443), {"fingerprint": "two"})
    memory.write()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    again = Memory(options(tmp_path))
    assert again.known == {"www.corp.example:443": {"fingerprint": "one"}} and again.of(Endpoint("old", 443)) == {}


def test_nothing_is_written_if_nothing_is_new(tmp_path):
    memory = Memory(options(tmp_path))
    memory.write()
    assert not (tmp_path / "state.json").exists()
    memory.note(SERVER, {"refusal": ""})
    memory.write()
    (tmp_path / "state.json").unlink()
    memory.note(SERVER, {"refusal": ""})
    memory.write()
    assert not (tmp_path / "state.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"endpoints": {"www.corp.example:443": "one"}})])
def test_a_damaged_file_is_an_error_and_no_new_beginning(tmp_path, text):
    (tmp_path / "state.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="state_path: .* is damaged"):
        Memory(options(tmp_path))
