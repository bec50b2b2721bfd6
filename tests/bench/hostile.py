# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much CPU time a megabyte costs that was made to cost much: make bench-hostile. Prints the table of docs/hostile_input.md."""

from __future__ import annotations

import base64
import json
import time
from typing import Dict, Iterator, List, Tuple

from ansible_collections.certmend.tls.tests.support.outside import PARSERS

MEGABYTE = 1 << 20
#: how often the function of a parser reads the bytes
READINGS = {"hosts": 2, "lookup": 4, "sts": 2, "ome": 2, "journal": 2, "pins": 2}
BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"


def filled(head: bytes, part: bytes, tail: bytes = b"") -> bytes:
    """A megabyte of a part between a head and a tail."""
    return head + part * ((MEGABYTE - len(head) - len(tail)) // len(part)) + tail


def element(tag: int, content: bytes) -> bytes:
    """A DER element with a length of three octets."""
    return bytes([tag, 0x83]) + len(content).to_bytes(3, "big") + content


def names(part: bytes) -> bytes:
    """A certificate of about a megabyte, with that many alternative names."""
    seed = PARSERS["reader"].seeds()[0]
    der = base64.b64decode(b"".join(seed.splitlines()[1:-1]))
    offset = der.index(bytes.fromhex("0603551d11")) - 2
    body = bytes.fromhex("0603551d11") + element(4, element(0x30, filled(b"", part)[: -(1 << 16) // len(part) * len(part)]))
    tail = der.index(bytes.fromhex("300a06082a8648ce3d040302"), offset)
    start = der.index(bytes.fromhex("a003020102"))
    head = der[start : der.rindex(b"\xa3", 0, offset)]
    return element(0x30, element(0x30, head + element(0xA3, element(0x30, element(0x30, body)))) + der[tail:])


def inputs() -> Iterator[Tuple[str, str, bytes]]:
    """Parser, kind, and the bytes."""
    yield "reader", "`30 00` repeated", filled(b"\x30\x82\x00\x00", b"\x30\x00")
    yield "reader", "`30 80` nested", filled(b"", b"\x30\x80")
    yield "reader", "`30 80 00 00` repeated in BER", filled(b"\x30\x80", b"\x30\x80\0\0", b"\0\0")
    yield "reader", "BEGIN lines without END", filled(b"", BEGIN)
    yield "reader", "END lines without BEGIN", filled(b"", END)
    yield "reader", "blocks of three bytes", filled(b"", BEGIN + b"MAA=\n" + END)
    yield "reader", "headers in a block", filled(BEGIN, b"A:\n", END)
    yield "reader", "empty lines in a block", filled(BEGIN, b"\n", END)
    yield "reader", "blanks", filled(b"-----", b" ")
    oid = element(0x30, element(0x31, element(0x30, element(6, b"\xff" * 750_000) + b"\x0c\0")))
    fields = b"\x02\x01\x01\x30\0\x30\0\x30\0" + oid  # serialNumber, signature, issuer, validity, subject
    yield "reader", "an OID in a subject", BEGIN + base64.encodebytes(element(0x30, element(0x30, fields))) + END
    yield "reader", "nested JSON", filled(b"", b"[")
    yield "reader", "certificates", filled(b"", PARSERS["reader"].seeds()[0])
    yield "reader", "80,000 names in one certificate", names(b"\x82\x0aa.example.")
    yield "hosts", "blanks in a line", filled(b"10.0.0.1 a.example", b" ", b"b.example\n")
    yield "hosts", "short lines", filled(b"", b"10.0.0.1 a.example\n")
    yield "hosts", "names in a line", filled(b"10.0.0.1", b" a.example", b"\n")
    yield "hosts", "comments", filled(b"", b"#\n")
    for parser in ("lookup", "sts"):
        yield parser, "elements", filled(b"<a>", b"<b/>", b"</a>")
        yield parser, "attributes", b"<a %s/>" % b" ".join(b'a%d=""' % number for number in range(100_000))
        yield parser, "namespaces", b"<a %s/>" % b" ".join(b'xmlns:a%d="b"' % number for number in range(58_000))
        yield parser, "nested elements", filled(b"", b"<a>")
    envelope = PARSERS["sts"].seeds()[0].partition(b"<soapenv:Body>")[0] + b"<soapenv:Body><a>"
    yield "sts", "assertions that do not end", filled(envelope + b"<!--", b"<Assertion ", b"--></a></soapenv:Body></soapenv:Envelope>")
    listing, end = envelope.replace(b"<a>", b"<ListResponse xmlns='urn:lookup'><returnval>"), b"</returnval></ListResponse></soapenv:Body></soapenv:Envelope>"
    yield "lookup", "endpoints", filled(listing, b"<serviceEndpoints><url>a</url></serviceEndpoints>", end)
    yield "lstool", "blanks in a line", filled(b"Service ID: a", b" ", b"b\n")
    yield "lstool", "lines of an sslTrust", filled(b"Service ID: a\nEndpoints:\nURL: a\nSSL trust: a\n", b"A\n")
    yield "lstool", "services", filled(b"", b"Service ID: a\n")
    for parser in ("ome", "pins", "journal"):
        yield parser, "nested JSON", filled(b"", b'{"a":')
        yield parser, "JSON numbers", filled(b"[", b"1,", b"1]")
        yield parser, "a long number", filled(b"", b"9")
    yield "pins", "short lines", filled(json.dumps({"format": "certmend.tls pins", "version": 1, "lines": 500_000}).encode() + b"\n", b"0\n")
    yield "wire", "empty records", filled(b"", b"\x16\x03\x03\0\0")
    yield "wire", "empty messages", filled(b"\x16\x03\x03\xff\xff", b"\0\0\0\0")
    yield "release", "short lines", filled(b"", b"A=\n")


def main() -> None:
    """Measure, and print the largest figure of each parser last."""
    largest: Dict[str, float] = {}
    rows: List[str] = ["| parser | a megabyte of | CPU time in ms |", "|---|---|---|"]
    for parser, kind, data in inputs():
        started = time.process_time()
        PARSERS[parser].run(data)
        seconds = (time.process_time() - started) / READINGS.get(parser, 1)
        largest[parser] = max(largest.get(parser, 0.0), seconds)
        rows.append("| %s | %s | %d |" % (parser, kind, seconds * 1000))
        print(rows[-1], flush=True)
    print("\n".join(["", *rows, "", "largest: " + ", ".join("%s %d ms" % (name, 1000 * seconds) for name, seconds in largest.items())]))


if __name__ == "__main__":
    main()
