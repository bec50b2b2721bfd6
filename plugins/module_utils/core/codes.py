# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The codes that no rule reports. Together with those of the rules (x509/rules) they are all the codes of the collection.

Standard library only: appliances report these codes. docs/findings.md is generated from this catalogue and the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

#: the modules that make TLS handshakes
PROBING = ("cert_inspect", "cert_pin", "lookup_ssl_trust", "tls_handshake")


@dataclass(frozen=True)
class CodeEntry:
    """A code outside the rules.

    :param claim: what is true if the code is not reported.
    :param cites: the RFC section, article or manual behind it.
    :param reported_by: the modules that report it.
    :param advice: one sentence for the person who has to repair it.
    """

    code: str
    claim: str
    cites: str
    reported_by: Tuple[str, ...]
    advice: str


CODES = (
    CodeEntry(
        "RESOLVE-FAILED",
        "The host name can be resolved.",
        "RFC 8446 section 4; getaddrinfo(3)",
        PROBING,
        "Add the host to DNS, or map it on this host (role hosts_mapping).",
    ),
    CodeEntry(
        "CONNECT-REFUSED",
        "The host accepts connections at the port.",
        "RFC 9293 section 3.10.7.1 (reset)",
        PROBING,
        "Check the port and that the server runs.",
    ),
    CodeEntry(
        "CONNECT-TIMEOUT",
        "The host answers in time.",
        "RFC 9293 section 3.8.3",
        PROBING,
        "Check address, route and firewall.",
    ),
    CodeEntry(
        "HOST-UNREACHABLE",
        "There is a route to the host.",
        "RFC 1122 section 3.2.2.1; RFC 4443 section 3.1",
        PROBING,
        "Check address and route.",
    ),
    CodeEntry(
        "HANDSHAKE-TIMEOUT",
        "The server answers the TLS handshake in time.",
        "RFC 8446 section 4",
        PROBING,
        "Check that the port speaks TLS and that nothing in between holds back the packets.",
    ),
    CodeEntry(
        "NOT-TLS",
        "The server answers with TLS.",
        "RFC 8446 section 5.1",
        PROBING,
        "Check the port: it may speak plain HTTP or another protocol.",
    ),
    CodeEntry(
        "TLS-ALERT",
        "The server does not end the handshake with an alert.",
        "RFC 8446 section 6",
        PROBING,
        "See the server's log for the reason.",
    ),
    CodeEntry(
        "CONNECTION-CLOSED",
        "The server does not close the connection during the handshake.",
        "RFC 8446 section 4",
        PROBING,
        "See the server's log; it may support other protocol versions or ciphers, or require another server name.",
    ),
    CodeEntry(
        "FORMAT-NO-CERTIFICATE",
        "The source contains a certificate that can be read.",
        "RFC 7468 section 5",
        ("cert_inspect", "cert_pin", "ome_certificate_chain"),
        "Give the certificate as PEM or DER.",
    ),
    CodeEntry(
        "CHAIN-NOT-A-CA",
        "Every certificate that signed another one is a CA certificate.",
        "RFC 5280 section 6.1.4 (k); OpenSSL's X509_V_ERR_INVALID_CA",
        ("tls_handshake",),
        "Have the certificate reissued by a CA.",
    ),
    CodeEntry(
        "TLS-VERIFY",
        "OpenSSL verifies the chain (this code stands for an error of OpenSSL that has no code of its own).",
        "RFC 5280 section 6.1; OpenSSL's x509_vfy.h",
        ("tls_handshake",),
        "See OpenSSL's message.",
    ),
    CodeEntry(
        "SERVED-DIFFERS",
        "The server presents the certificates that it is expected to present.",
        "RFC 8446 section 4.4.2",
        ("tls_handshake",),
        "Check that the service at this port reads that file, and that it was reloaded.",
    ),
    CodeEntry(
        "SERVED-PREVIOUS",
        "After a change, the server no longer presents the certificates that it presented before.",
        "RFC 8446 section 4.4.2",
        ("tls_handshake",),
        "Check that the service at this port reads that file, and that it was reloaded.",
    ),
    CodeEntry(
        "PIN-UNKNOWN",
        "The server has a pin (reported if first_use is fail).",
        "RFC 7469 section 2.6",
        ("cert_pin",),
        "Compare the presented pin with one from another source, and give it in announced (state pinned).",
    ),
    CodeEntry(
        "PIN-REFUSED",
        "The certificate with the announced or approved key is valid now and has the right name.",
        "RFC 5280 section 4.1.2.5; RFC 9525 section 6",
        ("cert_pin",),
        "Repair the certificate first (role fqdn_certificate).",
    ),
    CodeEntry(
        "APPROVAL-REFUSED",
        "The approval covers this change of the key: its server, both pins and its date are right, and it was not used before.",
        "EVault, Resolve certificate failures",
        ("cert_pin",),
        "Have the change to the presented key approved, with a ticket of its own.",
    ),
    CodeEntry(
        "MUTUAL-REFUSED",
        "Each side of a mutual TLS handshake accepts the other's chain.",
        "Dell's article on OME migrations",
        ("ome_certificate_chain",),
        "Have both certificates issued by the same CA for server and client authentication, and give both appliances the whole chain.",
    ),
    CodeEntry(
        "OME-REFUSED",
        "The appliance accepts the upload, or refuses it with an answer that a rule predicts.",
        "Dell's article on OME migrations",
        ("ome_certificate_chain",),
        "See the appliance's message, and its audit log.",
    ),
    CodeEntry(
        "AUDIT-FAILED",
        "The audit could read everything that it was asked to read.",
        "docs/audit.md",
        ("cert_inspect",),
        "Correct what the message says, and run the audit again; nothing is known about this source.",
    ),
)

_ENTRIES = {entry.code: entry for entry in CODES}


def entry_of(code: str) -> CodeEntry:
    """The entry of a code of this catalogue."""
    return _ENTRIES[code]


def citation_of(code: str) -> str:
    """The source behind a code of this catalogue."""
    return _ENTRIES[code].cites
