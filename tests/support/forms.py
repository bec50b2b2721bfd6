# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate, or two, in every form that people have them: for the reader's tests and for the fuzzer's seeds."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import textwrap
from pathlib import Path
from typing import Dict, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import bounds
from ansible_collections.certmend.tls.tests.support.mint import Minted

PASSWORD = "Forms1!"


def openssl(*arguments: object, given: bytes = b"") -> bytes:
    """What the openssl command prints."""
    return subprocess.run(["openssl", *map(str, arguments)], input=given, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def text_forms(pem: str) -> Dict[str, bytes]:
    """PEM text as it was pasted, exported, transferred and quoted."""
    lines = pem.splitlines()
    body = "".join(line for line in lines if not line.startswith("-----"))
    return {
        "PEM": pem.encode(),
        "no line end at the end": pem.rstrip("\n").encode(),
        "CRLF": pem.replace("\n", "\r\n").encode(),
        "CR": pem.replace("\n", "\r").encode(),
        "CR CR LF": pem.replace("\n", "\r\r\n").encode(),
        "UTF-8 with a byte order mark": pem.encode("utf-8-sig"),
        "UTF-16 of Windows": pem.replace("\n", "\r\n").encode("utf-16"),
        "UTF-16 LE without a mark": pem.encode("utf-16-le"),
        "UTF-16 BE without a mark": pem.encode("utf-16-be"),
        "indented, as in YAML": ("certificate: |\n" + textwrap.indent(pem, "    ")).encode(),
        "indented by tabs": textwrap.indent(pem, "\t").encode(),
        "comments around": ("# the server\n# of corp.example\n" + pem + "# the end\n").encode(),
        "comments inside": pem.replace("\n", "\n# comment\n", 1).encode(),
        "prose around": ("Dear colleague, this is it:\n\n" + pem + "\nKind regards\n").encode(),
        "escaped line ends": json.dumps(pem).encode(),
        "escaped CRLF": json.dumps(pem.replace("\n", "\r\n")).encode(),
        "escaped twice": json.dumps(json.dumps(pem)).encode(),
        "quoted line by line": "\n".join('"%s",' % line for line in lines).encode(),
        "headers inside": pem.replace("-----\n", "-----\nProc-Type: 4,CLEAR\nX-Note: one\n two\n\n", 1).encode(),
        "the old label": pem.replace(" CERTIFICATE", " X509 CERTIFICATE").encode(),
        "one long line": "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n".format(body).encode(),
        "everything on one line": "-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE-----".format(body).encode(),
        "lines of 76": "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n".format(textwrap.fill(body, 76)).encode(),
        "padding lost": pem.replace("=", "").encode(),
        "bare Base64": body.encode(),
        "bare Base64 with line ends": textwrap.fill(body, 64).replace("\n", "\r\n").encode(),
        "Base64 twice": base64.b64encode(body.encode()),
        "Base64 of PEM": base64.b64encode(pem.encode()),
        "bare Base64 in UTF-16": body.encode("utf-16-le"),
    }


def one_certificate(minted: Minted) -> Dict[str, bytes]:
    """Forms that hold one certificate."""
    forms = text_forms(minted.pem)
    with tempfile.TemporaryDirectory() as folder:
        pem, key = Path(folder, "c.pem"), Path(folder, "k.pem")
        pem.write_text(minted.pem, encoding="ascii")
        key.write_text(minted.key_pem, encoding="ascii")
        p12 = openssl("pkcs12", "-export", "-in", pem, "-inkey", key, "-name", "web", "-passout", "pass:" + PASSWORD)
        Path(folder, "c.p12").write_bytes(p12)
        bag = openssl("pkcs12", "-in", Path(folder, "c.p12"), "-passin", "pass:" + PASSWORD, "-nodes")
        forms.update(
            {
                "DER": minted.der,
                "DER and a line end": minted.der + b"\n",
                "openssl x509 -text": openssl("x509", "-in", pem, "-text"),
                "Bag Attributes with the key beside it": bag,
                "TRUSTED CERTIFICATE": openssl("x509", "-in", pem, "-addtrust", "serverAuth", "-setalias", "web", "-trustout"),
                "key, then certificate": (minted.key_pem + minted.pem).encode(),
                "certificate, then key": (minted.pem + minted.key_pem).encode(),
            }
        )
    return forms


def several_certificates(minted: List[Minted]) -> Dict[str, bytes]:
    """Forms that hold several, in their order."""
    pems = [one.pem for one in minted]
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "b.pem")
        bundle.write_text("".join(pems), encoding="ascii")
        p7b = openssl("crl2pkcs7", "-nocrl", "-certfile", bundle)
        der = openssl("crl2pkcs7", "-nocrl", "-certfile", bundle, "-outform", "DER")
    bare = base64.b64encode(der)
    return {
        "a bundle": "".join(pems).encode(),
        "blank lines between": "\n\n".join(pems).encode(),
        "no line break between": "".join(pem.rstrip("\n") for pem in pems).encode(),
        "DER, one after the other": b"".join(one.der for one in minted),
        "PKCS7": p7b,
        "PKCS7 as DER": der,
        "PKCS7 as bare Base64": bare,
        "PKCS7 labelled CERTIFICATE": p7b.replace(b"PKCS7", b"CERTIFICATE"),
        "PKCS7 labelled CMS": p7b.replace(b"PKCS7", b"CMS"),
        "PKCS7 in UTF-16": p7b.decode().encode("utf-16"),
        "BER of indefinite length": indefinite(der, 4),
    }


def indefinite(der: bytes, depth: int) -> bytes:
    """BER as streaming programs write it: the outer items have no length, and end where two zeros stand (X.690 section 8.1.3.6)."""
    out, place = b"", 0
    while place < len(der):
        start, end = bounds(der, place)
        constructed = der[place] & 0x20 and depth
        out += der[place : place + 1] + b"\x80" + indefinite(der[start:end], depth - 1) + b"\0\0" if constructed else der[place:end]
        place = end
    return out


def _key(folder: str, minted: Minted) -> Path:
    path = Path(folder, "key.pem")
    path.write_text(minted.key_pem, encoding="ascii")
    return path


def pkcs12(minted: Minted, others: List[Minted], password: str) -> bytes:
    """A PKCS#12 file with a key, its certificate and others."""
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder, "chain.pem")
        chain.write_text(minted.pem + "".join(one.pem for one in others), encoding="ascii")
        return openssl("pkcs12", "-export", "-in", chain, "-inkey", _key(folder, minted), "-passout", "pass:" + password)
