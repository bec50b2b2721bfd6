# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys, PKCS#12 files and passwords in texts: found, and hidden. Standard library only.

Found by their content, because operators paste a key, a bundle with its key or a PKCS#12 where a certificate belongs. What is found is
hidden; nothing here decodes a key.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Set

#: what stands in place of a secret, as Ansible writes it
HIDDEN = "********"
#: what stands in place of a whole option, as Ansible writes it
NOT_LOGGED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
NO_KEY = "(a private key: not shown)"
#: an encoding within an encoding within an encoding, as the reader of certificates accepts
MAXIMUM_LAYERS = 3
#: shorter parts of a secret are found everywhere: hiding them would make a result unreadable
SHORTEST = 12
#: a secret whose other forms are hidden too
SHORTEST_SECRET = 4
#: labels, also in boundaries that are malformed (RFC 7468 sections 10 and 11, and the labels of OpenSSL)
LABEL = re.compile(r"BEGIN[ \t]+(?:[A-Z0-9 ]*PRIVATE KEY|PKCS ?#?12|PFX)", re.IGNORECASE)
#: a private key as a block of PEM; if its end is missing, all that follows
KEY_BLOCK = re.compile(
    r"-*[ \t]*BEGIN[ \t]+(?:[A-Z0-9 ]*PRIVATE KEY|PKCS ?#?12|PFX)\b.*?(?:END[ \t]+(?:[A-Z0-9 ]*PRIVATE KEY|PKCS ?#?12|PFX)-*|\Z)", re.IGNORECASE | re.DOTALL
)
BOUNDARY = re.compile(r"-{3,}[^-\n]*-{3,}")
#: line ends that were escaped, once or twice
ESCAPED_LINES = re.compile(r"\\{1,2}[rn]")
WORD = re.compile(r"[A-Za-z0-9+/_=-]{%d,}" % SHORTEST)
PADDING = re.compile("=+$")
LENGTH = rb"(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)"
#: the first bytes of keys and of PKCS#12 files: a SEQUENCE that begins with a version (PKCS#1, PKCS#8, SEC 1, PFX), or with an algorithm of
#: PKCS#5 or PKCS#12 (an encrypted PKCS#8). Certificates, requests, PKCS#7 files and public keys begin otherwise.
KEY_START = re.compile(
    rb"\x30" + LENGTH + rb"(?:\x02\x01[\x00-\x03]|\x30" + LENGTH + rb"\x06.(?:\x2a\x86\x48\x86\xf7\x0d\x01\x05|\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01))",
    re.DOTALL,
)
#: the account in an address (RFC 3986 section 3.2.1), or before the host with which a text begins
ACCOUNT = re.compile(r"(?:://|\A(?!mailto:))([^/@\s:]*:[^/\s]+@)")


def secrets_in_options(value: Any) -> Set[str]:
    """Everything in the values of options that must not be shown: each whole text with a private key, its lines, accounts in addresses."""
    found: Set[str] = set()
    for text in _texts(value):
        parts = key_parts(text)
        found.update(parts)
        if parts:
            found.add(text)
        found.update(ACCOUNT.findall(text))
    return found


