# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``announced``: pins as text, or computed from a certificate signing request, a key or a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, List, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import serialization
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates

SOURCES = ("pin", "path", "content")
DEFAULT_PORT = 443


@dataclass(frozen=True)
class Announcement:
    """A pin that servers will present after a key rotation.

    :param source: the file from which it was computed, or ``pin`` or ``content``.
    :param server: the server that it is for; None: all the servers of the task.
    """

    pin: str
    source: str
    server: Optional[HostPort] = None

    def concerns(self, server: HostPort) -> bool:
        """Whether it is for this server."""
        return self.server in (None, server)


def parse_announced(values: Optional[Sequence[Mapping[str, Any]]], servers: Sequence[HostPort], ignore_others: bool = False) -> List[Announcement]:
    """Read the option ``announced``.

    :param servers: the servers of this run.
    :param ignore_others: whether announcements for other servers are ignored, unread; if not, they are errors.
    :raises RemediationError: with everything that is wrong in the option.
    """
    errors: List[RemediationError] = []
    parsed = [attempt(errors, partial(_parse, "announced[%d]" % index, value, servers, ignore_others)) for index, value in enumerate(values or [])]
    raise_all(errors)
    return [announcement for announcement in parsed if announcement]


def _parse(option: str, value: Mapping[str, Any], servers: Sequence[HostPort], ignore_others: bool) -> Optional[Announcement]:
    """One announcement; None if it is for another server and these are ignored."""
    server = HostPort.of(value["host"], value.get("port") or DEFAULT_PORT) if value.get("host") else None
    if server and server not in servers and ignore_others:
        return None
    sources = [source for source in SOURCES if value.get(source)]
    if len(sources) != 1:
        raise RemediationError("%s: needs one of pin, path, content and has %s" % (option, ", ".join(sources) or "none"), "Give one of them.")
    if server and server not in servers:
        raise RemediationError("%s: %s is not among the endpoints of this task" % (option, server), "Announce pins of this task's endpoints only.")
    source = sources[0]
    named = "%s.%s" % (option, source)
    if source == "pin":
        return Announcement(parse_pin(value["pin"], named), source, server)
    if source == "path":
        return Announcement(pin_in(read_file(value["path"], named), named), value["path"], server)
    return Announcement(pin_in(value["content"].encode("utf-8"), named), source, server)


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
    raise _no_key(option)


def _public_key(data: bytes, option: str) -> Any:
    try:
        return serialization.load_pem_public_key(data)
    except Exception:  # the backend's exceptions differ between releases
        raise _no_key(option) from None


def _no_key(option: str) -> RemediationError:
    return RemediationError("%s: contains no certificate signing request, key or certificate" % option, "Give PEM or DER, not encrypted.")
