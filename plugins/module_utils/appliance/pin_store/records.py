# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins as people write them, and the records of a pin store. Standard library only."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

FORMS = "Write sha256/ and Base64 (RFC 7469), sha256// and Base64 (curl), or sha256: and 64 hexadecimal digits (kubeadm)."
BASE64_FORM = re.compile(r"(?:sha256//?|pin-sha256=)\"?([A-Za-z0-9+/_-]{43}=?)\"?\Z")
HEX_FORM = re.compile(r"sha256:((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})\Z", re.IGNORECASE)
FROM_BASE64URL = str.maketrans("-_", "+/")
SHA256_BYTES = 32


class Acceptance(StringEnum):
    """Why a pin was accepted into the store."""

    FIRST_USE = "first_use"
    ANNOUNCED = "announced"
    APPROVED = "approved"


def parse_pin(text: Any, option: str) -> str:
    """Read a pin in any of the known forms.

    :returns: the pin as ``sha256/`` and Base64 (RFC 7469 section 2.4).
    :raises RemediationError: the text is not a pin; the message names the option.
    """
    written = str(text).strip()
    digest = b""
    base64_form, hex_form = BASE64_FORM.match(written), HEX_FORM.match(written)
    if base64_form:
        digest = base64.b64decode(base64_form.group(1).rstrip("=").translate(FROM_BASE64URL) + "=")
    elif hex_form:
        digest = bytes.fromhex(hex_form.group(1).replace(":", ""))
    if len(digest) != SHA256_BYTES:
        raise RemediationError("%s: %.80r is not a pin" % (option, written), FORMS)
    return "sha256/" + base64.b64encode(digest).decode("ascii")


@dataclass(frozen=True)
class AcceptedPin:
    """A pin that clients of the server trust.

    :param since: when it was accepted, as ``2026-11-20T12:00:00Z``.
    :param accepted: why it was accepted, as the store has it: the value of an Acceptance.
    :param ticket: the ticket of the approval; empty if the pin was not approved.
    :param certificate: the facts of the certificate that was served then.
    :param unlisted: the pin that clients still have, as long as no worklist for re-pinning them was written; empty otherwise.
    """

    pin: str
    since: str
    accepted: str
    ticket: str = ""
    certificate: Dict[str, Any] = field(default_factory=dict)
    unlisted: str = ""


@dataclass(frozen=True)
class AnnouncedPin:
    """A pin that the server will present after a key rotation.

    :param since: when it was announced, as ``2026-11-20T12:00:00Z``.
    :param source: the file from which it was computed, or ``pin`` or ``content``.
    """

    pin: str
    since: str
    source: str


@dataclass(frozen=True)
class PinRecord:
    """The pins of one server."""

    server: HostPort
    pins: Tuple[AcceptedPin, ...] = ()
    announced: Tuple[AnnouncedPin, ...] = ()

    @property
    def accepted_pins(self) -> Tuple[str, ...]:
        """The pins that were accepted, without their history."""
        return tuple(accepted.pin for accepted in self.pins)

    @property
    def announced_pins(self) -> Tuple[str, ...]:
        """The pins that were announced, without their history."""
        return tuple(announced.pin for announced in self.announced)


@dataclass(frozen=True)
class UsedApproval:
    """An approval that was used. The store remembers it, because an approval works once."""

    ticket: str
    server: HostPort
    old_pin: str
    new_pin: str
    expires: str
    used: str
