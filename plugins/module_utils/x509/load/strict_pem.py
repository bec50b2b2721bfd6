# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a file is plain PEM, as the strictest readers require; the reader here accepts far more."""

from __future__ import annotations

import base64
import binascii
import re

from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.text_encoding import is_binary

BLOCK = re.compile(rb"^-----BEGIN CERTIFICATE-----[ \t\r]*\n((?:[A-Za-z0-9+/=]+[ \t\r]*\n)+)-----END CERTIFICATE-----[ \t\r]*$", re.MULTILINE)


def form_problem(data: bytes, reading: Reading) -> str:
    """What keeps a file from being certificates as PEM (RFC 7468) and nothing else, as the end of a sentence; empty if nothing does.

    :param reading: the certificates that the reader found in it.
    """
    if is_binary(data):
        return "is binary (DER, PKCS#7 or PKCS#12)"
    if not data.isascii() or b"\0" in data:
        return "is not ASCII (UTF-16, a byte order mark, or other characters)"
    begun, bodies = data.count(b"-----BEGIN "), BLOCK.findall(data)
    if not begun:
        return "has no BEGIN CERTIFICATE line"
    if len(bodies) != begun:
        return "has %d blocks, of which %d are plain CERTIFICATE blocks" % (begun, len(bodies))
    if [_decoded(body) for body in bodies] != [certificate.der for certificate in reading.certificates]:
        return "has a CERTIFICATE block that is not a single certificate%s" % ("".join(" (%s)" % text for text in reading.warnings[:1]))
    return ""


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        return b""
