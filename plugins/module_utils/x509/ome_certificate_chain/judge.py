# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine what is to be uploaded, before it is: every rule, the appliance's answer, and the other side of a migration."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import verdict_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading, csr_pin, read_certificates, read_peer_chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import responses as judgement
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.mutual_tls import mutual
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource, inspect_source, open_severities
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import GENERIC, Context


@dataclass(frozen=True)
class Upload:
    """What is, or would be, uploaded."""

    data: bytes
    reading: Reading
    source: str
    chain: bool

    @property
    def path(self) -> Tuple[Certificate, ...]:
        """The certificates from the appliance's own to the last that was given; empty where there are none."""
        found = self.reading.certificates
        return chain_of(found, None, first_is_leaf=True).path.certificates if found else ()


def upload_of(params: dict) -> Upload:
    """The file, as the options name it.

    :raises RemediationError: it cannot be read, or is a chain where a single certificate is asked for.
    """
    chain = params["upload"] == "chain"
    data, option = read_path_or_content(params, "path", "content")
    upload = Upload(data or b"", read_certificates(data or b""), params["path"] or option, chain)
    if not chain and len(upload.reading.certificates) > 1:
        raise RemediationError(
            "upload: %s holds %d certificates, and single is one" % (upload.source, len(upload.reading.certificates)),
            "Ask for upload: chain, or give the appliance's certificate alone.",
        )
    return upload


def examine(upload: Upload, params: dict, now: datetime.datetime, facts: dict, warnings: List[str]) -> None:
    """Put everything that stands against the upload into the facts.

    :param now: the appliance's clock, where it is known.
    """
    peer = peer_path(params)
    context = Context(now, frozenset([judgement.profile_of(upload.chain)]), csr_pin=csr_pin(params), peer=peer)
    material = CollectedSource(upload.source, "", upload.reading.certificates, upload.reading.warnings, data=upload.data)
    result = inspect_source(material, context).as_dict(now)
    findings = result["findings"]
    facts.update(certificates=result["certificates"], findings=findings)
    warnings += result["warnings"]
    if params["name"]:
        named = inspect_source(replace(material, name=params["name"]), replace(context, profiles=frozenset([GENERIC]))).as_dict(now)
        findings += [one for one in named["findings"] if one["code"] == "NAME-MISMATCH"]
    answer = judgement.upload_answer(findings)
    facts.update(answer=answer, accepted=not answer, connection_answer=judgement.connection_answer(findings))
    if peer and upload.path and upload.path[-1].self_signed:
        facts["mutual"] = mutual(upload.path, peer)
        findings += judgement.unauthenticated(facts["mutual"], upload.source)
    facts["verdict"] = verdict_of(open_severities(findings)).value


def peer_path(params: dict) -> Tuple[Certificate, ...]:
    """The chain of the other appliance, its own certificate first; empty where none was given."""
    data, option = read_path_or_content(params, "peer_path", "peer_content")
    return () if data is None else chain_of(read_peer_chain(data, option), None, first_is_leaf=True).path.certificates
