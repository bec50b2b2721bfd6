# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the private key of a file: PEM with any text around it, DER, PKCS#8, PKCS#12, and Base64 of these.

No message and no exception contains key material or a password.
"""

from __future__ import annotations

from typing import Any, Iterator, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.ber import definite
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import bounds
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load import pkcs12
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import MAXIMUM_LAYERS, PFX_VERSION, TAG_INTEGER, TAG_OID, TAG_SEQUENCE
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.pem_blocks import Block, blocks, decoded_base64
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.text_encoding import is_binary, plain

#: RFC 1421: openssl's older form of an encrypted key has its parameters in headers
ENCRYPTED_BY_HEADERS = b"Proc-Type:"


def find_private_key(data: bytes, source: str, password: Optional[str] = None) -> Any:
    """The private key in a file's content; None if it contains no private key.

    :param source: the file or option, for messages.
    :param password: of the key, or of a PKCS#12.
    :raises RemediationError: the key cannot be read, or there are several.
    """
    keys = list(_keys(data, source, password, MAXIMUM_LAYERS))
    if len({pin_of(key.public_key()) for key in keys}) > 1:
        raise RemediationError("%s: contains %d private keys" % (source, len(keys)), "Give a file with a single private key.")
    return keys[0] if keys else None


def _keys(data: bytes, source: str, password: Optional[str], layers: int) -> Iterator[Any]:
    if is_binary(data):
        yield from _in_binary(data, source, password)
        return
    text = plain(data)
    if b"-----" in text:
        for block in blocks(text):
            if isinstance(block, Block) and block.label.endswith("PRIVATE KEY"):
                yield load_private_key(_key_bytes(block, text), source, password, "password")
            elif isinstance(block, Block) and block.label == "PKCS12":
                yield from _in_binary(_decoded(block, source), source, password)
    elif layers:
        try:
            inner = decoded_base64(text)
        except ValueError:
            return
        yield from _keys(inner, source, password, layers - 1)


def _key_bytes(block: Block, text: bytes) -> bytes:
    """The DER of a block, which its indentation and line ends do not reach; or its text, if headers say how it is encrypted."""
    if ENCRYPTED_BY_HEADERS in block.body:
        return text[block.start : block.end] + b"\n"
    try:
        return block.decoded()
    except ValueError:
        return b""


def _decoded(block: Block, source: str) -> bytes:
    try:
        return block.decoded()
    except ValueError:
        raise RemediationError("%s: %s cannot be read" % (source, block.where), "Copy the file again, in binary mode.") from None


def _in_binary(data: bytes, source: str, password: Optional[str]) -> Iterator[Any]:
    """DER: recognised by its first elements, as detect.py does for certificates."""
    try:
        data = definite(data)
        start = bounds(data, 0)[0]
        first = data[start : start + 3]
        inner = bounds(data, start)[0] if first[:1] == bytes([TAG_SEQUENCE]) else start
    except ValueError:
        return
    if first == PFX_VERSION:
        yield from _in_pkcs12(data, source, password)
    elif first[:1] == bytes([TAG_INTEGER]) or (inner != start and data[inner] == TAG_OID):
        # PKCS#8 and PKCS#1 begin with a version; an encrypted PKCS#8 with the encryption's object identifier
        yield load_private_key(data, source, password, "password")


def _in_pkcs12(data: bytes, source: str, password: Optional[str]) -> Iterator[Any]:
    try:
        key = pkcs12.opened(data, password)[0]
    except ValueError as error:
        raise RemediationError("%s: the PKCS#12 cannot be opened: %s" % (source, error), "Give the password with which it was exported.") from None
    if key is not None:
        yield key
