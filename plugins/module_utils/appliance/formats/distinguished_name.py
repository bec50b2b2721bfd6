# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names as text (RFC 4514), from their parts. Standard library only."""

from __future__ import annotations

from typing import Dict, Iterable, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable

#: RFC 4514 section 3 and RFC 4519; for the others the names that OpenSSL prints
SHORT: Dict[str, str] = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}


def octets(char: str) -> str:
    """A character as RFC 4514 section 2.4 escapes any: the bytes of its UTF-8, ``\\E2\\80\\A8``."""
    return "".join("\\%02X" % byte for byte in char.encode("utf-8", "surrogatepass"))


def escaped(value: str) -> str:
    """A value as RFC 4514 section 2.4 writes it, with every character escaped that is not shown as it is."""
    out = printable("".join("\\" + char if char in '"+,;<>\\' else char for char in value), escape=octets)
    if out[:1] in ("#", " "):
        out = "\\" + out
    if value != " " and out.endswith(" "):
        out = out[:-1] + "\\ "
    return out


def rfc4514(relative_names: Iterable[Sequence[Tuple[str, str]]]) -> str:
    """A name as text, most specific part first.

    :param relative_names: in encoded order, each a sequence of pairs of an OID and a value.
    """
    parts = []
    for relative in reversed(list(relative_names)):
        parts.append("+".join("%s=%s" % (SHORT.get(oid, oid), escaped(value)) for oid, value in relative))
    return ",".join(parts)
