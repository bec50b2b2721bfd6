# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pins that a new private key would break, before the key is made."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, load, parse
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate

#: so many endpoints are named in a warning
SHOWN = 10


def read_store(path: Optional[str], content: Optional[str]) -> Store:
    """The pin store of the options, one of which is given.

    :raises RemediationError: the store is absent or damaged. An absent store is no empty one: a wrong path would hide every warning.
    """
    if content is not None:
        return parse(content.encode("utf-8"), "pins_content")
    return load(str(path), must_exist=True)


def broken_endpoints(store: Store, present: Optional[Certificate], new_pin: str, names: Sequence[str]) -> Tuple[str, ...]:
    """The endpoints that have the present key pinned, and the new key neither pinned nor announced.

    :param new_pin: the pin of the new key; empty if it is not made yet.
    :param names: the names of the certificate; without a present certificate they say which endpoints are concerned.
    """
    if present is not None:
        concerned = [record for record in store.records.values() if present.pin in record.accepted_pins]
    else:
        hosts = {HostPort.of(name, 0).host for name in names}
        concerned = [record for record in store.records.values() if record.pins and record.server.host in hosts]
    return tuple(str(record.server) for record in concerned if new_pin not in record.accepted_pins + record.announced_pins)


def warning_about(endpoints: Sequence[str], reuse_key: bool) -> str:
    """What happens at which endpoints, and how it can be avoided."""
    named = ", ".join(endpoints[:SHOWN])
    if len(endpoints) > SHOWN:
        named += " and %d more" % (len(endpoints) - SHOWN)
    keep = "reuse_key is true, but this key cannot be kept (see renewed_because)" if reuse_key else "reuse_key: true keeps the key"
    return (
        "the new private key breaks the pins of %s: clients that pinned the old key will reject the server. %s; otherwise announce the new key "
        "before it is used (provider csr, then cert_pin with announced), and have the agents re-pinned" % (named, keep)
    )
