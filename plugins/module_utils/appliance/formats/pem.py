# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust anchors (CA certificates) as PEM text and in files. Standard library only: appliances run this."""

from __future__ import annotations

import re
import ssl
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline, read_outline
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
LINE_END = re.compile(rb"\r?\n?")


def read_anchors(text: str, option: str) -> List[CertificateOutline]:
    """The certificates of PEM text, without repetitions.

    :raises RemediationError: a block is not a certificate; the message names the option.
    """
    anchors = [read_outline(_der(block, option), option) for block in certificate_blocks(text)]
    return list({anchor.sha256: anchor for anchor in anchors}.values())


def certificate_blocks(text: str) -> List[str]:
    """Each PEM block of a certificate, from its BEGIN line to its END line."""
    return [text[start:end] for start, end in _spans(text)]


def _spans(text: str) -> Iterator[Tuple[int, int]]:
    """Where each block begins and ends. A regular expression would search the whole text again for each BEGIN line without an END line."""
    start = text.find(BEGIN)
    while start >= 0:
        end = text.find(END, start)
        if end < 0:
            return
        end += len(END)
        yield start, end
        start = text.find(BEGIN, end)


def _der(block: str, option: str) -> bytes:
    try:
        return ssl.PEM_cert_to_DER_cert(block)
    except ValueError as error:
        raise RemediationError("%s: contains a block that is not Base64: %s" % (option, error), "Export the certificate again, as PEM.") from error


def alias_for(anchor: CertificateOutline, name: Optional[str], several: bool) -> str:
    """A name for an anchor in a store, in lower case as keytool lists them.

    :param name: the name that the task gave; None: the common name and the start of the fingerprint.
    :param several: whether the task adds several anchors, which need different names.
    """
    common = re.search(r"CN=([^,+]+)", anchor.subject)
    base = name or (common.group(1) if common else "anchor")
    slug = re.sub(r"[^a-z0-9]+", "-", base.lower()).strip("-") or "anchor"
    return slug if name and not several else "%s-%s" % (slug, anchor.sha256.replace(":", "")[:8].lower())


def by_fingerprint(data: bytes) -> Dict[str, CertificateOutline]:
    """The certificates of a file (PEM, or a single one as DER), by SHA-256 fingerprint. Other content is ignored."""
    certificates = {}
    blocks: Sequence[Union[str, bytes]] = certificate_blocks(data.decode("latin-1")) or [data]
    for block in blocks:
        try:
            anchor = read_outline(block if isinstance(block, bytes) else _der(block, "store"), "store")
            certificates[anchor.sha256] = anchor
        except RemediationError:
            continue
    return certificates


def without_certificate(data: bytes, anchor: CertificateOutline) -> bytes:
    """The content of a file without one of its certificates; every other byte stays."""
    if data == anchor.der:
        return b""
    kept, offset = [], 0
    for start, end in _spans(data.decode("latin-1")):
        kept.append(data[offset:start])
        end += len(LINE_END.match(data, end).group())  # type: ignore[union-attr]  # it matches nothing too
        if anchor.sha256 not in by_fingerprint(data[start:end]):
            kept.append(data[start:end])
        offset = end
    return b"".join([*kept, data[offset:]])


def pem_of(anchor: CertificateOutline) -> bytes:
    """An anchor as PEM, with a line break at its end."""
    return ssl.DER_cert_to_PEM_cert(anchor.der).rstrip("\n").encode("ascii") + b"\n"
