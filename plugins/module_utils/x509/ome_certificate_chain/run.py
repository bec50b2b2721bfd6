# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``ome_certificate_chain``: validate a chain, have a request created, or upload a chain and prove that it is served."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, Collection, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import Refusal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, unwrap
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import findings_in, text_in
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import report
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance, HandshakeResult, Observation
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import Examination, examine
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Action, Compare, Options, State, Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import RefusedUpload, errors_among


class OmeCertificateChainRun(Run[Action]):
    """A run has at most one step: a request to create, or a file to upload. What only one of them needs is imported by that step."""

    def __init__(self, options: Options, context: RunContext) -> None:
        super().__init__()
        self.options = options
        self.context = context
        self.appliance = Appliance(options.connection) if options.connection else None
        self.observation: Optional[Observation] = None
        self.examination: Optional[Examination] = None
        self.differs: Optional[bool] = None
        self.uploaded = False
        self.refused: Optional[RefusedUpload] = None
        self.served: Tuple[Certificate, ...] = ()
        self.handshake: Optional[HandshakeResult] = None
        self.handshake_tried = False
        self.request: Optional[report.RequestOutcome] = None
        #: whether the run got to its end; the result of a task that failed has no lists of certificates
        self.complete = False

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> OmeCertificateChainRun:
        """A run of the module's parameters."""
        require()
        return cls(Options.from_params(params, context), context)

    def collect(self) -> None:
        """Read the appliance's clock and the served chain. For a validation, try a handshake with the root of the other appliance's chain."""
        state = self.options.state
        if self.appliance and state is not State.CSR:
            self.observation = self.appliance.observe()
            self.served = self.observation.served
        if state is State.VALIDATED:
            self._try_handshake(self.options.expected.peer or self._path)

    def plan(self) -> Sequence[Step[Action]]:
        """A request, an upload, or nothing.

        :raises RemediationError: an error among the findings forbids the upload; or the account cannot sign in.
        """
        if self.options.csr:
            return self._plan_request(self.options.csr)
        self._examine()
        return [] if self.options.state is State.VALIDATED else self._plan_upload()

    def _examine(self) -> None:
        """Judge the file. If another task of this check run will write it, judge what is known of it."""
        if self.options.upload or self.options.expected.issuers:
            self.examination = self._examination()
            self.warnings += self.examination.warnings
        elif self.options.state is State.VALIDATED:
            self.warnings.append("path: the file was not validated, because another task of this check run will write it")

    def _examination(self) -> Examination:
        options = self.options
        if options.upload and not options.expected.peer_issuers:
            return self._in_language(examine(options.upload, options.expected, self._now))
        from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.stand_ins import with_stand_ins

        upload, expected, keys = with_stand_ins(options.upload, options.chain, options.expected, self._now)
        examination = examine(upload, expected, self._now, keys)
        # a stand-in is no certificate of the file
        return self._in_language(examination if options.upload else dataclasses.replace(examination, certificates=()))

    def _in_language(self, examination: Examination) -> Examination:
        return dataclasses.replace(examination, findings=findings_in(self.options.language, examination.findings))

    def _error(self, message: str, advice: str) -> RemediationError:
        return RemediationError(text_in(self.options.language, message), text_in(self.options.language, advice))

    def _plan_request(self, fields: CsrFields) -> Sequence[Step[Action]]:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.plan_csr import plan_csr

        planned = plan_csr(fields, self.options.csr_path, self.options.force)
        self.request = report.RequestOutcome(planned.csr, planned.reasons)
        if planned.steps or self.options.check_account:
            self._connected.check_account()
        return planned.steps

    def _plan_upload(self) -> Sequence[Step[Action]]:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.plan_upload import plan_upload

        where = self._connected.where
        errors = errors_among(self.examination.findings) if self.examination else ""
        if errors:
            raise self._error("nothing was uploaded to %s: %s" % (where, errors), "Each of the findings names its remedy.")
        steps = plan_upload(self.options, self.served, where)
        if steps or self.options.check_account:
            self._connected.check_account()
        self.differs = bool(steps)
        return steps

    def apply(self, step: Step[Action]) -> Optional[Undo]:
        """Have the request created, or upload. Only the file with the request can be restored."""
        if isinstance(step.payload, CsrFields):
            return self._create_request(step.payload)
        if step.payload:
            self._upload(step.payload)
        return None

    def _create_request(self, fields: CsrFields) -> Undo:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.apply_csr import create_csr, keep_csr

        csr = create_csr(self._connected, fields)
        reasons = self.request.reasons if self.request else ()
        self.request = report.RequestOutcome(csr, reasons)
        undo, backups = keep_csr(csr, self.options.csr_path)
        self.request = report.RequestOutcome(csr, reasons, backups)
        return undo

    def _upload(self, upload: Upload) -> None:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.apply_upload import upload_to, wait_until_served

        try:
            lost = upload_to(self._connected, upload)
        except Refusal as refusal:
            refused = RefusedUpload.of(refusal, upload.chain, self._connected.where)
            self.refused = dataclasses.replace(refused, finding=findings_in(self.options.language, [refused.finding])[0])
            finding = self.refused.finding
            raise self._error("%s: %s" % (finding.code, refusal.message), finding.advice) from refusal
        self.uploaded = True
        self.served, incomplete = wait_until_served(self._connected, upload, self.options.compare, self.options.wait_timeout, self.served)
        self.warnings += [warning for warning in (lost, incomplete) if warning]

    def settle(self, step: Step[Action]) -> bool:
        """Nothing is reversed.

        :raises RemediationError: the appliance has a new key or certificate, or may have.
        """
        if self._connected.acted:
            raise RemediationError("the appliance cannot take that back", "Look at the certificate that it serves.")
        return False

    def verify(self, steps: Sequence[Step[Action]]) -> None:
        """A client that trusts only the root of the chain must accept what the appliance serves.

        :raises RemediationError: it does not.
        """
        if self.options.state is State.PRESENT:
            self._try_handshake(self._path)
            self._require_verification()
        self.complete = True

    def predict(self, steps: Sequence[Step[Action]]) -> None:
        """The plan is all that check mode reports."""
        self.complete = True

    def _require_verification(self) -> None:
        if self.handshake and not self.handshake.verified:
            raise RemediationError(
                "%s serves the certificate, but a client that trusts only its root refuses it: %s" % (self._connected.where, self.handshake.error),
                "Upload the whole chain; if the names differ, have the certificate issued for the name that clients use.",
            )

    def _try_handshake(self, path: Tuple[Certificate, ...]) -> None:
        known = self._path[1:-1] if self.options.compare is Compare.LEAF else ()
        self.handshake = self.appliance.verify_with_root_of(path, known) if self.appliance else None
        self.handshake_tried = True

    @property
    def _connected(self) -> Appliance:
        return unwrap(self.appliance, "the options require a host name for every state that needs the appliance")

    @property
    def _path(self) -> Tuple[Certificate, ...]:
        return self.options.upload.path if self.options.upload else ()

    @property
    def _now(self) -> datetime.datetime:
        """The moment of the judgement: as the task asks, or by the appliance's clock, or now."""
        return self.options.at or (self.observation and self.observation.clock) or self.context.now

    def secrets(self) -> Collection[str]:
        """The password and the token."""
        return self.appliance.secrets if self.appliance else ()

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        facts: Dict[str, Any] = self.request.as_dict() if self.request else {}
        if self.observation:
            facts["clock_skew"] = report.clock_skew(self.observation.clock, self.context.now)
        if self.observation and self.complete:
            facts["served"] = [certificate.as_dict(self.options.at or self.context.now) for certificate in self.served]
        if self.examination:
            facts.update(report.examination_facts(self.examination, self.refused, self.complete))
        if self.differs is not None:
            facts["differs"] = self.differs
        if self.uploaded:
            facts["uploaded"] = True
        if self.handshake_tried:
            facts["handshake"] = report.handshake_facts(self.handshake)
        return facts
