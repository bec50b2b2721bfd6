# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a PKCS#12 file. Each writing encrypts it with new salts, so the contents are compared and never the bytes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement, describe_attributes
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import check_possible
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import unwrap
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.options import Destination
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.plan import FilePlan, key_line, lines_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load import pkcs12


@dataclass(frozen=True)
class ExistingPkcs12:
    """The file as it is.

    :param problem: why its contents are unknown; empty if they are known.
    """

    data: bytes
    key: Any = None
    certificates: Tuple[Certificate, ...] = ()
    problem: str = ""


def plan_pkcs12(destination: Destination, chain: Sequence[Certificate], key: Any) -> FilePlan:
    """The plan for a PKCS#12 with the private key and the chain.

    :raises RemediationError: the existing file cannot be read.
    """
    path, password = unwrap(destination.path, "the options require it"), unwrap(destination.password, "the options require it")
    existing = _existing(path, password)
    reasons = _reasons(existing, chain, key) if existing else ["the file does not exist yet"]
    content = existing.data if existing and not reasons else pkcs12.written(key, chain, password)
    replacement = Replacement(path, content, "dest", destination.mode, destination.owner, destination.group, secret=True)
    now, then = describe_attributes(replacement) if existing else ("", "")
    reasons += ["its mode or owner differs"] if now != then else []
    if not reasons:
        return FilePlan(path)
    check_possible([replacement], destination.journal)
    before = lines_of(path, existing.certificates, key_line(existing.key) if existing.key else "", reasons) if existing else lines_of(path, (), "", ["absent"])
    after = lines_of(path, chain, key_line(key), [])
    return FilePlan(path, tuple(reasons), (Step(path, before + now, after + then, replacement),))


def _existing(path: str, password: str) -> Optional[ExistingPkcs12]:
    if not os.path.lexists(path):
        return None
    data = read_file(path, "dest")
    try:
        key, own, others = pkcs12.opened(data, password)
    except ValueError:
        return ExistingPkcs12(data, problem="it is not a PKCS#12 that dest_password opens")
    return ExistingPkcs12(data, key, tuple(from_x509(certificate) for certificate in ([own] if own else []) + list(others)))


def _reasons(existing: ExistingPkcs12, chain: Sequence[Certificate], key: Any) -> List[str]:
    """Why the file must be written. The order of the certificates above the first has no meaning in a PKCS#12."""
    if existing.problem:
        return [existing.problem]
    have = existing.certificates
    reasons = ["%s is missing" % certificate.subject for certificate in chain if certificate not in have]
    reasons += ["%s does not belong in the chain" % certificate.subject for certificate in have if certificate not in chain]
    if existing.key is None or pin_of(existing.key.public_key()) != pin_of(key.public_key()):
        reasons.append("its private key is not that of %s" % chain[0].subject)
    elif not reasons and have[0] != chain[0]:
        reasons.append("the certificate of its private key is not %s" % chain[0].subject)
    return reasons
