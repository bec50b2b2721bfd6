# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose pins a new key would break, before it is made."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, load, parse
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing

SHOWN = 10


def store_given(params: Dict[str, Any]) -> Optional[Store]:
    """The store that the options name; None where they name none. One that is named must be there: a wrong path would hide every warning."""
    if params["pins_content"] is not None:
        return parse(params["pins_content"].encode("utf-8"), "pins_content")
    return load(params["pins_path"], must_exist=True) if params["pins_path"] is not None else None


def broken_by(store: Store, existing: Existing, new_pin: str, names: Sequence[str]) -> List[PinRecord]:
    """The endpoints that have the present key pinned, and neither pinned nor announced the new one.

    :param new_pin: of the key to come; anything that is no pin where the key is not made yet.
    :param names: of the certificate; they tell the endpoints where there is no present certificate to compare with.
    """
    if existing.certificate is not None:
        concerned = [one for one in store.records.values() if existing.certificate.pin in one.accepted_pins]
    else:
        hosts = {HostPort.of(name, 0).host for name in names}
        concerned = [one for one in store.records.values() if one.pins and one.server.host in hosts]
    return [one for one in concerned if new_pin not in one.accepted_pins + one.announced_pins]


def warning_of(broken: Sequence[PinRecord], reuse_key: bool) -> str:
    """In one sentence: what will happen at whose endpoints, and how it can be avoided."""
    places = [str(one.server) for one in broken]
    named = ", ".join(places[:SHOWN]) + (" and %d more" % (len(places) - SHOWN) if len(places) > SHOWN else "")
    keep = "reuse_key is true, but this key cannot be kept (see renewed_because)" if reuse_key else "reuse_key: true keeps the key"
    return (
        "the new key breaks the pins of %s: clients that pinned the old key will refuse it. %s; otherwise announce the new key before it is used "
        "(provider csr, then cert_pin with announced), and have the agents re-pinned" % (named, keep)
    )
