# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be issued: names, key, validity, signer and files."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import Paths
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import Authority
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import KeySpec


@dataclass(frozen=True)
class IssueSpec:
    """What the certificate, its key and its files must be.

    :param renew_before: how long before its end a certificate is replaced.
    :param reuse_key: whether a renewed certificate keeps the private key.
    :param authority: the CA that signs; None: the certificate is self-signed, or the module does not sign it.
    :param key: what the options ask of the key; ``new_key`` is what a new one will be.
    :param asked: the names that the options ask for; ``request`` has these and the kept ones (kept.py).
    :param purposes: what the certificate must be good for, by the names of the extended key usage.
    :param drop_names: names of the present certificate that are given up.
    :param wildcards: whether the profile allows a name such as ``*.corp.example``.
    :param force: whether a new certificate is issued without any other reason.
    :param refusals: why no new certificate with the kept names can be issued.
    """

    request: Request
    paths: Paths
    key: KeySpec = field(default_factory=KeySpec)
    valid_days: int = 397
    renew_before: datetime.timedelta = datetime.timedelta(days=30)
    reuse_key: bool = True
    authority: Optional[Authority] = None
    asked: AlternativeNames = AlternativeNames()
    purposes: Tuple[str, ...] = ("serverAuth",)
    drop_names: Tuple[str, ...] = ()
    wildcards: bool = False
    force: bool = False
    refusals: Tuple[RemediationError, ...] = ()
    new_key: KeySpec = field(default_factory=KeySpec)

    def dropped(self, names: AlternativeNames) -> Tuple[str, ...]:
        """Those of some names that are given up."""
        return names.missing_in(names.without(self.drop_names))

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
