# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins that are announced before a rotation: given as text, or computed from a request, a key or a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import serialization
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates

WAYS = ("pin", "path", "content")


@dataclass(frozen=True)
class Announcement:
    """A pin to come at one server, or (None) at all the servers of the task."""

    pin: str
    source: str
    place: Optional[HostPort]


def parse_announced(values: Optional[List[dict]], places: Sequence[HostPort]) -> List[Announcement]:
    """Read the option ``announced``; everything that is wrong in it is one error."""
    errors: List[RemediationError] = []
    found = [attempt(errors, partial(_parse, "announced[%d]" % number, value, places)) for number, value in enumerate(values or [])]
    raise_all(errors)
    return found


def _parse(option: str, value: dict, places: Sequence[HostPort]) -> Announcement:
    given = [way for way in WAYS if value.get(way)]
    if len(given) != 1:
        raise RemediationError("%s: needs one of pin, path, content and has %s" % (option, ", ".join(given) or "none"), "Give one of them.")
    place = HostPort.of(value["host"], value.get("port") or 443) if value.get("host") else None
    if place and place not in places:
        raise RemediationError("%s: %s is not among the endpoints of this task" % (option, place), "Announce it where it is asked for.")
    way = given[0]
    if way == "pin":
        return Announcement(parse_pin(value["pin"], option + ".pin"), "pin", place)
    if way == "path":
        return Announcement(pin_in(read_file(value["path"], option + ".path"), option + ".path"), value["path"], place)
    return Announcement(pin_in(value["content"].encode("utf-8"), option + ".content"), "content", place)


def pin_in(data: bytes, option: str) -> str:
    """The pin of the key in a file: a request, a private or public key, or a certificate (the first of a chain).

    :raises RemediationError: naming the option; never with anything of the content.
    """
    if b" REQUEST-----" in data:
        return pin_of(load_csr(data, option).public_key())
    if b"PRIVATE KEY-----" in data and b"-----BEGIN CERTIFICATE-----" not in data:
        return pin_of(load_private_key(data, option).public_key())
    if b"PUBLIC KEY-----" in data:
        return pin_of(_public_key(data, option))
    certificates = read_certificates(data).certificates
    if certificates and certificates[0].pin:
        return certificates[0].pin
    for load in (load_csr, load_private_key):
        try:
            return pin_of(load(data, option).public_key())
        except RemediationError:
            continue
    raise _unknown(option)


def _public_key(data: bytes, option: str) -> object:
    try:
        return serialization.load_pem_public_key(data)
    except Exception:  # the backend's exceptions differ between releases
        raise _unknown(option) from None


def _unknown(option: str) -> RemediationError:
    return RemediationError("%s: there is no request, key or certificate in it" % option, "Give PEM or DER, not encrypted.")
