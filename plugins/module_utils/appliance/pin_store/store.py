# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pin store: a text file of JSON objects, one server or used approval on a line. Standard library only.

The first line names the format and the number of lines that follow. A truncated store is therefore never taken for a complete one: a client that
trusts on first use would accept any key of an endpoint that is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import (
    AcceptedPin,
    AnnouncedPin,
    PinRecord,
    UsedApproval,
    parse_pin,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

FORMAT, VERSION = "certmend.tls pins", 1
REPAIR = "Restore a backup, or repair that line by hand; the store was not changed."
Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
class Store:
    """The content of a pin store: the records of the servers, and the approvals that were used."""

    records: Dict[HostPort, PinRecord] = field(default_factory=dict)
    used_approvals: Tuple[UsedApproval, ...] = ()

    def at(self, server: HostPort) -> PinRecord:
        """The record of a server; an empty record if the store has none."""
        return self.records.get(server) or PinRecord(server)

    def with_records(self, changed: Sequence[PinRecord], used_approvals: Tuple[UsedApproval, ...]) -> Store:
        """The store with other records for some servers; an empty record removes its server."""
        records = dict(self.records)
        for record in changed:
            records.pop(record.server, None)
            if record.pins or record.announced:
                records[record.server] = record
        return Store(records, used_approvals)


def load(path: str, option: str = "pins_path", must_exist: bool = False) -> Store:
    """Read a store; a store that does not exist is empty.

    :raises RemediationError: the file cannot be read, or is damaged; the message names the line.
    """
    if not must_exist and not os.path.lexists(path):
        return Store()
    return parse(read_file(path, option), "%s: %s" % (option, path))


def parse(data: bytes, source: str) -> Store:
    """Read the text of a store.

    :param source: the name of the store in messages.
    :raises RemediationError: the store is damaged; the message names the line.
    """
    lines = data.split(b"\n")
    declared = _parse_line(lines[0], source, 1, _header)
    if lines[-1] != b"":
        raise _damaged(source, len(lines), "the last line break is missing: the store was truncated")
    if len(lines) - 2 != declared:
        problem = "the store ends here: line 1 declares %d more lines, and the store has %d" % (declared, len(lines) - 2)
        raise _damaged(source, len(lines) - 1, problem)
    records: Dict[HostPort, PinRecord] = {}
    used_approvals: List[UsedApproval] = []
    for number, line in enumerate(lines[1:-1], 2):
        entry = _parse_line(line, source, number, _entry)
        if isinstance(entry, UsedApproval):
            used_approvals.append(entry)
        elif entry.server in records:
            raise _damaged(source, number, "%s has two entries" % entry.server)
        else:
            records[entry.server] = entry
    return Store(records, tuple(used_approvals))


def dump(store: Store) -> bytes:
    """A store as text; equal stores have equal texts."""
    servers = sorted(store.records, key=lambda server: (server.host, server.port))
    entries = [_record_object(store.records[server]) for server in servers]
    entries += [_used_approval_object(used) for used in store.used_approvals]
    lines: List[Dict[str, Any]] = [{"format": FORMAT, "version": VERSION, "lines": len(entries)}]
    return "".join(json.dumps(line) + "\n" for line in lines + entries).encode("ascii")


def record_digest(record: PinRecord) -> str:
    """The SHA-256 of a record, with which the audit log says what the store has after a change."""
    return hashlib.sha256(json.dumps(_record_object(record), sort_keys=True).encode("ascii")).hexdigest()


def _damaged(source: str, number: int, problem: str) -> RemediationError:
    return RemediationError("%s, line %d: %s" % (source, number, problem), REPAIR)


def _parse_line(line: bytes, source: str, number: int, read: Callable[[Any], Meaning]) -> Meaning:
    """The meaning of a line. Every error names the line's number."""
    try:
        value = parse_json(line)
    except ValueError:
        raise _damaged(source, number, "not a JSON object (%.60r)" % line.decode("utf-8", "replace")) from None
    try:
        return read(value)
    except RemediationError as error:
        raise _damaged(source, number, error.message) from None
    except KeyError as error:
        raise _damaged(source, number, "%s is missing" % error.args[0]) from None
    except (AttributeError, TypeError, ValueError):
        raise _damaged(source, number, "not a valid entry (%.60r)" % line.decode("utf-8", "replace")) from None


def _header(value: Any) -> int:
    """The number of lines that follow the first one."""
    if value["format"] != FORMAT:
        raise TypeError
    if value["version"] != VERSION:
        raise RemediationError("version %r is not supported: this release reads version %d" % (value["version"], VERSION), "")
    return _number(value["lines"])


def _entry(value: Any) -> Union[PinRecord, UsedApproval]:
    if "used_approval" in value:
        return _used_approval(**value["used_approval"])
    rest = dict(value)
    server = _server(rest.pop("host"), rest.pop("port"))
    pins = tuple(_accepted_pin(**pin) for pin in rest.pop("pins"))
    announced = tuple(_announced_pin(**pin) for pin in rest.pop("announced"))
    if rest:
        raise RemediationError("unknown key %s" % ", ".join(sorted(rest)), "")
    return PinRecord(server, pins, announced)


def _accepted_pin(pin: Any, since: Any, accepted: Any, certificate: Any, ticket: Any = "", unlisted: Any = "") -> AcceptedPin:
    _text(certificate["subject"]), _text(certificate["fingerprints"]["sha256"])  # messages and diffs show these
    return AcceptedPin(_pin(pin), _text(since), _text(accepted), _text(ticket), dict(certificate), _pin(unlisted) if unlisted else "")


def _announced_pin(pin: Any, since: Any, source: Any) -> AnnouncedPin:
    return AnnouncedPin(_pin(pin), _text(since), _text(source))


def _used_approval(ticket: Any, host: Any, port: Any, old_pin: Any, new_pin: Any, expires: Any, used: Any) -> UsedApproval:
    return UsedApproval(_text(ticket), _server(host, port), _pin(old_pin), _pin(new_pin), _text(expires), _text(used))


def _server(host: Any, port: Any) -> HostPort:
    if not isinstance(host, str) or not host or not _is_number(port) or not 0 < port < 65536:
        raise RemediationError("not a valid host and port (%.60r, %.20r)" % (host, port), "")
    return HostPort.of(host, port)


def _pin(text: Any) -> str:
    return parse_pin(text, "unreadable pin")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> int:
    if not _is_number(value):
        raise TypeError
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)  # JSON's true is a number to Python


def _record_object(record: PinRecord) -> Dict[str, Any]:
    return {
        "host": record.server.host,
        "port": record.server.port,
        "pins": [_accepted_pin_object(accepted) for accepted in record.pins],
        "announced": [{"pin": announced.pin, "since": announced.since, "source": announced.source} for announced in record.announced],
    }


def _accepted_pin_object(accepted: AcceptedPin) -> Dict[str, Any]:
    ticket: Dict[str, Optional[str]] = {"ticket": accepted.ticket} if accepted.ticket else {}
    entry: Dict[str, Any] = {"pin": accepted.pin, "since": accepted.since, "accepted": accepted.accepted}
    unlisted = {"unlisted": accepted.unlisted} if accepted.unlisted else {}
    return dict(entry, **ticket, **unlisted, certificate=accepted.certificate)


def _used_approval_object(used: UsedApproval) -> Dict[str, Any]:
    server = {"host": used.server.host, "port": used.server.port}
    rest = {"old_pin": used.old_pin, "new_pin": used.new_pin, "expires": used.expires, "used": used.used}
    return {"used_approval": dict({"ticket": used.ticket}, **server, **rest)}
