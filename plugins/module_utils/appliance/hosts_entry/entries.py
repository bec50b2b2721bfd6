# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries that a task asks for, validated. Standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.hosts_file import ADDRESS, RESERVED_NAMES
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, host_name_problem
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import is_shown

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class HostsEntry:
    """An address with its host names, to be present or absent.

    :param address: for ``absent`` it can be empty: the names are then removed from every address.
    :param names: for ``absent`` they can be empty: all the names of the address are then removed.
    """

    address: str
    names: Tuple[str, ...]
    comment: str = ""
    state: State = State.PRESENT

    def as_dict(self) -> Dict[str, Any]:
        """The shape that the module returns."""
        return {"address": self.address, "names": list(self.names), "comment": self.comment, "state": self.state.value}


def make_entries(values: Sequence[Mapping[str, Any]], exclusive: bool = True) -> List[HostsEntry]:
    """Validate the entries.

    :param values: with ``address``, ``names``, ``comment``, ``state``, and ``option``, which begins the option's name in messages.
    :param exclusive: whether a name may map to a single address of each family (IPv4, IPv6).
    :raises RemediationError: with everything that is wrong.
    """
    errors: List[RemediationError] = []
    entries = [_make_entry(value, errors) for value in values]
    present = [(name, entry.address) for entry in entries if entry.state is State.PRESENT for name in entry.names]
    if exclusive:
        errors += _names_with_two_addresses(present)
    errors += [error for entry in entries if entry.state is State.ABSENT for error in _present_and_absent(present, entry)]
    raise_all(errors)
    return entries


def _make_entry(value: Mapping[str, Any], errors: List[RemediationError]) -> HostsEntry:
    option, state = value["option"], State(value.get("state") or State.PRESENT)
    address = str(as_address(value.get("address") or "") or "")
    names = tuple(dict.fromkeys(_normalized(name) for name in value.get("names") or ()))
    comment = value.get("comment") or ""
    if (not address and (value.get("address") or state is State.PRESENT)) or (address and not ADDRESS.match(address)):
        message = "%saddress: %r is not an IP address" % (option, value.get("address"))
        errors.append(RemediationError(message, "Give an IPv4 or IPv6 address."))
    if not names and (state is State.PRESENT or not address):
        errors.append(RemediationError("%snames: no host name is given" % option, "Give at least one host name."))
    for name in names:
        problem = _name_problem(name, address, state)
        if problem:
            errors.append(RemediationError("%snames: %r %s" % (option, name, problem), "Give host names as in RFC 1123."))
    if not all(map(is_shown, comment)):
        errors.append(RemediationError("%scomment: contains a line break, or a control or invisible character" % option, "Give a comment of one line."))
    return HostsEntry(address, names, comment, state)


def _normalized(name: str) -> str:
    """A name as the resolver compares it: in lower case and without the final dot of the DNS root, which hosts files do not have."""
    return name.lower()[: -1 if name.endswith(".") and not name.endswith("..") else None]


def _name_problem(name: str, address: str, state: State) -> str:
    """Why a name is refused, as the end of a sentence; empty if it is accepted."""
    problem = host_name_problem(name)
    if problem is None and name in RESERVED_NAMES and (state is State.ABSENT or address not in LOOPBACK):
        problem = "must stay at the loopback address: the system relies on it"
    return problem or ""


def _names_with_two_addresses(present: Sequence[Tuple[str, str]]) -> Iterator[RemediationError]:
    first_addresses: Dict[Tuple[str, bool], str] = {}
    for name, address in present:
        first = first_addresses.setdefault((name, ":" in address), address)
        if first != address:
            message = "entries: %s is mapped to %s and to %s" % (name, first, address)
            yield RemediationError(message, "Map each name to one address of each family (IPv4, IPv6), or set exclusive to false.")


def _present_and_absent(present: Sequence[Tuple[str, str]], absent: HostsEntry) -> Iterator[RemediationError]:
    """Such entries would undo each other in every run."""
    for name, address in present:
        if absent.address in ("", address) and (not absent.names or name in absent.names):
            message = "entries: %s at %s is present in one entry and absent in another" % (name, address)
            yield RemediationError(message, "Remove one of the two entries.")
