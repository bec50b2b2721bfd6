# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a certificate signing request of the appliance, which is kept in a file. Its private key never leaves the appliance."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import ABSENT, request_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import common_names, rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names, csr_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Action


@dataclass(frozen=True)
class CsrPlan:
    """What is due.

    :param csr: the present request as PEM; None if the file does not exist.
    :param reasons: why a new request is due; empty if none is.
    :param steps: at most one.
    """

    csr: Optional[str]
    reasons: Tuple[str, ...]
    steps: Tuple[Step[Action], ...]


def plan_csr(fields: CsrFields, path: str, force: bool) -> CsrPlan:
    """Compare the request in the file with what is asked for. The appliance invalidates a request when it creates the next one.

    :param force: a new request is due even if the present one asks for the same.
    :raises RemediationError: the file is not a request, or cannot be written.
    """
    present = load_csr(read_file(path, "csr_path"), "csr_path") if os.path.lexists(path) else None
    reasons = differences(present, fields) or (["force is true"] if force else [])
    csr = None if present is None else csr_pem(present)
    if not reasons:
        return CsrPlan(csr, (), ())
    check_writable([Replacement(path, b"", "csr_path")])
    names = AlternativeNames(tuple(fields.dns_names), tuple(fields.ip_addresses))
    planned = request_lines(path, "CN=%s" % fields.common_name, names, "new, created by the appliance")
    return CsrPlan(csr, tuple(reasons), (Step(path, _text(_present_lines(path, present)), _text(planned), fields),))


def differences(csr: Any, fields: CsrFields) -> List[str]:
    """Why the present request does not suffice; names that the appliance adds by itself are no difference.

    :param csr: None if there is no request.
    """
    if csr is None:
        return ["there is no request yet"]
    reasons = []
    if _common_name(csr) != fields.common_name:
        reasons.append("its common name is %s" % (_common_name(csr) or "empty"))
    present = [name for names in csr_names(csr) for name in names]
    missing_names = [name for name in fields.names if name not in present]
    if missing_names:
        reasons.append("it does not ask for %s" % ", ".join(missing_names))
    values = [attribute.value for attribute in csr.subject]
    missing_values = [value for _field, value in fields.subject if value and value not in values]
    if missing_values:
        reasons.append("its subject %s lacks %s" % (rfc4514(csr.subject), ", ".join(missing_values)))
    return reasons


def _present_lines(path: str, csr: Any) -> List[str]:
    if csr is None:
        return ["request %s" % path, ABSENT]
    dns_names, ip_addresses = csr_names(csr)
    names = AlternativeNames(tuple(sorted(dns_names)), tuple(sorted(ip_addresses)))
    return request_lines(path, "CN=%s" % _common_name(csr), names, pin_of(csr.public_key()))


def _common_name(csr: Any) -> str:
    return str((common_names(csr.subject) or [""])[-1])


def _text(lines: List[str]) -> str:
    return "\n".join(lines) + "\n"
