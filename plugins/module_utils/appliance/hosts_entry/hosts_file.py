# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a hosts file (hosts(5)). Pure, standard library only: appliances run this.

What is not edited stays byte for byte: comments, blank lines, spacing, line endings, other names on a shared line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address

#: an address as the resolver reads it (inet_pton(3), with a zone as in RFC 4007 section 11)
ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\Z")
#: what separates words for the resolver (isspace(3)); it reads bytes, so nothing that Unicode calls a blank is among them
BLANKS = " \t\v\f\r\n"
#: for text that does not end in blanks: there it would try each of them as a beginning
BLANKS_AND_WORD = re.compile("([%s]*)([^%s]+)" % (BLANKS, BLANKS))
#: names that the system itself relies on (RFC 6761 section 6.3)
RESERVED_NAMES = ("localhost",)


@dataclass(frozen=True)
class HostsLine:
    """A line of the file.

    :param address: empty for comments, blank lines and lines that the resolver does not read as an entry.
    """

    text: str
    address: str = ""
    names: Tuple[str, ...] = ()

    @property
    def ending(self) -> str:
        """The line break, empty if the file ends without one. A carriage return alone is none."""
        return "\r\n" if self.text.endswith("\r\n") else "\n" if self.text.endswith("\n") else ""

    def maps(self, name: str) -> bool:
        """Whether the line contains a host name (given in lower case)."""
        return any(own.lower() == name for own in self.names)

    def without(self, name: str) -> Optional[HostsLine]:
        """The line without a host name (given in lower case); None if that was its only name."""
        removed = [own for own in self.names if own.lower() == name]
        remaining = tuple(own for own in self.names if own not in removed)
        if not remaining:
            return None
        body, hash_sign, comment = self.text.partition("#")
        words = body.rstrip(BLANKS)
        address, *pairs = BLANKS_AND_WORD.findall(words)
        kept = [pair for pair in pairs if pair[1] not in removed]
        # the first name is removed with the blanks after it, so that those after the address stay
        kept[0] = (pairs[0][0], kept[0][1])
        text = "".join(map("".join, [address, *kept])) + body[len(words) :]
        return replace(self, text=text + hash_sign + comment, names=remaining)

    def with_names(self, names: Sequence[str]) -> HostsLine:
        """The line with further names after its last name."""
        body, hash_sign, comment = self.text.partition("#")
        stripped = body.rstrip(" \t\r\n")
        tail = body[len(stripped) :]
        text = stripped + "".join(" " + name for name in names) + tail + hash_sign + comment
        return replace(self, text=text, names=self.names + tuple(names))


def parse(text: str) -> List[HostsLine]:
    """The lines of a hosts file."""
    known: Dict[str, HostsLine] = {}  # of a file with half a million lines, most are the same
    return [known.get(line) or known.setdefault(line, _parse_line(line)) for line in re.findall(r"[^\n]*\n|[^\n]+\Z", text)]


def _parse_line(text: str) -> HostsLine:
    """Without a regular expression for the whole line: it would try every way to share a run of blanks among its parts."""
    line = text[: -len("\n")] if text.endswith("\n") else text
    line = line[: -len("\r")] if line.endswith("\r") else line
    first, _blank, names = line.partition("#")[0].replace("\t", " ").lstrip(" ").partition(" ")
    address = as_address(first) if ADDRESS.match(first) and "\r" not in line else None
    return HostsLine(text) if address is None else HostsLine(text, str(address), tuple(word for _blanks, word in BLANKS_AND_WORD.findall(names.rstrip(BLANKS))))
