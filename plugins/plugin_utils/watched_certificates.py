# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the event source ``certificates`` (extensions/eda) asks for, tells and remembers. Standard library only, and nothing of this collection:

ansible-rulebook has no loader for collections, so the event source reads this file by its path.
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import re
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

ENDPOINT = re.compile(r"(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?")
#: the options that are numbers, each with its type, its smallest value and its default
NUMBERS: Dict[str, Tuple[type, float, float]] = {
    "interval": (float, 0, 3600.0),
    "rounds": (int, 0, 0),
    "concurrency": (int, 1, 50),
    "timeout": (float, 0.001, 10.0),
}
NAMES = {"endpoints", "state_path", "trusted_path", "expires_within", *NUMBERS}
#: seconds between two writings of the state
RARELY = 1.0
#: what is remembered of a certificate
REMEMBERED = ("fingerprint", "pin", "not_after")
Event = Dict[str, Any]
Known = Dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """A server: the name that its certificate must have, and its port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """A server of the option ``endpoints``."""
        found = ENDPOINT.fullmatch(str(text).strip())
        port = int(found["port"] or 443) if found else 0
        if not found or not 0 < port < 65536:
            raise ValueError("endpoints: %r is no server. Write host, host:port or [IPv6]:port." % str(text)[:80])
        return cls(found["host"].strip("[]"), port)

    def __str__(self) -> str:
        return ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)


@dataclass(frozen=True)
class Options:
    """What the rulebook asks for."""

    endpoints: Tuple[Endpoint, ...]
    state_path: pathlib.Path
    trusted_path: Optional[str]
    expires_within: Tuple[int, ...]
    interval: float
    rounds: int
    concurrency: int
    timeout: float

    @classmethod
    def from_args(cls, args: Dict[str, Any]) -> Options:
        """The options; a wrong one is an error that names it."""
        unknown = sorted(set(args) - NAMES - {"eda_feedback_queue"})
        if unknown:
            raise ValueError("%s: there is no such option. The options are %s." % (", ".join(unknown), ", ".join(sorted(NAMES))))
        endpoints, path = _listed(args.get("endpoints")), args.get("state_path")
        if not endpoints or not path:
            raise ValueError("endpoints and state_path are required.")
        days = _listed(args.get("expires_within", [30, 7, 1]))
        if not all(re.fullmatch(r"\d{1,5}", str(day)) for day in days):
            raise ValueError("expires_within: %r has something that is no number of days." % (days,))
        numbers = {name: _number(name, args) for name in NUMBERS}
        servers, within = tuple(dict.fromkeys(map(Endpoint.parse, endpoints))), tuple(sorted(map(int, days)))
        return cls(servers, pathlib.Path(path), args.get("trusted_path"), within, **numbers)


def _listed(value: Any) -> List[Any]:
    return [part for part in re.split(r"[\s,]+", value) if part] if isinstance(value, str) else list(value or [])


def _number(name: str, args: Dict[str, Any]) -> Any:
    kind, smallest, default = NUMBERS[name]
    try:
        found = kind(args.get(name, default))
    except (TypeError, ValueError):
        raise ValueError("%s: %r is no number." % (name, args[name])) from None
    if not smallest <= found < 1e9:
        raise ValueError("%s: %r is too small or too large." % (name, args[name]))
    return found


@dataclass(frozen=True)
class Seen:
    """What a server showed.

    :ivar refusal: why a client refuses it; empty if it does not.
    :ivar facts: of its certificate, as events have them; empty if there was none.
    """

    refusal: str = ""
    facts: Dict[str, Any] = field(default_factory=dict)


def written(moment: datetime.datetime) -> str:
    """A moment of UTC as events and the state have it."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text[: -len("Z")]).replace(tzinfo=datetime.timezone.utc)


def harmless(text: str) -> str:
    """A text without braces, which begin expressions, and without what a terminal or a log may take for a command."""
    return re.sub(r"[^ -z|~]", "?", text)[:500]


def judge(endpoint: Endpoint, known: Known, seen: Seen, options: Options, now: datetime.datetime) -> Tuple[List[Event], Known]:
    """The events of what a server showed, and what is known of it from now on.

    :param known: what was known before; empty for a server that was never seen.
    """
    common: Event = {"endpoint": str(endpoint), "host": endpoint.host, "port": endpoint.port, "time": written(now), **seen.facts}
    after = {**known, **{name: seen.facts[name] for name in REMEMBERED if seen.facts}, "refusal": seen.refusal}
    events: List[Event] = []
    if seen.facts:
        left = _moment(seen.facts["not_after"]) - now
        common["days_left"] = left.days
        same = known.get("fingerprint") == seen.facts["fingerprint"]
        if known.get("fingerprint") and not same:
            events.append(_replaced(known, seen))
        told = known.get("within") if same else None
        within = next((day for day in options.expires_within if left <= datetime.timedelta(days=day)), None)
        if within is not None and (told is None or within < told):
            events.append({"type": "expiring", "within": within})
            told = within
        after["within"] = told
    if seen.refusal and seen.refusal != known.get("refusal"):
        events.append({"type": "refused", "reason": seen.refusal})
    return [{**common, **event} for event in events], after


def _replaced(known: Known, seen: Seen) -> Event:
    renewed = not seen.refusal and seen.facts["not_after"] > known["not_after"]
    old = {"old_" + name: known[name] for name in REMEMBERED}
    return {"type": "renewed" if renewed else "changed", "key_changed": known["pin"] != seen.facts["pin"], **old}


class Memory:
    """What is known of the servers, in a file.

    :raises ValueError: the file is damaged. It is not begun anew: every key that is served at that moment would be taken for the right one.
    """

    def __init__(self, options: Options) -> None:
        self.path, self.written, self.stale = options.state_path, time.monotonic(), False
        names = set(map(str, options.endpoints))
        self.known: Dict[str, Known] = {name: known for name, known in self._read().items() if name in names}

    def _read(self) -> Dict[str, Known]:
        if not self.path.exists():
            return {}
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))["endpoints"]
            if all(isinstance(known, dict) for known in found.values()):
                return dict(found)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise ValueError("state_path: %s is damaged. Restore it, or remove it to take what is served now for what is right." % self.path)

    def of(self, endpoint: Endpoint) -> Known:
        """What is known of a server; empty if it was never seen."""
        return self.known.get(str(endpoint), {})

    def note(self, endpoint: Endpoint, known: Known) -> None:
        """Remember it, and write it if nothing was written for a while."""
        self.stale |= self.known.get(str(endpoint)) != known
        self.known[str(endpoint)] = known
        if time.monotonic() - self.written > RARELY:
            self.write()

    def write(self) -> None:
        """Write the file by rename, so that it is always whole."""
        if self.stale:
            new = self.path.with_name(".%s.%d" % (self.path.name, os.getpid()))
            with open(new, "w", encoding="utf-8") as stream:
                json.dump({"version": 1, "endpoints": self.known}, stream, indent=1, sort_keys=True)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(new, self.path)
        self.written, self.stale = time.monotonic(), False
