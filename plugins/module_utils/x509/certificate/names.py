# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names: as text, and in the form in which they are compared.

``Name.rfc4514_string`` reversed its order in one release and keeps control characters; reports must read the same everywhere, so
appliance/formats/distinguished_name.py makes the text. ``Name`` objects compare string types and case, which RFC 5280 does not; so names are
compared here.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Any, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats import distinguished_name as dn
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import bounds, items, relative_names
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable_value
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509

#: a name in the form in which names are compared: its relative names, each a sorted tuple of type and value
ComparableName = Tuple[Tuple[Tuple[bytes, str], ...], ...]
COMMON_NAME = "2.5.4.3"
#: octets of a value that are prepared for matching; RFC 5280 appendix A.1 has 32768 at most, and only for names that nobody has
LONGEST_VALUE = 4096
BY_SHORT = {short.lower(): x509.ObjectIdentifier(dotted) for dotted, short in dn.SHORT.items()}


def rfc4514(name: x509.Name) -> str:
    """A name as text, most specific part first."""
    return dn.rfc4514([(part.oid.dotted_string, _text(part)) for part in relative] for relative in name.rdns)


def common_names(name: x509.Name) -> List[str]:
    """The common names, most specific last, with characters that are not printable escaped."""
    return [printable_value(_text(attribute)) for attribute in name.get_attributes_for_oid(oid.NameOID.COMMON_NAME)]


def _text(attribute: Any) -> str:
    value = attribute.value
    return "#" + value.hex() if isinstance(value, bytes) else str(value)


def as_encoded(name: bytes) -> Tuple[str, Tuple[str, ...]]:
    """Text and common names of an encoded name that the library refuses, as far as it can be parsed."""
    try:
        start, end = bounds(name, 0)
        relative = relative_names(name[start:end])
    except (ValueError, IndexError):
        return "", ()
    return dn.rfc4514(relative), tuple(printable_value(value) for part in relative for kind, value in part if kind == COMMON_NAME)


#: string types (X.680) and their encodings; a TeletexString holds Latin-1 in practice
STRINGS = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}


def comparable(name: bytes) -> ComparableName:
    """An encoded name (DER) in the form in which names are compared (RFC 5280 section 7.1).

    Two names match if these are equal. String types, case and the number of blanks between words do not matter. The order of relative
    names does; the order of the attributes within a relative name does not.

    :raises ValueError: the lengths do not add up.
    """
    start, end = bounds(name, 0)
    return tuple(_relative(relative) for _tag, relative in items(name[start:end]))


@functools.lru_cache(maxsize=4096)
def _relative(relative: bytes) -> Tuple[Tuple[bytes, str], ...]:
    """A relative name. Organizations and countries recur in a pool, so most are answered from the cache."""
    return tuple(sorted(_attribute(pair) for _tag, pair in items(relative)))


def _attribute(pair: bytes) -> Tuple[bytes, str]:
    kind, end = bounds(pair, 0)
    start, stop = bounds(pair, end)
    value = pair[start:stop]
    encoding = STRINGS.get(pair[end])
    try:
        text = prepared(value.decode(encoding)) if encoding and len(value) <= LONGEST_VALUE else "#" + pair[end:].hex()
    except UnicodeDecodeError:
        text = "#" + pair[end:].hex()
    return pair[kind:end], text


def prepared(text: str) -> str:
    """A string as RFC 4518 section 2 prepares it for matching, case ignored."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", "".join(char for char in text if char not in "\u00ad\u200b\u200c\u200d\ufeff"))
    return " ".join(unicodedata.normalize("NFKC", text.casefold()).split())
