# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate file as servers read it: blocks that join exactly, and the private key that may stand beside them.

Article 000011648: the certificates stand in the order server, intermediate 1, intermediate 2, root; between two blocks
there is one line break, no more and no fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import CERTIFICATE_LABELS
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.pem_blocks import blocks
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.text_encoding import is_binary, plain

#: openssl writes the curve's parameters before an EC key
KEY_LABELS = ("PRIVATE KEY", "EC PARAMETERS")


@dataclass(frozen=True)
class Joined:
    """The blocks of an existing file that are no certificates: before the first certificate, and after it."""

    before: Tuple[Tuple[str, bytes], ...] = ()
    after: Tuple[Tuple[str, bytes], ...] = ()

    @property
    def key(self) -> Optional[bytes]:
        """The private key's block; None where the file has none."""
        return next((block for label, block in self.before + self.after if label.endswith("PRIVATE KEY")), None)

    def private_key(self, option: str) -> Any:
        """The private key; None where there is none, or one that a passphrase locks.

        :raises RemediationError: it is damaged.
        """
        if self.key is None or b"ENCRYPTED" in self.key:
            return None
        return load_private_key(self.key, option)

    def without_keys(self) -> Joined:
        """The same without private keys and what belongs to them."""
        return Joined(*(tuple(one for one in part if not one[0].endswith(KEY_LABELS)) for part in (self.before, self.after)))

    def content(self, chain: Sequence[Certificate]) -> bytes:
        """The file's content with a chain: every block on lines of its own, nothing between them."""
        before, after = ([block for _label, block in part] for part in (self.before, self.after))
        certificates = [pem(one.der).encode("ascii").rstrip(b"\n") for one in chain]
        return b"".join(block + b"\n" for block in before + certificates + after)


def joined(data: bytes) -> Joined:
    """Take an existing file apart. Line ends become line feeds; text outside of blocks belongs to nobody and is left out."""
    before: List[Tuple[str, bytes]] = []
    after: List[Tuple[str, bytes]] = []
    part, text = before, plain(data)
    for block in blocks(text) if not is_binary(data) else ():
        if isinstance(block, str):
            continue
        if block.label in CERTIFICATE_LABELS:
            part = after
        else:
            part.append((block.label, text[block.start : block.end]))
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
