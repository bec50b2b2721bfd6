# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts file (hosts(5)): bytes in, edited bytes out. Pure, standard library only.

Whatever is not asked about stays byte for byte: comments, blank lines, spacing, line endings, other names on a shared line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, host_name_problem
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

PRESENT, ABSENT = "present", "absent"
#: address, names, comment, line ending; the spacing between is kept
LINE = re.compile(r"^([ \t]*)([^\s#]+)([ \t]+[^#\r\n]*?)?([ \t]*)(#[^\r\n]*)?(\r?\n?)\Z")
#: an address as the resolver reads it (inet_pton(3), and a zone as in RFC 4007 section 11)
ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\Z")
#: names that the system itself relies on, and where it looks for them (RFC 6761 section 6.3)
KEPT = ("localhost",)
LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Entry:
    """What is asked for: an address with its names, there or not there.

    :param address: may be empty where names are to be absent from every address.
    """

    address: str
    names: Tuple[str, ...]
    comment: str = ""
    state: str = PRESENT


@dataclass(frozen=True)
class Line:
    """One line; ``address`` is empty for comments, blank lines and what is no entry."""

    text: str
    address: str = ""
    names: Tuple[str, ...] = ()

    @property
    def ending(self) -> str:
        """Its line break."""
        return self.text[len(self.text.rstrip("\r\n")) :]

    def without(self, names: Sequence[str]) -> Optional[Line]:
        """The line without some of its names; None where none is left."""
        left = tuple(name for name in self.names if name not in names)
        if not left:
            return None
        text = self.text
        body, hash_sign, comment = text.partition("#")
        for name in names:
            # the first name goes with the blanks behind it, so that those behind the address stay
            body = re.sub(r"\A([ \t]*\S+[ \t]+)%s[ \t]+(?=[^ \t\r\n])" % re.escape(name), r"\1", body)
            body = re.sub(r"[ \t]+%s(?=[ \t\r\n]|\Z)" % re.escape(name), "", body)
        return replace(self, text=body + hash_sign + comment, names=left)

    def with_names(self, names: Sequence[str]) -> Line:
        """The line with further names behind its last one."""
        body, hash_sign, comment = self.text.partition("#")
        stripped = body.rstrip(" \t\r\n")
        tail = body[len(stripped) :]
        text = stripped + "".join(" " + name for name in names) + tail + hash_sign + comment
        return replace(self, text=text, names=self.names + tuple(names))


def parse(text: str) -> List[Line]:
    """The lines of a hosts file."""
    return [_line(one) for one in re.findall(r"[^\n]*\n|[^\n]+\Z", text)]


def _line(text: str) -> Line:
    match = LINE.match(text)
    address = as_address(match.group(2)) if match else None
    if match is None or address is None or not ADDRESS.match(match.group(2)):
        return Line(text)
    return Line(text, str(address), tuple((match.group(3) or "").split()))


def make_entries(values: Sequence[dict], exclusive: bool = True) -> List[Entry]:
    """Check the options and make entries of them; everything that is wrong is one error.

    :param values: dicts with ``address``, ``names``, ``comment``, ``state`` and ``option``, the name to use in messages.
    :param exclusive: a name may have one address of a kind only.
    """
    errors: List[RemediationError] = []
    entries = [_entry(value, errors) for value in values]
    given = [(name, entry.address) for entry in entries if entry.state == PRESENT for name in entry.names]
    if exclusive:
        errors += _two_addresses(given)
    errors += [error for entry in entries if entry.state == ABSENT for error in _given_and_taken(given, entry)]
    raise_all(errors)
    return entries


def _two_addresses(given: Sequence[Tuple[str, str]]) -> Iterator[RemediationError]:
    owner: Dict[Tuple[str, bool], str] = {}
    for name, address in given:
        first = owner.setdefault((name, ":" in address), address)
        if first != address:
            message = "entries: %s is given to %s and to %s" % (name, first, address)
            yield RemediationError(message, "Give each name one address of a kind (IPv4, IPv6), or set exclusive to false.")


def _given_and_taken(given: Sequence[Tuple[str, str]], absent: Entry) -> Iterator[RemediationError]:
    """Such entries would undo each other in every run."""
    for name, address in given:
        if absent.address in ("", address) and (not absent.names or name in absent.names):
            message = "entries: %s is to be present at %s and absent from there" % (name, address)
            yield RemediationError(message, "Decide for one of them.")


