# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-in until the reader lands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.reader import _blocks


@dataclass(frozen=True)
class Encoded:
    ders: Tuple[Tuple[bytes, str], ...]
    warnings: Tuple[str, ...]


def encoded_certificates(data: bytes, password: Optional[str] = None) -> Encoded:
    if b"-----BEGIN" not in data:
        return Encoded(((data, "the content"),), ()) if data.strip() else Encoded((), ("the content is empty",))
    blocks = list(_blocks(data))
    return Encoded(tuple((der, "the block at line %d" % line) for line, der, problem in blocks if not problem), tuple(problem for _l, _d, problem in blocks if problem))
