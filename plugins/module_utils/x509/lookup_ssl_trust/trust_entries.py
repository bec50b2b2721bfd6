# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The anchors that an endpoint holds, as certificates."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Endpoint, Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import is_address
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import vouches


@dataclass(frozen=True)
class Held:
    """One sslTrust text. White space, line breaks and a second encoding in Base64 do not matter: DER is compared.

    :param certificate: None where the text holds none; ``problem`` then says why.
    """

    text: str
    certificate: Optional[Certificate]
    problem: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256, or what stands in for it in a diff."""
        return self.certificate.fingerprint() if self.certificate else "malformed (%d characters)" % len(self.text)

    def as_dict(self, now: datetime.datetime) -> dict:
        """The short form of a certificate; the whole of it stands once in the result's ``certificates``."""
        return brief(self.certificate, now) if self.certificate else {"error": self.problem}


@dataclass(frozen=True)
class Line:
    """One endpoint of one registration, with what it holds."""

    registration: Registration
    endpoint: Endpoint
    held: Tuple[Held, ...]

    @property
    def uses_ip(self) -> bool:
        return is_address(self.endpoint.host)

    def accepts(self, chain: Sequence[Certificate]) -> bool:
        """Whether a client that trusts what is held accepts this chain."""
        return any(one.certificate and vouches(one.certificate, chain) for one in self.held)


def lines_of(registrations: Sequence[Registration]) -> List[Line]:
    """Every endpoint. Thousands of them hold a handful of certificates: each text is read once."""
    read = functools.lru_cache(maxsize=None)(held)
    return [
        Line(registration, endpoint, tuple(read(text) for text in endpoint.anchors))
        for registration in registrations
        for endpoint in registration.endpoints
    ]


def held(text: str) -> Held:
    """Read one sslTrust text."""
    reading = read_certificates(text.encode("utf-8"))
    if len(reading.certificates) == 1 and not reading.warnings:
        return Held(text, reading.certificates[0])
    return Held(text, None, "; ".join(reading.warnings) or "%d certificates in one text" % len(reading.certificates))


def brief(certificate: Certificate, now: datetime.datetime) -> dict:
    """What tells one certificate from another."""
    whole = certificate.as_dict(now)
    return {name: whole[name] for name in ("subject", "common_name", "not_before", "not_after", "days_left", "is_ca", "fingerprints")}
