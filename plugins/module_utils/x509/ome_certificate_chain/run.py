# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of ``ome_certificate_chain``: options in, plan and documented result out."""

from __future__ import annotations

from typing import List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import plan_csr as request
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import plan_upload as uploading
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import responses as judgement
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import examine, peer_path, upload_of


class OmeRun:
    """One run of the module."""

    def __init__(self, params: dict, facts: dict, warnings: List[str], rehearsal: bool = False) -> None:
        self.params, self.facts, self.warnings = params, facts, warnings
        self.rehearsal = rehearsal
        self.appliance = Appliance(params) if params["hostname"] else None

    def plan(self) -> List[Step]:
        """Read everything, judge it, and say what would change; nothing changes here."""
        state = self.params["state"]
        if state == "csr":
            return request.plan(self.params, self._there, self.facts)
        now = moment(self.params["at"])
        if self._still_to_come():
            return self._differs(uploading.plan_awaited(self._served(), self._there))
        self.upload = upload_of(self.params)
        served: tuple = ()
        if self.appliance:
            clock, served = self.appliance.clock(), self._served()
            skew = None if clock is None else round((clock - moment(None)).total_seconds())
            self.facts.update(clock_skew=skew, served=[one.as_dict(now) for one in served])
            now = now if clock is None or self.params["at"] else clock
        examine(self.upload, self.params, now, self.facts, self.warnings)
        if state == "validated":
            self._prove(peer_path(self.params) or self.upload.path)
            return []
        against = judgement.against(self.facts["findings"])
        if against:
            raise RemediationError("nothing was uploaded to %s: %s" % (self._there.where, against), "Each finding tells what mends it.")
        return self._differs(uploading.plan(self.upload, served, self.params, self._there))

    def _differs(self, steps: List[Step]) -> List[Step]:
        self.facts["differs"] = bool(steps)
        return steps

    def _still_to_come(self) -> bool:
        """Whether another task of this rehearsal would have made the file; what lies there now is the one before it."""
        return self.rehearsal and self.params["awaited"] and self.params["path"] is not None

    @property
    def _there(self) -> Appliance:
        if self.appliance is None:
            raise RemediationError("hostname: is missing", "Name the appliance.")
        return self.appliance

    def _served(self) -> tuple:
        try:
            return self._there.served()
        except ProbeError as error:
            raise RemediationError(error.message, error.advice) from error

    def _prove(self, path: tuple) -> None:
        self.facts["handshake"] = self.appliance.prove(path) if self.appliance else None

    def apply(self, step: Step) -> Optional[Undo]:
        """Have a request made, or upload."""
        if self.params["state"] == "csr":
            return request.apply(step, self._there, self.facts)
        uploading.apply(step.payload, self.params, self._there, self.facts, self.warnings)
        return None

    def conclude(self) -> None:
        """Prove what is served now: a client that knows nothing but the root must take it.

        :raises RemediationError: it does not.
        """
        if self.params["state"] != "present" or (self.rehearsal and self.facts["differs"]):
            return
        self._prove(self.upload.path)
        proof = self.facts["handshake"]
        if proof and not proof["verified"]:
            raise RemediationError(
                "%s serves the certificate, and a client that knows only its root refuses it: %s" % (self._there.where, proof["error"]),
                "Upload the whole chain; where the names differ, have it issued for the name that clients use.",
            )
