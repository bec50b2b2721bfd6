# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints: made, and read as people write and paste them. Standard library only."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

DIGITS = {40: "SHA-1", 64: "SHA-256"}
#: Unicode categories of white space, control and invisible characters
INVISIBLE = ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Co", "Cn")


def with_colons(data: bytes) -> str:
    """Bytes as openssl prints them: upper-case hexadecimal, ``AB:CD``."""
    return ":".join("%02X" % byte for byte in data)


def fingerprint_of(der: bytes, algorithm: str = "sha256") -> str:
    """A certificate's fingerprint as openssl prints it.

    :param algorithm: ``sha1`` or ``sha256``.
    """
    return with_colons(hashlib.new(algorithm, der).digest())


def parse_fingerprint(text: str, option: str, accepted_lengths: Tuple[int, ...] = (40, 64)) -> str:
    """A fingerprint in upper case with colons.

    White space and invisible characters are refused, as KB 322835 warns of them: text that was pasted with one may contain
    more or less than the fingerprint.

    :param accepted_lengths: the numbers of hexadecimal digits that are accepted.
    :raises RemediationError: with the fingerprint that was probably meant.
    """
    invisible = [character for character in text if unicodedata.category(character) in INVISIBLE]
    digits = re.sub(r"[^0-9A-Fa-f]", "", text).upper()
    meant = with_colons(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    wanted = " or ".join("%s (%d digits)" % (DIGITS[count], count) for count in accepted_lengths)
    if invisible:
        names = sorted({"U+%04X %s" % (ord(character), unicodedata.name(character, "control character")) for character in invisible})
        raise RemediationError(
            "%s: contains characters that are not part of a fingerprint: %s" % (option, ", ".join(names)),
            "Type it instead of pasting it%s." % ("; the fingerprint is probably %s" % meant if len(digits) in accepted_lengths else ""),
        )
    if not re.fullmatch(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2})*", text) or len(digits) not in accepted_lengths:
        message = "%s: %r is not a fingerprint: it has %d hexadecimal digits" % (option, text, len(digits))
        raise RemediationError(message, "Give a %s fingerprint, with or without colons." % wanted)
    return meant


def parse_server_fingerprints(values: Optional[List[str]]) -> Tuple[str, ...]:
    """The SHA-256 fingerprints of a server, as they are compared: lower case without colons."""
    return tuple(parse_fingerprint(value, "server_fingerprint", (64,)).replace(":", "").lower() for value in values or ())
