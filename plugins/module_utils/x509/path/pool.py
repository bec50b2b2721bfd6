# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates from which chains are built, found by subject and key identifier.

A pool may hold thousands of certificates, of which a chain needs three. So only the subjects are parsed when the pool is filled; a certificate
that the search reaches is decoded then, once.
"""

from __future__ import annotations

import functools
from typing import Dict, Iterable, Iterator, List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import fields_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import ComparableName
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.errors import refusal

#: the extension's number and the tag of its value, as they stand in every certificate that has it (RFC 5280 section 4.2.1.2)
SUBJECT_KEY_IDENTIFIER = bytes.fromhex("0603551d0e04")
SHORT = 0x7D
OCTET_STRING = 0x04


class Entry:
    """A certificate of a pool, decoded on first use.

    :param source: the file, and the position in it, that the certificate was found at.
    :param trusted: whether it is a trust anchor.
    """

    def __init__(self, der: bytes, loaded: x509.Certificate, source: str, trusted: bool) -> None:
        self.der = der
        self.loaded = loaded
        self.source = source
        self.trusted = trusted

    @functools.cached_property
    def certificate(self) -> Certificate:
        """The decoded certificate."""
        return from_x509(self.loaded)

    def contradicts(self, identifier: Optional[bytes]) -> bool:
        """Whether the certificate has another subject key identifier. Only a hint: the bytes are searched, nothing is decoded."""
        if not identifier or len(identifier) > SHORT or SUBJECT_KEY_IDENTIFIER not in self.der:
            return False
        size = len(identifier)
        return SUBJECT_KEY_IDENTIFIER + bytes([size + 2, OCTET_STRING, size]) + identifier not in self.der


class Pool:
    """Certificates by subject. A certificate that is added twice is kept once, and is trusted if either was."""

    def __init__(self) -> None:
        self.warnings: List[str] = []
        self._entries: Dict[bytes, Entry] = {}
        self._by_subject: Dict[ComparableName, List[Entry]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, der: bytes, source: str, trusted: bool = False) -> None:
        """Add a certificate; if it cannot be read, add a warning."""
        known = self._entries.get(der)
        if known:
            known.trusted = known.trusted or trusted
            return
        try:
            entry = Entry(der, x509.load_der_x509_certificate(der), source, trusted)
            subject = names.comparable(fields_of(der).subject)
        except Exception as error:  # the backend's exceptions differ between releases
            self.warnings.append(refusal(der, source, error))
            return
        self._entries[der] = entry
        self._by_subject.setdefault(subject, []).append(entry)

    def add_certificates(self, certificates: Iterable[Certificate], source: str, trusted: bool = False) -> None:
        """Add certificates that are decoded already."""
        for certificate in certificates:
            known = self._entries.get(certificate.der)
            if known:
                known.trusted = known.trusted or trusted
                continue
            entry = Entry(certificate.der, certificate.x509, source, trusted)
            entry.certificate = certificate
            self._entries[certificate.der] = entry
            self._by_subject.setdefault(certificate.subject_name, []).append(entry)

    def trusts(self, certificate: Certificate) -> bool:
        """Whether a certificate is a trust anchor."""
        entry = self._entries.get(certificate.der)
        return entry is not None and entry.trusted

    def trusted(self) -> List[Entry]:
        """The trust anchors."""
        return [entry for entry in self if entry.trusted]

    def named(self, certificate: Certificate) -> List[Entry]:
        """The entries whose subject is the issuer of a certificate."""
        return self._by_subject.get(certificate.issuer_name, [])
