# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins as people write them, and what a pin store holds. Standard library only."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

FORMS = "Write sha256/ and Base64 (RFC 7469), sha256// and Base64 (curl), or sha256: and 64 hexadecimal digits (kubeadm)."
BASE64_FORM = re.compile(r"(?:sha256//?|pin-sha256=)\"?([A-Za-z0-9+/_-]{43}=?)\"?\Z")
HEX_FORM = re.compile(r"sha256:((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})\Z", re.IGNORECASE)
SHA256_BYTES = 32

#: how a pin came into the store
FIRST_USE, ANNOUNCED, APPROVED = "first_use", "announced", "approved"


def parse_pin(text: Any, option: str) -> str:
    """A pin in any of the known forms, as RFC 7469 section 2.4 has it: ``sha256/`` and Base64.

    :raises RemediationError: naming the option.
    """
    written = str(text).strip()
    digest = b""
    base64_form, hex_form = BASE64_FORM.match(written), HEX_FORM.match(written)
    if base64_form:
        try:
            digest = base64.b64decode(base64_form.group(1).rstrip("=").translate({45: "+", 95: "/"}) + "=")
        except binascii.Error:
            digest = b""
    elif hex_form:
        digest = bytes.fromhex(hex_form.group(1).replace(":", ""))
    if len(digest) != SHA256_BYTES:
        raise RemediationError("%s: %.80r is no pin" % (option, written), FORMS)
    return "sha256/" + base64.b64encode(digest).decode("ascii")


@dataclass(frozen=True)
class Accepted:
    """A pin that counts.

    :param since: when it was accepted, as ``2026-11-20T12:00:00Z``.
    :param accepted: ``first_use``, ``announced`` or ``approved``; ``ticket`` of the approval.
    :param certificate: what the certificate said that was served then.
    """

    pin: str
    since: str
    accepted: str
    ticket: str = ""
    certificate: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Next:
    """A pin that will be met after a rotation; ``source`` says what it was computed from."""

    pin: str
    since: str
    source: str


@dataclass(frozen=True)
class Known:
    """What is known about one server: the pins that count, and those that were announced."""

    place: HostPort
    pins: Tuple[Accepted, ...] = ()
    announced: Tuple[Next, ...] = ()

    @property
    def accepts(self) -> Tuple[str, ...]:
        """The pins that count."""
        return tuple(one.pin for one in self.pins)

    @property
    def expects(self) -> Tuple[str, ...]:
        """The pins that were announced."""
        return tuple(one.pin for one in self.announced)


@dataclass(frozen=True)
class Spent:
    """An approval that was used; it works once."""

    ticket: str
    place: HostPort
    old_pin: str
    new_pin: str
    expires: str
    used: str
