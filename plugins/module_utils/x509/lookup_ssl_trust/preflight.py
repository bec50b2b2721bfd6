# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be true before the first registration is set: everything that is wrong is reported at once, in check mode too."""

from __future__ import annotations

import datetime
from typing import Sequence
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.sts import sign_in
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import counted
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import check_folder, path_for
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Sts, session_to
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import Audit, Status
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust

#: an update that leaves an endpoint with one of these did not repair it
UNREPAIRED = (Status.STALE, Status.EXPIRED_ANCHOR, Status.MALFORMED)
#: the largest number of urls that a message lists
LISTED = 10


def check_backup_folder(options: Options, now: datetime.datetime) -> None:
    """The backup must be writable."""
    check_folder(path_for(options.backup_folder, options.hostname, now), options.backup_option)


def sign_in_for_set(options: Options, sts: Sts, service: LookupService, count: int, now: datetime.datetime) -> None:
    """Get a token for Set, from the STS of the node that was asked, or of the option ``sts_hostname``.

    The password goes to no host that only a registration names.

    :param count: the number of registrations that would change.
    :raises RemediationError: there is no account, no STS is registered, or the STS refuses.
    """
    if not options.username or not options.password:
        raise RemediationError(
            "username, password: %s would change, and that needs an account" % counted(count, "registration"),
            "Give an administrator of the SSO domain %s." % sts.domain,
        )
    if not sts.path:
        raise RemediationError(
            "%s lists no STS with a path such as /sts/STSService/vsphere.local%s" % (service.session.where, ": it is %s" % sts.url if sts.url else ""),
            "Check that hostname is a node of an SSO domain. Nothing was sent to that url.",
        )
    session = session_to(options, options.sts.host, options.sts.port) if options.sts else service.session
    service.security_header = sign_in(session, sts.path, options.username, options.password, now)
    service.session.secrets |= session.secrets


def partner_service(options: Options, url: str) -> LookupService:
    """The Lookup Service of one of ``verify_urls``."""
    parts = urlsplit(url if "//" in url else "https://" + url)
    return LookupService(session_to(options, parts.hostname or "", parts.port or 443))


def check_partner(options: Options, url: str) -> None:
    """A partner that cannot be asked now cannot be asked after the change."""
    try:
        partner_service(options, url).list()
    except RemediationError as error:
        raise RemediationError("verify_urls: %s" % error.message, error.advice) from error


def check_served(selected: Sequence[EndpointTrust], audit: Audit) -> None:
    """The urls that the update is to repair must answer with a certificate that the trust anchors accept afterwards.

    :param selected: the endpoints that the update selects, as they would be afterwards.
    :raises RemediationError: a url does not answer, or its endpoint would still be stale.
    """
    judged = [(trust.endpoint.url, audit.judge(trust)) for trust in selected]
    silent = ["%s (%s)" % (url, judgement.reason) for url, judgement in judged if judgement.status is Status.UNREACHABLE]
    stale = ["%s (%s: %s)" % (url, judgement.status.value, judgement.reason) for url, judgement in judged if judgement.status in UNREPAIRED]
    if stale:
        raise RemediationError(
            "new_certificate: %d endpoints would still be stale after the update: %s%s" % (len(stale), _some(stale), _and_silent(silent)),
            "Give the certificate that is served there, or select fewer endpoints with old_fingerprint or hosts. Nothing was changed.",
        )
    if silent:
        raise RemediationError(
            "%d urls whose trust anchors the update selects do not answer: %s" % (len(silent), _some(silent)),
            "Start these services, or give addresses if this machine cannot resolve the names; to update without verifying these urls, set "
            "require_served to false. Nothing was changed.",
        )


def _and_silent(silent: Sequence[str]) -> str:
    return "; and %d do not answer: %s" % (len(silent), _some(silent)) if silent else ""


def _some(texts: Sequence[str]) -> str:
    return "; ".join(texts[:LISTED]) + (" and %d more" % (len(texts) - LISTED) if len(texts) > LISTED else "")