def _entry(value: dict, errors: List[RemediationError]) -> Entry:
    option, state = value["option"], value.get("state") or PRESENT
    address = as_address(value.get("address") or "")
    given = value.get("address")
    if (address is None and (given or state == PRESENT)) or (address and not ADDRESS.match(str(address))):
        errors.append(RemediationError("%saddress: %r is not an IP address" % (option, given), "Give an IPv4 or IPv6 address."))
    names = tuple(dict.fromkeys(_name(one) for one in value.get("names") or ()))
    if not names and (state == PRESENT or address is None):
        errors.append(RemediationError("%snames: there is none" % option, "Give at least one host name."))
    for name in names:
        problem = host_name_problem(name)
        if problem is None and name in KEPT and (state == ABSENT or str(address) not in LOOPBACK):
            problem = "belongs to the loopback address, and the system relies on it"
        if problem:
            errors.append(RemediationError("%snames: %r %s" % (option, name, problem), "Give host names as in RFC 1123."))
    comment = value.get("comment") or ""
    if any(not character.isprintable() for character in comment):
        errors.append(RemediationError("%scomment: it has a line break or control character" % option, "Give one line."))
    return Entry(str(address) if address else "", names, comment, state)


def _name(name: str) -> str:
    """As the resolver compares names: without case, and without the root's dot, which no hosts file has."""
    return name.lower()[: -1 if name.endswith(".") and not name.endswith("..") else None]


def edit(text: str, entries: Sequence[Entry], exclusive: bool) -> Tuple[str, Dict[str, List[str]]]:
    """Apply the entries.

    :param exclusive: a name maps to this address only, among the addresses of its kind (IPv4, IPv6).
    :returns: the new text, and the names that were taken from other addresses: name to those addresses.
    """
    book = _Book(parse(text))
    for entry in entries:
        if entry.state == ABSENT:
            book.remove(entry)
        else:
            book.add(entry, exclusive)
    return "".join(line.text for line in book.lines), book.moved


class _Book:
    """The lines while they are edited, indexed by name and address so that many entries take one pass each."""

    def __init__(self, lines: List[Line]) -> None:
        self.all: List[Optional[Line]] = list(lines)
        self.moved: Dict[str, List[str]] = {}
        self.by_name: Dict[str, List[int]] = {}
        self.by_address: Dict[str, List[int]] = {}
        for place, line in enumerate(lines):
            self._index(place, line)
        crlf = sum(line.ending == "\r\n" for line in lines)
        self.ending = "\r\n" if crlf > len(lines) // 2 else "\n"

    @property
    def lines(self) -> List[Line]:
        """What is left, in order."""
        return [line for line in self.all if line is not None]

    def _index(self, place: int, line: Line) -> None:
        self.by_address.setdefault(line.address, []).append(place)
        for name in dict.fromkeys(one.lower() for one in line.names):  # a line may name a host twice
            self.by_name.setdefault(name, []).append(place)

    def _places(self, name: str) -> List[Tuple[int, Line]]:
        """Where a name stands."""
        found = []
        for place in self.by_name.get(name, ()):
            line = self.all[place]
            if line is not None and name in [one.lower() for one in line.names]:
                found.append((place, line))
        return found

    def _take(self, place: int, line: Line, name: str) -> None:
        spelled = [one for one in line.names if one.lower() == name]
        self.all[place] = line.without(spelled)

    def remove(self, entry: Entry) -> None:
        """Take names away from an address (from every one where none is given), or an address with all its names."""
        names = entry.names
        if not names:
            names = tuple(
                name.lower()
                for place in self.by_address.get(entry.address, ())
                for name in (self.all[place].names if self.all[place] else ())  # type: ignore[union-attr]
                if name.lower() not in KEPT
            )
        for name in names:
            for place, line in self._places(name):
                if not entry.address or line.address == entry.address:
                    self._take(place, line, name)

    def add(self, entry: Entry, exclusive: bool) -> None:
        """Give an address names that it lacks: on a line of its own, or behind its other names."""
        lacking = []
        for name in entry.names:
            there = False
            for place, line in self._places(name):
                if line.address == entry.address and not there:
                    there = True
                elif line.address == entry.address or (exclusive and _same_kind(line.address, entry.address)):
                    self._take(place, line, name)
                    if line.address != entry.address:
                        self.moved.setdefault(name, []).append(line.address)
            if not there:
                lacking.append(name)
        if lacking:
            self._append(entry, lacking)

    def _append(self, entry: Entry, names: List[str]) -> None:
        own = [place for place in self.by_address.get(entry.address, ()) if self.all[place] is not None]
        if own and not entry.comment:
            line = self.all[own[0]].with_names(names)  # type: ignore[union-attr]
            self.all[own[0]] = line
            for name in names:
                self.by_name.setdefault(name, []).append(own[0])
            return
        last = next((place for place in range(len(self.all) - 1, -1, -1) if self.all[place] is not None), None)
        if last is not None and not self.all[last].ending:  # type: ignore[union-attr]
            self.all[last] = replace(self.all[last], text=self.all[last].text + self.ending)  # type: ignore
        comment = "  # %s" % entry.comment if entry.comment else ""
        line = Line("%s\t%s%s%s" % (entry.address, " ".join(names), comment, self.ending), entry.address, tuple(names))
        self.all.append(line)
        self._index(len(self.all) - 1, line)


def _same_kind(one: str, other: str) -> bool:
    return (":" in one) == (":" in other)
