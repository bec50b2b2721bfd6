# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the library refuses to load a certificate, in helpful words."""

from __future__ import annotations

from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import read_outline
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: the tail of an Extension's object identifier, then the BOOLEAN FALSE, then its OCTET STRING (RFC 5280 section 4.1)
EXPLICIT_FALSE = bytes.fromhex("01010004")


def refusal(der: bytes, where: str, error: Exception) -> str:
    """A warning about a block that cannot be loaded: its position, its subject if that can be read, and the reason."""
    subject, reason = _subject(der), " ".join(str(error).split()) or type(error).__name__
    if subject is None:
        return "%s is not a certificate: %s" % (where, reason)
    if EXPLICIT_FALSE in der:
        reason = "an extension encodes critical FALSE, which DER omits as the default (X.690 section 11.5): %s" % reason
    return "%s is a certificate of %s that cannot be loaded: %s" % (where, subject or "an empty subject", reason)


def _subject(der: bytes) -> Optional[str]:
    """The subject as text; None if the bytes do not look like a certificate."""
    try:
        return read_outline(der, "").subject
    except (RemediationError, ValueError, IndexError):
        return None
