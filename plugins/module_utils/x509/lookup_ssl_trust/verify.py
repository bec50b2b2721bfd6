# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the registrations are listed as they were set, on this node and on its partners."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration

#: seconds between two requests to a partner that is not in sync yet
INTERVAL = 1.0


@dataclass(frozen=True)
class PartnerStatus:
    """What a partner lists.

    :param differing: the registrations that it does not list as they were set.
    """

    url: str
    differing: Tuple[str, ...]

    def as_dict(self) -> Dict[str, Any]:
        """The shape of the result's ``partners``."""
        return {"url": self.url, "in_sync": not self.differing, "differing": list(self.differing)}


def not_as_set(registrations: Sequence[Registration], wanted: Sequence[Registration]) -> List[Registration]:
    """Those of the wanted registrations that are not listed as they were set."""
    listed: Dict[str, List[Registration]] = {}
    for registration in registrations:
        listed.setdefault(registration.service_id, []).append(registration)
    return [registration for registration in wanted if listed.get(registration.service_id) != [registration]]


def wait_for_partner(url: str, service: LookupService, wanted: Sequence[Registration], timeout: float, interval: float = INTERVAL) -> PartnerStatus:
    """Ask a partner until it lists the wanted registrations. They replicate within seconds.

    :param timeout: seconds; the partner is asked once at least.
    """
    deadline = time.monotonic() + timeout
    while True:
        status = PartnerStatus(url, tuple(registration.title for registration in not_as_set(service.list(), wanted)))
        if not status.differing or time.monotonic() > deadline:
            return status
        time.sleep(interval)
