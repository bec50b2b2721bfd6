# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``hosts_entry``, validated. Standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.entries import HostsEntry, make_entries


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param entries: the mappings, each with its state.
    :param exclusive: whether a name may map to its entry's address only.
    """

    entries: Tuple[HostsEntry, ...]
    exclusive: bool
    path: str
    check_resolution: bool
    backup: bool
    journal: Optional[str] = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: with everything that is wrong in them.
        """
        return cls(
            entries=tuple(make_entries(_values(params), params["exclusive"])),
            exclusive=params["exclusive"],
            path=params["path"],
            check_resolution=params["check_resolution"],
            backup=params["backup"],
            journal=params["journal"],
        )


def _values(params: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The single entry of the short form, or those of the list."""
    if params["entries"] is None:
        return [dict({key: params[key] for key in ("address", "names", "comment", "state")}, option="")]
    return [dict(value, state=value["state"] or params["state"], option="entries[%d]." % index) for index, value in enumerate(params["entries"])]
