# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of a PKCS#7 SignedData (RFC 2315 section 9, RFC 5652 section 5), each extracted by itself.

A library that decodes the whole refuses all for a single broken certificate; here the others remain.
"""

from __future__ import annotations

from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.ber import definite
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import (
    OBJECT_IDENTIFIER,
    SEQUENCE,
    bounds,
    dotted,
    items,
)

SIGNED_DATA = "1.2.840.113549.1.7.2"
CERTIFICATES = 0xA0


def certificates(content: bytes) -> List[bytes]:
    """The DER of each certificate.

    :param content: a whole ContentInfo, DER or BER.
    :raises ValueError: it is not SignedData, or its lengths do not add up.
    """
    content = definite(content)
    start, end = bounds(content, 0)
    parts = list(items(content[start:end]))
    if len(parts) < 2 or parts[0][0] != OBJECT_IDENTIFIER or dotted(parts[0][1]) != SIGNED_DATA:
        raise ValueError("it is not PKCS#7 SignedData")
    signed_data = parts[1][1]
    start, end = bounds(signed_data, 0)
    found, offset = [], start
    while offset < end:
        inner_start, inner_end = bounds(signed_data, offset)
        if signed_data[offset] == CERTIFICATES:
            found += _elements(signed_data[inner_start:inner_end])
        offset = inner_end
    return found


def _elements(data: bytes) -> List[bytes]:
    """Each SEQUENCE, with its header; anything else (an old attribute certificate) is skipped."""
    found, offset = [], 0
    while offset < len(data):
        _start, end = bounds(data, offset)
        if data[offset] == SEQUENCE:
            found.append(data[offset:end])
        offset = end
    return found
