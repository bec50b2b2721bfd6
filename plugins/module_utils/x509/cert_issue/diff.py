# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, requests and certificates as text for a diff: names, facts and fingerprints, never key material.

What cannot be known before the change (a new fingerprint, a new pin) is not guessed: the diff of check mode and the diff
of the run that follows are the same text.
"""

from __future__ import annotations

from typing import List, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import ABSENT, chain_lines, listed, name_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514


def future_certificate_lines(
    path: str, request: Request, issuer: str, valid_days: int, chain: Sequence[Certificate]
) -> List[str]:
    """A certificate that is yet to be made."""
    lines = ["certificate %s" % path]
    lines += name_lines(rfc4514(request.name()), request.dns_names, request.ip_addresses)
    lines += [
        "  issuer: %s" % issuer,
        "  validity: %d days from its issue" % valid_days,
        "  extended key usage: %s" % listed(request.extended_key_usage),
        "  sha256: that of the new certificate",
    ]
    return lines + chain_lines(chain)


def combined_title(path: str) -> str:
    """A file with certificate, chain and private key together."""
    return "combined file %s" % path


def combined_lines(path: str, certificates: Sequence[Certificate], pin: str) -> List[str]:
    """An existing file of that kind."""
    held = ["  holds: %s (sha256 %s)" % (one.subject or "no subject", one.fingerprint()) for one in certificates]
    held += ["  holds: the private key of %s" % pin] if pin else []
    return [combined_title(path)] + (held or [ABSENT])
