# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate file as servers read it: blocks that join exactly, and perhaps a private key.

Article 000011648: the certificates stand in the order server, intermediate 1, intermediate 2, root; between two blocks
there is exactly one line break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import CERTIFICATE_LABELS
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.pem_blocks import blocks
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.text_encoding import is_binary, plain

#: openssl writes the curve's parameters before an EC key
KEY_LABELS = ("PRIVATE KEY", "EC PARAMETERS")


@dataclass(frozen=True)
class PemFile:
    """The other blocks of a certificate file: before the first certificate, and after it."""

    before: Tuple[Tuple[str, bytes], ...] = ()
    after: Tuple[Tuple[str, bytes], ...] = ()

    @property
    def key(self) -> Optional[bytes]:
        """The block of the private key; None if the file has none."""
        return next((block for label, block in self.before + self.after if label.endswith("PRIVATE KEY")), None)

    def private_key(self, option: str) -> Any:
        """The private key; None if there is none, or a passphrase protects it.

        :raises RemediationError: it is damaged.
        """
        if self.key is None or b"ENCRYPTED" in self.key:
            return None
        return load_private_key(self.key, option)

    def without_keys(self) -> PemFile:
        """The same without private keys and their parameters."""
        return PemFile(*(tuple(block for block in part if not block[0].endswith(KEY_LABELS)) for part in (self.before, self.after)))

    def content(self, chain: Sequence[Certificate]) -> bytes:
        """The file's content with a chain: every block on lines of its own, nothing between them."""
        before, after = ([block for _label, block in part] for part in (self.before, self.after))
        certificates = [pem(certificate.der).encode("ascii").rstrip(b"\n") for certificate in chain]
        return b"".join(block + b"\n" for block in before + certificates + after)


def parse_pem_file(data: bytes) -> PemFile:
    """Take an existing file apart. Line ends become line feeds; text outside of blocks is dropped."""
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
    return PemFile(tuple(before), tuple(after))


def difference(data: bytes, certificates: Sequence[Certificate], chain: Sequence[Certificate], wanted: bytes) -> List[str]:
    """Why an existing file must be written again, each reason as a sentence; empty if the file is right.

    :param certificates: those in the file, in its order.
    :param wanted: the content that the file should have.
    """
    have, want = list(certificates), list(chain)
    reasons = ["%s is missing" % certificate.subject for certificate in want if certificate not in have]
    reasons += ["%s does not belong in the chain" % certificate.subject for certificate in dict.fromkeys(have) if certificate not in want]
    if not reasons and len(have) != len(set(have)):
        reasons.append("it contains a certificate twice")
    elif not reasons and have != want:
        reasons.append("the order is not server, intermediates, root")
    elif not reasons and data.replace(b"\r\n", b"\n") != wanted:
        reasons.append("the blocks do not join exactly: there is text between them, or a line break is missing")
    return reasons


def refuse_foreign_key(leaf: Certificate, key: Any, source: str) -> None:
    """Refuse a file whose private key belongs to another certificate than the chain's.

    :param key: None if there is no private key.
    :raises RemediationError: it does.
    """
    if key is not None and pin_of(key.public_key()) != leaf.pin:
        raise RemediationError(
            "%s: the private key in it does not belong to the certificate %s" % (source, leaf.subject),
            "Put the certificate that was issued for this key beside it, or remove the key.",
        )
