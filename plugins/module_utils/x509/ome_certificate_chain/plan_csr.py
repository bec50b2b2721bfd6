# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate signing request of the appliance, kept in a file: its key never leaves the appliance."""

from __future__ import annotations

import os
from typing import Any, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import is_address
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import details_of
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import serialization
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import ABSENT, request_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import common_names, rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance

COMPARED = ("DepartmentName", "BusinessName", "Locality", "State", "Country", "Email")


def plan(params: dict, appliance: Appliance, facts: dict) -> List[Step]:
    """Have a request made where there is none in the file, or another one: each new one voids the one before."""
    details, path = details_of(params), params["csr_path"]
    present = load_csr(read_file(path, "csr_path"), "csr_path") if os.path.lexists(path) else None
    reasons = _differences(present, details) or (["force is true"] if params["force"] else [])
    facts.update(csr=None if present is None else _pem(present), reasons=reasons)
    if not reasons:
        return []
    check_writable([Replacement(path, b"", "csr_path")])
    with appliance.signed_in():
        pass  # what the run would be refused is refused in check mode
    names = params["subject_alternative_names"] or []
    addresses = [name for name in names if is_address(name)]
    names = [name for name in names if name not in addresses]
    after = request_lines(path, "CN=%s" % details["DistinguishedName"], sorted(names), sorted(addresses), "a new one")
    return [Step(path, _text(_lines(path, present)), _text(after), details)]


def apply(step: Step, appliance: Appliance, facts: dict) -> Undo:
    """Have it made, and keep it."""
    with appliance.signed_in() as ome:
        csr = ome.generate_csr(step.payload)
    facts["csr"] = _pem(load_csr(csr.encode("utf-8"), "GenerateCSR"))
    transaction = Transaction([Replacement(step.target, facts["csr"].encode("ascii"), "csr_path")], backup=True)
    undo = transaction.commit()
    facts["backup_files"] = transaction.backups
    return undo


def _pem(csr: Any) -> str:
    return csr.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _lines(path: str, csr: Any) -> List[str]:
    if csr is None:
        return ["request %s" % path, ABSENT]
    names, addresses = (sorted(kind) for kind in csr_names(csr))
    return request_lines(path, "CN=%s" % _common_name(csr), names, addresses, pin_of(csr.public_key()))


def _common_name(csr: Any) -> str:
    return (common_names(csr.subject) or [""])[-1]


def _differences(csr: Any, details: dict) -> List[str]:
    """Why the request that is there will not do; what the appliance adds by itself is no difference."""
    if csr is None:
        return ["there is no request yet"]
    reasons, names, subject = [], [name for kind in csr_names(csr) for name in kind], rfc4514(csr.subject)
    if _common_name(csr) != details["DistinguishedName"]:
        reasons.append("its common name is %s" % (_common_name(csr) or "empty"))
    lacking = [name for name in details["San"].split(",") if name and name not in names]
    if lacking:
        reasons.append("it does not ask for %s" % ", ".join(lacking))
    values = [attribute.value for attribute in csr.subject]
    missing = [details[word] for word in COMPARED if details[word] and details[word] not in values]
    if missing:
        reasons.append("its subject %s lacks %s" % (subject, ", ".join(missing)))
    return reasons


def _text(lines: List[str]) -> str:
    return "\n".join(lines) + "\n"
