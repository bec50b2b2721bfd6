# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pin store: text, one server or used approval on a line, each line a JSON object. Standard library only.

The first line tells the format and how many lines follow, so that a store that was cut off is never taken for a whole one: for a
client that trusts on first use, an endpoint that is missing is one whose next key is believed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import Accepted, Known, Next, Spent, parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

FORMAT, VERSION = "certmend.tls pins", 1
REPAIR = "Put back a backup, or mend that line by hand; the store was not touched."


@dataclass(frozen=True)
class Store:
    """All that is known."""

    known: Dict[HostPort, Known] = field(default_factory=dict)
    spent: Tuple[Spent, ...] = ()

    def at(self, place: HostPort) -> Known:
        """What is known about a server; an empty record where that is nothing."""
        return self.known.get(place) or Known(place)

    def with_records(self, records: List[Known], spent: Tuple[Spent, ...]) -> Store:
        """The store with other records for some servers; an empty record takes a server out."""
        known = dict(self.known)
        for one in records:
            known.pop(one.place, None)
            if one.pins or one.announced:
                known[one.place] = one
        return Store(known, spent)


def load(path: str, option: str = "pins_path", must_exist: bool = False) -> Store:
    """Read a store; one that does not exist is empty.

    :raises RemediationError: it cannot be read, or is damaged; the message names the line.
    """
    if not must_exist and not os.path.lexists(path):
        return Store()
    return parse(read_file(path, option), "%s: %s" % (option, path))


def parse(data: bytes, where: str) -> Store:
    """The text of a store.

    :param where: what messages call it.
    """
    lines = data.split(b"\n")
    head = _line(lines[0], where, 1, _head)
    if lines[-1] != b"":
        raise _damaged(where, len(lines), "has no line break at its end: the store was cut off")
    if len(lines) - 2 != head:
        what = "the store ends here, but line 1 counts %d lines after it and there are %d" % (head, len(lines) - 2)
        raise _damaged(where, len(lines) - 1, what)
    known: Dict[HostPort, Known] = {}
    spent: List[Spent] = []
    for number, line in enumerate(lines[1:-1], 2):
        entry = _line(line, where, number, _entry)
        if isinstance(entry, Spent):
            spent.append(entry)
        elif entry.place in known:
            raise _damaged(where, number, "has %s for a second time" % entry.place)
        else:
            known[entry.place] = entry
    return Store(known, tuple(spent))


def dump(store: Store) -> bytes:
    """A store as text; the same store is the same text."""
    entries = [_known_object(store.known[place]) for place in sorted(store.known, key=lambda place: (place.host, place.port))]
    entries += [_spent_object(one) for one in store.spent]
    lines = [{"format": FORMAT, "version": VERSION, "lines": len(entries)}] + entries
    return "".join(json.dumps(one) + "\n" for one in lines).encode("ascii")


def _damaged(where: str, number: int, what: str) -> RemediationError:
    return RemediationError("%s, line %d %s" % (where, number, what), REPAIR)


def _line(line: bytes, where: str, number: int, meaning: Callable[[dict], Any]) -> Any:
    """What a line means. Whatever is wrong with it is told with its number."""
    try:
        value = json.loads(line.decode("utf-8"))
    except ValueError:
        raise _damaged(where, number, "is no JSON object (%.60r)" % line.decode("utf-8", "replace")) from None
    try:
        return meaning(value)
    except RemediationError as error:
        raise _damaged(where, number, error.message) from None
    except KeyError as error:
        raise _damaged(where, number, "lacks %s" % error.args[0]) from None
    except (AttributeError, TypeError, ValueError):
        raise _damaged(where, number, "does not have the form of an entry (%.60r)" % line.decode("utf-8", "replace")) from None


def _head(value: dict) -> int:
    if value["format"] != FORMAT or not _is_number(value["lines"]):
        raise TypeError
    if value["version"] != VERSION:
        raise RemediationError("has version %r; this release reads version %d" % (value["version"], VERSION), "")
    return value["lines"]


def _entry(value: dict) -> Any:
    if "used_approval" in value:
        return _spent(**value["used_approval"])
    given = dict(value)
    place = _place(given.pop("host"), given.pop("port"))
    pins = tuple(_accepted(**one) for one in given.pop("pins"))
    announced = tuple(_next(**one) for one in given.pop("announced"))
    if given:
        raise RemediationError("has the unknown key %s" % ", ".join(sorted(given)), "")
    return Known(place, pins, announced)


def _accepted(pin: str, since: str, accepted: str, certificate: dict, ticket: str = "") -> Accepted:
    _text(certificate["subject"]), _text(certificate["fingerprints"]["sha256"])  # what messages and diffs show
    return Accepted(_pin(pin), _text(since), _text(accepted), _text(ticket), dict(certificate))


def _next(pin: str, since: str, source: str) -> Next:
    return Next(_pin(pin), _text(since), _text(source))


def _spent(ticket: str, host: str, port: int, old_pin: str, new_pin: str, expires: str, used: str) -> Spent:
    return Spent(_text(ticket), _place(host, port), _pin(old_pin), _pin(new_pin), _text(expires), _text(used))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)  # JSON's true is a number to Python


def _place(host: Any, port: Any) -> HostPort:
    if not isinstance(host, str) or not host or not _is_number(port) or not 0 < port < 65536:
        raise RemediationError("has no host and port (%.60r, %.20r)" % (host, port), "")
    return HostPort.of(host, port)


def _pin(text: Any) -> str:
    return parse_pin(text, "has a pin that cannot be read")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _known_object(known: Known) -> dict:
    return {
        "host": known.place.host,
        "port": known.place.port,
        "pins": [_accepted_object(one) for one in known.pins],
        "announced": [{"pin": one.pin, "since": one.since, "source": one.source} for one in known.announced],
    }


def _accepted_object(one: Accepted) -> dict:
    ticket: Dict[str, Optional[str]] = {"ticket": one.ticket} if one.ticket else {}
    return dict({"pin": one.pin, "since": one.since, "accepted": one.accepted}, **ticket, certificate=one.certificate)


def _spent_object(one: Spent) -> dict:
    place = {"host": one.place.host, "port": one.place.port}
    rest = {"old_pin": one.old_pin, "new_pin": one.new_pin, "expires": one.expires, "used": one.used}
    return {"used_approval": dict({"ticket": one.ticket}, **place, **rest)}
