# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate file as servers read it: blocks that join exactly, and the private key that may stand beside them.

Article 000011648: the certificates stand in the order server, intermediate 1, intermediate 2, root; between two blocks
there is one line break, no more and no fewer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.keys import load_private_key

BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
CERTIFICATES = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE", b"PKCS7", b"CMS")


@dataclass(frozen=True)
class Joined:
    """The blocks of an existing file that are no certificates: before the first certificate, and after it."""

    before: Tuple[bytes, ...] = ()
    after: Tuple[bytes, ...] = ()

    @property
    def key(self) -> Optional[bytes]:
        """The private key's block; None where the file has none."""
        keys = [block for block in self.before + self.after if block.splitlines()[0].endswith(b"PRIVATE KEY-----")]
        return keys[0] if keys else None

    def private_key(self, option: str) -> Any:
        """The private key; None where there is none, or one that a passphrase locks.

        :raises RemediationError: it is damaged.
        """
        if self.key is None or b"ENCRYPTED" in self.key:
            return None
        return load_private_key(self.key, option)

    def without_keys(self) -> Joined:
        """The same without private keys and the curve parameters that openssl writes before one."""
        gone = (b"PRIVATE KEY-----", b"BEGIN EC PARAMETERS-----")
        return Joined(*(tuple(one for one in blocks if not one.splitlines()[0].endswith(gone)) for blocks in (self.before, self.after)))

    def content(self, chain: Sequence[Certificate]) -> bytes:
        """The file's content with a chain: every block on lines of its own, nothing between them."""
        blocks = [pem(one.der).encode("ascii").rstrip(b"\n") for one in chain]
        return b"".join(block + b"\n" for block in list(self.before) + blocks + list(self.after))


def joined(data: bytes) -> Joined:
    """Take an existing file apart. Line ends become line feeds; text outside of blocks belongs to nobody and is left out."""
    before: List[bytes] = []
    after: List[bytes] = []
    seen = False
    for match in BLOCK.finditer(data.replace(b"\r\n", b"\n")):
        if match.group(1) in CERTIFICATES:
            seen = True
        else:
            (after if seen else before).append(match.group(0))
    return Joined(tuple(before), tuple(after))


def difference(data: bytes, certificates: Sequence[Certificate], chain: Sequence[Certificate], wanted: bytes) -> List[str]:
    """Why an existing file must be written again, each as a sentence; empty where it is right.

    :param certificates: what the file holds, in its order.
    :param wanted: the content that it should have.
    """
    have, want = list(certificates), list(chain)
    reasons = ["%s is missing" % one.subject for one in want if one not in have]
    reasons += ["%s does not belong in it" % one.subject for one in dict.fromkeys(have) if one not in want]
    if not reasons and len(have) != len(set(have)):
        reasons.append("a certificate stands in it twice")
    elif not reasons and have != want:
        reasons.append("the order is not server, intermediates, root")
    elif not reasons and data.replace(b"\r\n", b"\n") != wanted:
        reasons.append("the blocks do not join exactly: there is something between them, or a line break is missing")
    return reasons
