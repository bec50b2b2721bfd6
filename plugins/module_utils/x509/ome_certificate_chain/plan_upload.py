# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upload a chain or a certificate, and wait until the web server shows it."""

from __future__ import annotations

import time
from typing import List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionLost
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import Refusal
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import certificate_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import responses as judgement
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import Upload

#: seconds between two looks at a web server that restarts
PAUSE = 1.0


def in_place(served: Sequence[Certificate], path: Sequence[Certificate], leaf_alone: bool) -> bool:
    """Whether the web server shows what would be uploaded; it need not send the root."""
    if not served or served[0] != path[0]:
        return False
    return leaf_alone or all(one in served for one in path if not one.self_signed)


def plan(upload: Upload, served: Sequence[Certificate], params: dict, appliance: Appliance) -> List[Step]:
    """One step, or none where the appliance serves it already."""
    if in_place(served, upload.path, params["compare"] == "leaf") and not params["force"]:
        return []
    if params["awaited"]:
        return _step(served, _awaited(appliance), appliance, upload)
    return _step(served, _text(appliance.where, upload.path), appliance, upload)


def plan_awaited(served: Sequence[Certificate], appliance: Appliance) -> List[Step]:
    """The same of a file that is yet to be made."""
    return _step(served, _awaited(appliance), appliance, None)


def _step(served: Sequence[Certificate], after: str, appliance: Appliance, upload: Optional[Upload]) -> List[Step]:
    with appliance.signed_in():
        pass  # what the run would be refused is refused in check mode
    return [Step(appliance.where, _text(appliance.where, served), after, upload)]


def _awaited(appliance: Appliance) -> str:
    return "certificate %s\n  the one that is being made, with its chain\n" % appliance.where


def apply(upload: Upload, params: dict, appliance: Appliance, facts: dict, warnings: List[str]) -> None:
    """Hand it over and wait. There is no way back: the appliance has given up the former certificate's key by then."""
    try:
        with appliance.signed_in() as ome:
            ome.upload(upload.data, upload.chain)
    except ConnectionLost as error:
        warnings.append("the answer to the upload was lost (%s); what is served decides" % error.message)
    except Refusal as refusal:
        told = dict(judgement.finding_of(refusal, upload.chain, appliance.where).as_dict(), waived=None)
        facts.update(refusal=refusal.raw, accepted=False, answer=told["answer"], verdict="error")
        facts["findings"].append(told)
        raise RemediationError("%s; %s" % (told["code"], refusal.message), told["advice"]) from refusal
    facts["uploaded"] = True
    served = _wait(upload, params, appliance, warnings)
    facts["served"] = [one.as_dict(moment(None)) for one in served]


def _wait(upload: Upload, params: dict, appliance: Appliance, warnings: List[str]) -> Tuple[Certificate, ...]:
    """What is served in the end: the web server restarts, and takes its time."""
    deadline = time.monotonic() + params["wait_timeout"]
    while True:
        served, told = _look(appliance)
        if in_place(served, upload.path, params["compare"] == "leaf"):
            return served
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE)
    if not in_place(served, upload.path, True):
        raise RemediationError(
            "%s does not serve the new certificate after %g seconds: %s" % (appliance.where, params["wait_timeout"], told),
            "Look at the appliance's console; its web server may still be starting (wait_timeout).",
        )
    warnings.append("%s does not send the CA certificates of its chain; with compare: leaf that is no difference" % appliance.where)
    return served


def _look(appliance: Appliance) -> Tuple[Tuple[Certificate, ...], Optional[str]]:
    try:
        served = appliance.served()
    except ProbeError as error:
        return (), error.message
    return served, "it serves %s (sha256 %s)" % (served[0].subject, served[0].fingerprint()) if served else "it sends no certificate"


def _text(where: str, certificates: Sequence[Certificate]) -> str:
    return "\n".join(certificate_lines(where, certificates)) + "\n"
