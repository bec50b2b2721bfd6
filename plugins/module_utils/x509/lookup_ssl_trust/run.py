# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lookup_ssl_trust from its options to its result: look, plan, sign in, back up, set, look again."""

from __future__ import annotations

import datetime
import time
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.lstool import registrations_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, differences
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.sts import sign_in
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionLost, Session, Trust, trust_from_params
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust import backup, options
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust import plan as update
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import (
    STATUSES,
    WRONG,
    Audit,
    Served,
    probed,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import Line, lines_of

IDENTITY = ("com.vmware.cis", "cs.identity", "wsTrust", "com.vmware.cis.cs.identity.sso")
AUDITED, UPDATED, RESTORED = "audited", "updated", "restored"


class SslTrust:
    """One run.

    :param params: the module's options.
    :param facts: the module's result, filled on the way, so that a failed task still tells what was seen.
    :param warnings: likewise.
    """

    def __init__(self, params: Dict[str, Any], facts: Dict[str, Any], warnings: List[str]) -> None:
        self.params, self.facts, self.warnings = params, facts, warnings
        self.now = moment(None)
        self.addresses = options.folded(params["addresses"])
        self.trust = trust_from_params(params)
        if not self.trust.pins and not params["validate_certs"] and params["listed"] is None:
            warnings.append("validate_certs is false: whoever answers at %s was believed, and would get the password" % params["hostname"])
        self.service: Optional[LookupService] = None
        self.registrations: List[Registration] = []
        self.served: Dict[Tuple[str, int], Served] = {}
        self.steps: List[Step] = []

    def plan(self) -> List[Step]:
        """Everything up to the first change. Nothing is written; where something will be, the account is tried.

        :raises RemediationError: an option is wrong, the service refuses, or nothing of it can be read.
        """
        state = self.params["state"]
        self.wanted = wanted = options.wanted_of(self.params, self.now) if state == UPDATED else None
        kept = backup.load(self.params["backup_path"], "backup_path") if state == RESTORED else None
        self._look()
        lines = self._audited()
        if wanted:
            update.refuse_unknown(lines, wanted, self.served)
            self.steps = update.plan(lines, wanted)
            if self.service is None:
                self.facts["replacements"] = update.by_fingerprint(lines, wanted)
        elif kept:
            self.steps = backup.plan(self.registrations, kept, self.facts["sso_domain"])
        if self.steps and self.service:
            self._prepare()
        self.facts["updated"] = [step.target for step in self.steps]
        return self.steps

    def _look(self) -> None:
        if self.params["listed"] is not None:
            self.registrations = registrations_of(self.params["listed"])
        else:
            self.service = self._service(self.params["hostname"], self.params["port"], self.trust)
            self.registrations = self.service.list()
        domain, self.sts = _sts(self.registrations, self.params["hostname"])
        self.facts["sso_domain"] = domain
        for one in self.registrations:
            if one.unknown or one.beyond:
                told = ", ".join(dict.fromkeys(one.unknown + list(one.beyond)))
                self.warnings.append("%s has elements that this release does not know: %s; they are kept as they are" % (one.title, told))

    @property
    def _connected(self) -> LookupService:
        """The service, where one is asked: a list that was given can be planned from, never changed."""
        if self.service is None:
            raise ValueError("a list was given: there is no service to ask")
        return self.service

    def _service(self, host: str, port: int, trust: Trust) -> LookupService:
        return LookupService(Session(host, port, trust, self.params["timeout"], self.addresses.get(host.lower())))

    def _audited(self) -> List[Line]:
        lines = lines_of(self.registrations)
        self.served = probed(lines, self.addresses, self.params["workers"], self.params["probe_timeout"])
        self._tell(lines)
        return lines

    def _tell(self, lines: List[Line]) -> None:
        audit = Audit(lines, self.served, self.now, self.params["strict"])
        endpoints = audit.results()
        self.facts.update(
            endpoints=endpoints,
            stale=[one for one in endpoints if one["status"] in WRONG],
            certificates=audit.certificates(),
            summary={word: sum(one["status"] == word for one in endpoints) for word in STATUSES},
        )

    def _prepare(self) -> None:
        """Where to keep the backup, and a token: what can fail fails before anything changes, in check mode too."""
        folder = self.params["backup_dir"] or self.params["backup_path"].rpartition("/")[0] or "."
        self.backup_path = backup.path_in(folder, self.params["hostname"], self.now)
        backup.check_folder(self.backup_path, "backup_dir")
        username, password = self.params["username"], self.params["password"]
        if not username or not password:
            raise RemediationError(
                "username, password: %d registrations would change, and that needs an account" % len(self.steps),
                "Give an administrator of the SSO domain %s." % self.facts["sso_domain"],
            )
        session = self._session_to(self.sts)
        self._connected.security = sign_in(session, urlsplit(self.sts).path, username, password, datetime.datetime.now(datetime.timezone.utc))

    def _session_to(self, url: str) -> Session:
        """The STS of a node answers on the node that was asked, where the list names that one; else on the one that it names."""
        own = self._connected.session
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        if (host, port) == (own.host.lower(), own.port):
            return own
        return Session(host, port, self.trust, self.params["timeout"], self.addresses.get(host))

    def apply(self, step: Step) -> Optional[Undo]:
        """Set one registration, if it still is what it was; the backup of all is written before the first."""
        if self.service is None:
            return None  # the appliance's own script makes it, told by the result's replacements
        before, after = step.payload
        if "backup_path" not in self.facts:
            kept = backup.Backup(self.facts["sso_domain"], self.params["hostname"], tuple(one.payload[0] for one in self.steps))
            backup.write(self.backup_path, kept, self.now, "backup_dir")
            self.facts["backup_path"] = self.backup_path
        self._set(before, after)
        return lambda: self._set(expected=after, wanted=before)

    def _set(self, expected: Registration, wanted: Registration) -> None:
        """Get, compare, Set: there is no compare-and-swap. Where the answer to Set was lost, look, and send it again if it is missing."""
        service = self._connected
        self._unchanged(expected, service.get(expected.service_id))
        try:
            service.set(wanted)
        except ConnectionLost:
            now = service.get(expected.service_id)
            if now != wanted:
                self._unchanged(expected, now)
                service.set(wanted)

    def _unchanged(self, before: Registration, now: Registration) -> None:
        if now == before:
            return
        self.facts["conflict"] = {"listed": before.as_dict(), "found": now.as_dict()}
        raise RemediationError(
            "%s changed since it was listed: %s" % (before.title, "; ".join(differences(before, now))),
            "Somebody else is at work on it; both versions are in the result (conflict). Look again, then run it again.",
        )

    def conclude(self, rehearsal: bool) -> None:
        """Look again: what was set must be listed so, here and at the partners."""
        if not self.steps or self.service is None:
            return
        wanted = [step.payload[1] for step in self.steps]
        if rehearsal:
            new = {one.service_id: one for one in wanted}
            self.registrations = [new.get(one.service_id, one) for one in self.registrations]
        else:
            self.registrations = self.service.list()
        lines = lines_of(self.registrations)
        self._tell(lines)
        if self.wanted:
            left = [line.endpoint.url for line in update.left_behind(lines, self.wanted, self.served)]
            if left:
                self.warnings.append("still stale, as they held another certificate than the old one: %s" % ", ".join(left))
        missed = update.differing(self.registrations, wanted)
        if missed:
            raise RemediationError(
                "set, and not listed as it was set: %s" % "; ".join(one.title for one in missed),
                "The service kept something else (old entries of 5.x cannot be changed so); the backup is %s." % self.facts.get("backup_path"),
            )
        if not rehearsal:
            self.facts["partners"] = [self._partner(url, wanted) for url in self.params["verify_urls"] or ()]

    def _partner(self, url: str, wanted: List[Registration]) -> dict:
        """Whether a partner has the same by now; registrations replicate within seconds."""
        parts = urlsplit(url if "//" in url else "https://" + url)
        service = self._service(parts.hostname or "", parts.port or 443, self.trust)
        deadline = time.monotonic() + self.params["verify_timeout"]
        while True:
            missed = [one.title for one in update.differing(service.list(), wanted)]
            if not missed or time.monotonic() > deadline:
                break
            time.sleep(1)
        if missed:
            self.warnings.append("%s does not have the new anchors yet: %s" % (url, ", ".join(missed)))
        return {"url": url, "in_sync": not missed, "differing": missed}


def _sts(registrations: List[Registration], hostname: Optional[str]) -> Tuple[str, str]:
    """The SSO domain and the address of an STS, the asked node's own where it has one."""
    found = [
        endpoint.url
        for one in registrations
        if (one.product, one.type) == IDENTITY[:2]
        for endpoint in one.endpoints
        if (endpoint.protocol, endpoint.type) == IDENTITY[2:]
    ]
    own = [url for url in found if urlsplit(url).hostname == (hostname or "").lower()]
    url = (own or found or [""])[0]
    return url.rstrip("/").rpartition("/")[2], url
