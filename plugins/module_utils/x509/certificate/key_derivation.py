# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much work an encrypted key or a PKCS#12 asks for before its password is even tried.

Its writer chooses the number of rounds (RFC 7292 section 4, RFC 8018 section 4.2), and a file of a hundred bytes can ask for hours.
"""

from __future__ import annotations

from typing import List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.ber import definite
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import OCTET_STRING, SEQUENCE, items

#: of all the keys that a file derives: seconds of work. Programs write 2,048 to 1,000,000
MAXIMUM_ROUNDS = 5_000_000
#: levels of elements; a PKCS#12 has 20
DEEPEST = 64
INTEGER, CONSTRUCTED, CONSTRUCTED_OCTET_STRING = 0x02, 0x20, 0x24


def check_rounds(data: bytes) -> None:
    """Make sure that the keys of a file can be derived in seconds.

    :param data: DER or BER.
    :raises ValueError: they cannot, or the file is nested too deeply.
    """
    rounds = rounds_of(data)
    if rounds > MAXIMUM_ROUNDS:
        raise ValueError("it asks for %d rounds of key derivation; at most %d are made" % (min(rounds, 10**12), MAXIMUM_ROUNDS))


def rounds_of(data: bytes) -> int:
    """The sum of the iteration counts: in every form of parameters, the integer that follows the salt."""
    total, waiting = 0, [(0, data)]
    while waiting:
        depth, content = waiting.pop()
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        try:
            found, inner = _in(content)
        except ValueError:  # a salt or a ciphertext that begins like an element
            continue
        total += found
        waiting += [(depth + 1, part) for part in inner]
    return total


def _in(content: bytes) -> Tuple[int, List[bytes]]:
    """The iteration counts among the elements of a content, and the contents below it."""
    total, inner, before = 0, [], 0
    for tag, value in items(definite(content)):
        if tag == INTEGER and before in (OCTET_STRING, CONSTRUCTED_OCTET_STRING):
            total += int.from_bytes(value, "big")
        elif tag == CONSTRUCTED_OCTET_STRING:
            inner.append(b"".join(part for _tag, part in items(value)))
        elif tag & CONSTRUCTED or (tag == OCTET_STRING and value[:1] == bytes([SEQUENCE])):
            inner.append(value)
        before = tag
    return total, inner
