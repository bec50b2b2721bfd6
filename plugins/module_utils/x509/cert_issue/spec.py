# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be issued: names, key, validity, signer and files."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import Paths
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import Authority
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import KeySpec


@dataclass(frozen=True)
class IssueSpec:
    """What the certificate, its key and its files must be.

    :param renew_before: how long before its end a certificate is replaced.
    :param reuse_key: whether a renewed certificate keeps the private key.
    :param authority: the CA that signs; None: the certificate is self-signed, or the module does not sign it.
    """

    request: Request
    paths: Paths
    key: KeySpec = field(default_factory=KeySpec)
    valid_days: int = 397
    renew_before: datetime.timedelta = datetime.timedelta(days=30)
    reuse_key: bool = True
    authority: Optional[Authority] = None

    @property
    def chain(self) -> Tuple[Certificate, ...]:
        """The certificates that follow the server certificate in its file."""
        return self.authority.chain if self.authority else ()

    @property
    def subject(self) -> str:
        """The subject of the certificate as text."""
        return rfc4514(self.request.name())

    @property
    def issuer(self) -> str:
        """The issuer of the certificate as text."""
        return self.authority.certificate.subject if self.authority else self.subject
