# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``lookup_ssl_trust``: list, probe, plan, sign in, back up, set, list again."""

from __future__ import annotations

import datetime
import os
import time
from functools import partial
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService, RegistrationChanged
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust import collect
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import Audit
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.options import Options, State
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.plan import (
    RegistrationChange,
    check_ids,
    check_old_is_registered,
    left_behind,
    plan_update,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust, endpoint_trusts
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.verify import PartnerStatus, not_as_set, wait_for_partner


class LookupSslTrustRun(Run[RegistrationChange]):
    """Each step sets one registration. With the option ``listed`` there is no service to change: the run only plans."""

    def __init__(self, options: Options, now: datetime.datetime) -> None:
        super().__init__()
        self.options, self.now = options, now
        self.started = time.monotonic()
        #: None if the registrations are given in the option ``listed``
        self.service: Optional[LookupService] = None
        self.spec: Optional[UpdateSpec] = None
        self.registrations: List[Registration] = []
        self.trusts: List[EndpointTrust] = []
        self.sts = collect.Sts()
        self.served: Dict[HostPort, collect.Served] = {}
        self.audit: Optional[Audit] = None
        self.steps: Sequence[Step[RegistrationChange]] = ()
        #: the endpoints that the update is responsible for
        self.selected: Optional[List[EndpointTrust]] = None
        self.replacements: Optional[List[Dict[str, str]]] = None
        self.not_restored: Optional[List[Dict[str, Any]]] = None
        self.backup_path: Optional[str] = None
        self.conflict: Optional[RegistrationChanged] = None
        self.partners: Optional[List[PartnerStatus]] = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> LookupSslTrustRun:
        """A run of the module's parameters."""
        require()
        return cls(Options.from_params(params), context.now)

    def collect(self) -> None:
        """Read the new certificates, list the registrations, and probe their urls."""
        options = self.options
        if options.state is State.UPDATED:
            self.spec = collect.update_spec(options, self.now)
        if options.listed is None:
            self.service = LookupService(collect.session_to(options, options.hostname, options.port))
        registrations = collect.read_registrations(options, self.service)
        self.sts = collect.find_sts(registrations, options.hostname)
        self._warn_of_unknown_elements(registrations)
        trusts = endpoint_trusts(registrations)
        self.served = collect.probe_endpoints(trusts, options)
        self._take(registrations, trusts)

    def _warn_of_unknown_elements(self, registrations: Sequence[Registration]) -> None:
        for registration in registrations:
            names = dict.fromkeys((*registration.unknown, *registration.beyond))
            if names:
                self.warnings.append(
                    "%s has elements that this release of certmend.tls does not know: %s; they are kept unchanged" % (registration.title, ", ".join(names))
                )

    def _take(self, registrations: List[Registration], trusts: List[EndpointTrust]) -> None:
        """The result reports on these registrations from now on."""
        self.registrations, self.trusts = registrations, trusts
        self.audit = self._audit_of(trusts)

    def _audit_of(self, trusts: Sequence[EndpointTrust]) -> Audit:
        return Audit(tuple(trusts), self.served, self.now, self.options.strict)

    def plan(self) -> Sequence[Step[RegistrationChange]]:
        """Compare the registrations with what is wanted. If something changes, check everything that the change needs, in check mode too."""
        steps = self._steps()
        if self.spec is not None:
            self.selected = [trust for trust in self.trusts if self.spec.selects(trust)]
        self._check(steps)
        self.steps = steps
        return steps

    def _check(self, steps: Sequence[Step[RegistrationChange]]) -> None:
        """Everything that would stop the update later stops it here, with all the reasons at once."""
        if not steps and self.spec is None:
            return
        from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust import preflight

        options = self.options
        errors: List[RemediationError] = []
        if self.spec is not None and options.require_served:
            after = self._after(steps)
            selected = [trust for trust in after if self.spec.selects(trust)]
            attempt(errors, partial(preflight.check_served, selected, self._audit_of(after)))
        if steps and self.service is not None:
            now = self.now + datetime.timedelta(seconds=time.monotonic() - self.started)
            if options.password and not options.verified:  # an audit sends no credentials
                self.warnings.append("validate_certs is false: server identity not verified; credentials would go to any server at this address")
            attempt(errors, partial(preflight.check_backup_folder, options, self.now))
            attempt(errors, partial(preflight.sign_in_for_set, options, self.sts, self.service, len(steps), now))
            for url in options.verify_urls:
                attempt(errors, partial(preflight.check_partner, options, url))
        raise_all(errors)

    def _after(self, steps: Sequence[Step[RegistrationChange]]) -> List[EndpointTrust]:
        """The endpoints as they would be after the steps."""
        after = {step.payload.after.service_id: step.payload.after for step in steps}
        return endpoint_trusts([after.get(current.service_id, current) for current in self.registrations])

    def _steps(self) -> Sequence[Step[RegistrationChange]]:
        if self.options.state is not State.AUDITED:
            check_ids(self.registrations)
        if self.spec is not None:
            check_old_is_registered(self.trusts, self.spec, self.served)
            steps = plan_update(self.trusts, self.spec)
            if self.service is None:
                from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.vendor_script import by_fingerprint

                self.replacements = by_fingerprint(self.trusts, self.spec)
            return steps
        if self.options.backup is not None:
            from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.restore import plan_restore

            restore = plan_restore(self.registrations, self.options.backup, self.sts.domain, self.options.force)
            self.not_restored = [kept.as_dict() for kept in restore.kept]
            self.warnings += [str(kept) for kept in restore.kept]
            return restore.steps
        return []

    def apply(self, step: Step[RegistrationChange]) -> Optional[Undo]:
        """Set a registration if it still is as it was listed. All registrations that change are backed up before the first is set."""
        if self.service is None:
            return None  # the vendor's script makes the change, with the result's replacements
        if self.backup_path is None:
            self._write_backup()
        before, after = step.payload.before, step.payload.after
        self._replace(self.service, before, after)
        return partial(self._replace, self.service, after, before)

    def settle(self, step: Step[RegistrationChange]) -> bool:
        """Restore the registration of a step that ended in an exception, if it was set."""
        before, after = step.payload.before, step.payload.after
        if self.service is None or before.service_id not in self.service.sent or self.service.get(before.service_id) == before:
            return False
        self._replace(self.service, after, before)
        return True

    def _write_backup(self) -> None:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import Backup, path_for, write

        options = self.options
        self.backup_path = path_for(options.backup_folder, options.hostname, self.now)
        before, after = (tuple(getattr(step.payload, version) for step in self.steps) for version in ("before", "after"))
        write(self.backup_path, Backup(self.sts.domain, options.hostname, before, after), self.now, options.backup_option)

    def _replace(self, service: LookupService, expected: Registration, wanted: Registration) -> None:
        try:
            service.replace(expected, wanted)
        except RegistrationChanged as conflict:
            self.conflict = conflict
            raise

    def predict(self, steps: Sequence[Step[RegistrationChange]]) -> None:
        """Judge the registrations as they would be."""
        if self.service is not None:
            after = {step.payload.after.service_id: step.payload.after for step in steps}
            self._take([after.get(current.service_id, current) for current in self.registrations], self._after(steps))
            self._warn_of_left_behind()

    def verify(self, steps: Sequence[Step[RegistrationChange]]) -> None:
        """List the registrations again: they must be as they were set, here and on the partners."""
        if not steps or self.service is None:
            return
        registrations = self.service.list()
        self._take(registrations, endpoint_trusts(registrations))
        self._warn_of_left_behind()
        wanted = [step.payload.after for step in steps]
        missed = not_as_set(registrations, wanted)
        if missed:
            raise RemediationError(
                "the Lookup Service lists other values than those that were set: %s" % "; ".join(registration.title for registration in missed),
                "It did not keep all of the update (entries of 5.x cannot be changed by Set). The backup is %s." % self.backup_path,
            )
        self.partners = [self._ask_partner(url, wanted) for url in self.options.verify_urls]

    def _warn_of_left_behind(self) -> None:
        left = left_behind(self.trusts, self.spec, self.served) if self.spec is not None else []
        if left:
            urls = ", ".join(trust.endpoint.url for trust in left)
            self.warnings.append("still stale, because they hold another certificate than the old one: %s" % urls)

    def _ask_partner(self, url: str, wanted: Sequence[Registration]) -> PartnerStatus:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.preflight import partner_service

        service = partner_service(self.options, url)
        status = wait_for_partner(url, service, wanted, self.options.verify_timeout)
        if status.differing:
            self.warnings.append("%s does not list the new trust anchors yet: %s" % (url, ", ".join(status.differing)))
        return status

    def essential_facts(self) -> Dict[str, Any]:
        """What changed, and the backup."""
        facts: Dict[str, Any] = {"updated": [step.target for step in self.changes]}
        if self.backup_path is not None and os.path.exists(self.backup_path):
            facts["backup_path"] = self.backup_path
        return facts

    def secrets(self) -> Collection[str]:
        """The password and the assertion."""
        return self.service.session.secrets if self.service else ()

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        facts = self.essential_facts()
        if self.audit is not None:
            facts.update(self.audit.report(), sso_domain=self.sts.domain)
        if self.selected is not None:
            facts["selected"] = [{"service_id": trust.registration.service_id, "url": trust.endpoint.url} for trust in self.selected]
        if self.replacements is not None:
            facts["replacements"] = self.replacements
        if self.not_restored is not None:
            facts["not_restored"] = self.not_restored
        if self.conflict is not None:
            facts["conflict"] = {"listed": self.conflict.listed.as_dict(), "found": self.conflict.found.as_dict()}
        if self.partners is not None:
            facts["partners"] = [partner.as_dict() for partner in self.partners]
        return facts
