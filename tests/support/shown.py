# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not be shown: key material in every form, and characters that a terminal or an editor acts on."""

from __future__ import annotations

import base64
import unicodedata
from typing import Any, Dict, Iterator, List, Tuple

from cryptography.hazmat.primitives import serialization

from . import mint

#: an escape sequence that sets a terminal's title, a bidirectional control, a line separator, a zero-width space, C1 controls
HOSTILE = "depot\x1b]0;owned\x07\u202e\u2028\u2029\u200b\x9b2K\x85.corp.example"
#: what of it fits in an IA5String
HOSTILE_ASCII = "depot\x1b]0;owned\x07\r\n  VERIFIED\x7f.corp.example"
#: visible as nothing, though their categories are those of letters, marks and symbols
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\ufe0f"
FORBIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
#: parts of a result that have lines of their own
LINES = ("before", "after", "exception", "invocation", "pem", "chain_pem", "content")


def acted_upon(text: str, several_lines: bool = False) -> List[str]:
    """The characters of a text that are not shown as they are."""
    allowed = "\n\t" if several_lines else ""
    return sorted({char for char in text if (unicodedata.category(char) in FORBIDDEN or char in BLANK) and char not in allowed})


def texts(value: Any, name: str = "") -> Iterator[Tuple[str, str]]:
    """Every text of a result, keys included, with the path to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield name, str(key)
            yield from texts(item, "%s/%s" % (name, key))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, name)
    elif isinstance(value, str):
        yield name, value


def forbidden_in(result: Any) -> Dict[str, List[str]]:
    """The characters in a result that must not be shown, by the path to their text."""
    found = {}
    for path, text in texts(result):
        lines = any(part in LINES for part in path.split("/")) or text.startswith("-----BEGIN ")
        if acted_upon(text, lines):
            found[path] = acted_upon(text, lines)
    return found


def words_of(key_pem: str) -> List[str]:
    """The lines of a private key, the last one too unless it is so short that it is found everywhere."""
    return [line for line in key_pem.splitlines() if len(line) >= 8 and not line.startswith("-")]


def shown_of(words: List[str], output: str) -> List[str]:
    """Those of the words that an output contains."""
    return [word for word in words if word in output]


def pkcs1(key: Any) -> str:
    """A private key in the older form of its algorithm."""
    locked = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, locked).decode("ascii")


def der(key: Any) -> bytes:
    """A private key as PKCS#8 in DER."""
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def encoded(data: bytes) -> str:
    """Base64 on one line."""
    return base64.b64encode(data).decode("ascii")


def wrapped(text: str) -> List[str]:
    """A text in the pieces of 32 characters in which a test looks for it."""
    return [text[start : start + 32] for start in range(0, len(text) - 31, 32)]


#: a key whose last line is short, as that of most RSA keys is
RSA = mint.shared_key("RSA-2048")
