# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints as people write and paste them. Standard library only."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

DIGITS = {40: "SHA-1", 64: "SHA-256"}


def with_colons(data: bytes) -> str:
    """Bytes as openssl prints them: upper-case hexadecimal, ``AB:CD``."""
    return ":".join("%02X" % byte for byte in data)


def fingerprint_of(der: bytes, algorithm: str = "sha256") -> str:
    """A certificate's fingerprint as openssl prints it.

    :param algorithm: ``sha1`` or ``sha256``.
    """
    return with_colons(hashlib.new(algorithm, der).digest())


def parse_fingerprint(text: str, option: str, only: Tuple[int, ...] = (40, 64)) -> str:
    """A fingerprint in upper case with colons.

    White space and invisible characters are refused, as KB 322835 warns of them: who pasted one may have pasted more or
    less than the fingerprint.

    :param only: how many digits are taken.
    :raises RemediationError: with the form that was probably meant.
    """
    strange = [one for one in text if unicodedata.category(one) in ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Co", "Cn")]
    digits = re.sub(r"[^0-9A-Fa-f]", "", text).upper()
    meant = with_colons(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    wanted = " or ".join("%s (%d digits)" % (DIGITS[count], count) for count in only)
    if strange:
        names = sorted({"U+%04X %s" % (ord(one), unicodedata.name(one, "control character")) for one in strange})
        raise RemediationError(
            "%s: there are characters in it that are no part of a fingerprint: %s" % (option, ", ".join(names)),
            "Type it rather than paste it%s." % ("; meant is probably %s" % meant if len(digits) in only else ""),
        )
    if not re.fullmatch(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2})*", text) or len(digits) not in only:
        raise RemediationError(
            "%s: %r is no fingerprint: it has %d hexadecimal digits" % (option, text, len(digits)), "Give a %s, with or without colons." % wanted
        )
    return meant


def parse_server_fingerprints(values: Optional[List[str]]) -> Tuple[str, ...]:
    """The SHA-256 fingerprints of the server, as they are compared."""
    return tuple(parse_fingerprint(one, "server_fingerprint", (64,)).replace(":", "").lower() for one in values or ())