def no_log_texts(spec: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[str]:
    """The texts in the values of options with ``no_log``, whatever their type. Ansible knows neither the names of a dict, nor the dict as one text.

    :param spec: the argument specification.
    """
    for name, kind in spec.items():
        value = params.get(name)
        if kind.get("no_log") and value not in (None, ""):
            yield str(value)
            yield from (text for text in _texts(value) if len(text) >= SHORTEST_SECRET)
        for inner in _mappings(value) if kind.get("options") else ():
            yield from no_log_texts(kind["options"], inner)


def without_no_log(spec: Mapping[str, Any], params: Mapping[str, Any]) -> Dict[str, Any]:
    """Options with the values of those with ``no_log`` hidden as a whole."""
    hidden = dict(params)
    for name, kind in spec.items():
        value = params.get(name)
        if kind.get("no_log") and value not in (None, ""):
            hidden[name] = NOT_LOGGED
        elif kind.get("options") and isinstance(value, Mapping):
            hidden[name] = without_no_log(kind["options"], value)
        elif kind.get("options") and isinstance(value, (list, tuple)):
            hidden[name] = [without_no_log(kind["options"], item) if isinstance(item, Mapping) else item for item in value]
    return hidden


def _mappings(value: Any) -> List[Mapping[str, Any]]:
    return [item for item in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(item, Mapping)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(name)
            yield from _texts(item)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _texts(item)


def key_parts(text: str, layers: int = MAXIMUM_LAYERS) -> Set[str]:
    """The lines of the private keys and PKCS#12 files of a text: PEM, or Base64 of DER, of PEM, or of Base64. Empty if it has none."""
    if len(text) < SHORTEST:
        return set()
    plain = ESCAPED_LINES.sub("\n", text.replace("\0", ""))
    found: Set[str] = set()
    labelled = False
    for chunk in _chunks(plain):
        if BOUNDARY.match(chunk) or (LABEL.search(chunk) and len(chunk) < 200):
            labelled = bool(LABEL.search(chunk))
        elif labelled:
            found |= _words(chunk)
        else:
            found |= _unlabelled(chunk, layers)
    return found or ({plain} if LABEL.search(plain) else set())


def _chunks(text: str) -> Iterator[str]:
    """The boundaries of a text, well-formed or not, and what is between them."""
    chunk: List[str] = []
    for line in BOUNDARY.sub(lambda match: "\n%s\n" % match.group(), text).splitlines():
        if BOUNDARY.match(line) or LABEL.search(line):
            yield "\n".join(chunk)
            yield line
            chunk = []
        else:
            chunk.append(line)
    yield "\n".join(chunk)


def _unlabelled(chunk: str, layers: int) -> Set[str]:
    """The lines of a chunk that is Base64 of a key, whatever its label says."""
    words = WORD.findall(chunk)
    if any(KEY_START.match(_decoded(word)) for word in words):
        return _words(chunk)
    inner = _decoded("".join(chunk.split())) if layers else b""
    if KEY_START.match(inner):
        return _words(chunk)
    parts = key_parts(inner.decode("ascii"), layers - 1) if inner and _is_text(inner) else set()
    return parts | _words(chunk) if parts else set()


def _words(chunk: str) -> Set[str]:
    """The lines of Base64, and their parts as a path has them: a key that was given as one is normalised, and taken apart at slashes."""
    words = set(WORD.findall(chunk))
    parts = {part for word in words for part in word.split("/") if len(part) >= SHORTEST}
    return words | parts | {re.sub("/+", "/", word) for word in words}


def _decoded(text: str) -> bytes:
    """The bytes of Base64 of either alphabet (RFC 4648), as far as whole groups go; empty if it is not Base64."""
    text = PADDING.sub("", text).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_text(data: bytes) -> bool:
    try:
        return data.decode("ascii").replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    except UnicodeDecodeError:
        return False


def forms_of(secret: str) -> Set[str]:
    """A secret as a server may send it back: as JSON, XML, in an address, as Base64, or quoted."""
    if len(secret) < SHORTEST_SECRET:
        return {secret}
    quoted = urllib.parse.quote(secret, safe="")
    lower = re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)
    encoded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode("ascii")
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], quoted, lower, encoded}
    forms |= {urllib.parse.quote(secret), urllib.parse.quote_plus(secret), html.escape(secret, quote=False), html.escape(secret)}
    return forms | {html.escape(secret, quote=False).replace('"', "&quot;"), html.escape(secret).replace("&#x27;", "&apos;")}


def without(text: str, secrets: Iterable[str]) -> str:
    """A text with each of the secrets hidden. The longest are hidden first: a secret may be a part of another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text


def without_keys(text: str) -> str:
    """A text, such as that of a file, with its private keys hidden if they are PEM."""
    return KEY_BLOCK.sub(NO_KEY, text) if LABEL.search(text) else text
