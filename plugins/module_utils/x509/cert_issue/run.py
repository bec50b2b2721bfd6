# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options to plan, plan to files: what ``cert_issue`` does between reading its parameters and its result."""

from __future__ import annotations

import datetime
import os
from typing import List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file, read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction, describe_attributes
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing, look
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.pin_impact import broken_by, store_given, warning_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan import (
    File,
    Making,
    Plan,
    leaf_and_chain,
    plan_certificate,
    plan_import,
    plan_request,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_external_csr import plan_signing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import Wanted
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import make_request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import Authority, make_authority
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import KeySpec, load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading, load_csr, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import GENERIC, Context

#: what an imported certificate must not be; trust and chains are for the handshake to prove
REFUSED = ("NAME-", "VALIDITY-EXPIRED", "VALIDITY-NOT-YET")


class Issuing:
    """One run of the module."""

    def __init__(self, params: dict, facts: dict, warnings: List[str], rehearsal: bool = False) -> None:
        self.params = params
        self.rehearsal = rehearsal
        self.facts = facts
        self.warnings = warnings
        self.now = datetime.datetime.now(datetime.timezone.utc)

    def plan(self) -> List[Step]:
        """Read everything, check everything, touch nothing."""
        wanted, store = self._wanted(), store_given(self.params)
        existing = look(self.params)
        self._report(existing)
        plan = self._plan_for(self.params["provider"], wanted, existing)
        self.facts.update(renewed_because=list(plan.reasons), pin_changed=plan.pin_changed)
        if store and plan.steps:
            self._tell_of_pins(store, existing, plan)
        steps = plan.steps or self._attribute_steps(wanted)
        for step in steps:
            check_writable([Replacement(path, b"", option) for path, option in step.payload.targets])
        return steps

    def _tell_of_pins(self, store: Store, existing: Existing, plan: Plan) -> None:
        names = [self.params["fqdn"]] + self.params["dns_names"] + self.params["ip_addresses"]
        broken = broken_by(store, existing, plan.pin, names)
        self.facts["pins_broken"] = [str(one.server) for one in broken]
        if broken:
            self.warnings.append(warning_of(broken, self.params["reuse_key"]))

    def _attribute_steps(self, wanted: Wanted) -> List[Step]:
        """Files that are as they should be, but for their mode or owner."""
        steps = []
        for what, path in wanted.paths.items():
            if not path or not os.path.exists(path):
                continue
            one = File(path, read_file(path, what_path(what)), what_path(what), secret=what in ("key", "combined"))
            now, then = describe_attributes(self._replacement(one))
            if now != then:
                steps.append(Step(path, now, then, Making(lambda _making, one=one: [one], ((path, one.option),))))
        return steps

    def apply(self, step: Step) -> Undo:
        """Make what the plan says and put all of it in place, or nothing."""
        making = step.payload
        transaction = Transaction([self._replacement(one) for one in making.make(making)], backup=self.params["backup"])
        undo = transaction.commit(remove=making.obsolete)
        self.facts.update(backup_files=transaction.backups, created_files=transaction.created)
        if making.certificates:
            self.facts["certificate"] = making.certificates[0].as_dict(self.now)
        if making.csr:
            self.facts["csr"] = making.csr.decode("ascii")
        return undo

    def _wanted(self) -> Wanted:
        params, errors = self.params, []  # type: ignore[var-annotated]
        request = attempt(errors, self._request)
        authority = attempt(errors, self._authority) if params["provider"] == "own_ca" else None
        if params["valid_days"] <= params["renew_before_days"]:
            errors.append(
                RemediationError(
                    "valid_days (%(valid_days)d) is not more than renew_before_days (%(renew_before_days)d)" % params,
                    "With these the certificate would be issued again at each run.",
                )
            )
        raise_all(errors)
        return Wanted(
            request=request,  # type: ignore[arg-type]
            paths={what: params[what_path(what)] for what in ("key", "csr", "certificate", "combined")},
            now=self.now,
            key=KeySpec(params["key_type"], params["key_size"], params["curve"]),
            valid_days=params["valid_days"],
            renew_before=datetime.timedelta(days=params["renew_before_days"]),
            reuse_key=params["reuse_key"],
            authority=authority,
        )

    def _request(self) -> object:
        params = self.params
        return make_request(
            params["fqdn"],
            params["dns_names"],
            params["ip_addresses"],
            params["subject"],
            params["extended_key_usage"],
            wildcards=params["profile"] == GENERIC,
        )

    def _authority(self) -> Authority:
        reading = self._reading("ca_certificate")
        key_bytes = _given(self.params, "ca_private_key")
        key = load_private_key(
            key_bytes, "ca_private_key", self.params["ca_private_key_passphrase"], "ca_private_key_passphrase"
        )
        return make_authority(list(reading.certificates), key, self.now)

    def _reading(self, option: str) -> Reading:
        reading = read_certificates(_given(self.params, option))
        if not reading.certificates:
            raise RemediationError("%s: %s" % (option, "; ".join(reading.warnings) or "no certificate in it"), "Give PEM.")
        return reading

    def _plan_for(self, provider: str, wanted: Wanted, existing: Existing) -> Plan:
        if provider == "csr":
            return plan_request(wanted, existing)
        if provider == "import":
            answer = self._reading("certificate").certificates
            self._refuse(leaf_and_chain(answer, existing)[0])
            return plan_import(wanted, existing, answer)
        if self.params["request_path"] is not None or self.params["request_content"] is not None:
            return plan_signing(wanted, existing, self._request_made_elsewhere())
        return plan_certificate(wanted, existing)

    def _request_made_elsewhere(self) -> Optional[object]:
        """The request; None where it is another task of this rehearsal that would have made it."""
        path = self.params["request_path"]
        if self.rehearsal and path is not None and not os.path.lexists(path):
            return None
        return load_csr(_given(self.params, "request"), "request")

    def _refuse(self, leaf: Certificate) -> None:
        """A certificate that its clients would reject by name or date is not put in place."""
        context = Context(now=self.now, name=self.params["fqdn"], profiles=frozenset([self.params["profile"]]))
        findings = judge(chain_of([leaf], None, first_is_leaf=True), context, "certificate_content")
        raise_all(
            [
                RemediationError("certificate_content: %s" % one.message, one.advice)
                for one in findings
                if one.severity == ERROR and one.code.startswith(REFUSED)
            ]
        )

    def _report(self, existing: Existing) -> None:
        before = existing.certificate.as_dict(self.now) if existing.certificate else None
        csr = csr_pem(existing.csr) if existing.csr is not None else None
        self.facts.update(certificate=before, previous=before, csr=csr, pins_broken=[], backup_files={}, created_files=[])

    def _replacement(self, one: File) -> Replacement:
        params = self.params
        mode = params["private_key_mode"] if one.secret else params["mode"]
        return Replacement(
            one.path, one.content, one.option, mode=mode, owner=params["owner"], group=params["group"], secret=one.secret
        )


def what_path(what: str) -> str:
    """The option of a path: ``key`` is private_key_path."""
    return "private_key_path" if what == "key" else what + "_path"


def _given(params: dict, option: str) -> bytes:
    """The bytes of ``option_content`` or ``option_path``, one of which is required."""
    return read_path_or_content(params, option + "_path", option + "_content")[0]  # type: ignore[return-value]
