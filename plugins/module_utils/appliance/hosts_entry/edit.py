# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edit the text of a hosts file in memory. Pure, standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.entries import HostsEntry
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.hosts_file import RESERVED_NAMES, HostsLine, parse
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State


def edit(text: str, entries: Sequence[HostsEntry], exclusive: bool) -> Tuple[str, Dict[str, List[str]]]:
    """Apply the entries.

    :param exclusive: whether a name is removed from the other addresses of the same family (IPv4, IPv6).
    :returns: the new text, and the names that were removed from other addresses: name to those addresses.
    """
    editor = _Editor(parse(text))
    for entry in entries:
        if entry.state is State.ABSENT:
            editor.remove(entry)
        else:
            editor.add(entry, exclusive)
    return editor.text(), editor.moved


class _Editor:
    """The lines, indexed by name and by address, so that many entries do not each search the whole file."""

    def __init__(self, lines: Sequence[HostsLine]) -> None:
        self.moved: Dict[str, List[str]] = {}
        self._lines: List[Optional[HostsLine]] = []  # None: the line was removed
        self._by_name: Dict[str, List[int]] = {}
        self._by_address: Dict[str, List[int]] = {}
        for line in lines:
            self._append(line)
        crlf = sum(line.ending == "\r\n" for line in lines)
        self._ending = "\r\n" if crlf > len(lines) // 2 else "\n"

    def text(self) -> str:
        """The whole file."""
        return "".join(line.text for line in self._lines if line is not None)

    def remove(self, entry: HostsEntry) -> None:
        """Remove names from an address (from all of them if none is given), or an address with all its names."""
        names: Iterable[str] = entry.names or [
            name.lower()
            for _index, line in self._existing(self._by_address.get(entry.address, ()))
            for name in line.names
            if name.lower() not in RESERVED_NAMES
        ]
        for name in names:
            for index, line in self._lines_with(name):
                if entry.address in ("", line.address):
                    self._lines[index] = line.without(name)

    def add(self, entry: HostsEntry, exclusive: bool) -> None:
        """Map the names of the entry to its address, if they do not map to it already."""
        missing = [name for name in entry.names if not self._keep_once(name, entry.address, exclusive)]
        if missing:
            self._map(entry, missing)

    def _keep_once(self, name: str, address: str, exclusive: bool) -> bool:
        """Whether a name maps to the address. Repetitions are removed and, if exclusive, its mappings to other addresses."""
        found = False
        for index, line in self._lines_with(name):
            if line.address == address and not found:
                found = True
            elif line.address == address or (exclusive and _same_family(line.address, address)):
                self._lines[index] = line.without(name)
                if line.address != address:
                    self.moved.setdefault(name, []).append(line.address)
        return found

    def _map(self, entry: HostsEntry, names: Sequence[str]) -> None:
        """Append names to the first line of the address or, if the entry has a comment, on a new line."""
        index, line = next(self._existing(self._by_address.get(entry.address, ())), (0, None))
        if line and not entry.comment:
            self._lines[index] = line.with_names(names)
            self._index(index, names)
            return
        self._end_last_line()
        comment = "  # %s" % entry.comment if entry.comment else ""
        text = "%s\t%s%s%s" % (entry.address, " ".join(names), comment, self._ending)
        self._append(HostsLine(text, entry.address, tuple(names)))

    def _end_last_line(self) -> None:
        """Append the line break that the last line of the file may lack."""
        for index, line in self._existing(range(len(self._lines) - 1, -1, -1)):
            if not line.ending:
                self._lines[index] = replace(line, text=line.text + self._ending)
            return

    def _append(self, line: HostsLine) -> None:
        index = len(self._lines)
        self._lines.append(line)
        self._by_address.setdefault(line.address, []).append(index)
        self._index(index, line.names)

    def _index(self, index: int, names: Iterable[str]) -> None:
        for name in {name.lower() for name in names}:
            self._by_name.setdefault(name, []).append(index)

    def _existing(self, indexes: Iterable[int]) -> Iterator[Tuple[int, HostsLine]]:
        """The lines at these indexes that were not removed."""
        for index in indexes:
            line = self._lines[index]
            if line is not None:
                yield index, line

    def _lines_with(self, name: str) -> List[Tuple[int, HostsLine]]:
        """The lines that contain a name (in lower case), each once."""
        indexes = dict.fromkeys(self._by_name.get(name, ()))
        return [(index, line) for index, line in self._existing(indexes) if line.maps(name)]


def _same_family(address: str, other: str) -> bool:
    return (":" in address) == (":" in other)
