# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``cert_chain_build``, validated."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import TrustSources
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements


class Output(StringEnum):
    """What the file contains."""

    CHAIN = "chain"
    INTERMEDIATES = "intermediates"
    PKCS12 = "pkcs12"


@dataclass(frozen=True)
class Source:
    """Where the certificate is, of which the chain is built; one of the three is given.

    :param password: of a PKCS#12, or of an encrypted private key.
    :param private_key_path: the private key for a PKCS#12 that is written; None: it is in the source.
    """

    path: Optional[str]
    content: Optional[str]
    content_base64: Optional[str]
    password: Optional[str]
    private_key_path: Optional[str] = None


@dataclass(frozen=True)
class Destination:
    """The file that the chain is written to.

    :param path: None: the chain is only returned.
    :param password: of the PKCS#12 that is written.
    :param replaces_source: whether the file is the one that the certificate was read from.
    """

    path: Optional[str]
    replaces_source: bool
    keep_private_key: bool
    backup: bool
    journal: Optional[str]
    owner: Optional[str]
    group: Optional[str]
    mode: Any
    output: Output = Output.CHAIN
    password: Optional[str] = None


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param name: the name by which clients connect; empty: not compared.
    :param aia: the suboptions of ``aia``; None: nothing is fetched.
    """

    source: Source
    destination: Destination
    candidates: Tuple[str, ...]
    candidates_content: Optional[str]
    trust: TrustSources
    requirements: Requirements
    name: str
    include_root: bool
    partial: bool
    accept_weak: bool
    aia: Optional[Mapping[str, Any]]
    now: datetime.datetime

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: a parameter is wrong.
        """
        raise_all(list(_problems(params)))
        now = parse_time(params["at"], "at", context.now)
        return cls(
            source=Source(*(params[name] for name in ("path", "content", "content_base64", "password", "private_key_path"))),
            destination=_destination(params),
            candidates=tuple(params["candidates"] or ()),
            candidates_content=params["candidates_content"],
            trust=TrustSources.from_params(params),
            requirements=Requirements(now, params["purpose"]),
            name=params["name"] or "",
            include_root=params["include_root"],
            partial=params["partial"],
            accept_weak=params["accept_weak"],
            aia=params["aia"],
            now=now,
        )


def _destination(params: Mapping[str, Any]) -> Destination:
    attributes = {name: params[name] for name in ("keep_private_key", "backup", "journal", "owner", "group", "mode")}
    output = Output(params["output"])
    default = params["path"] if output is Output.CHAIN else None
    replaces_source = output is Output.CHAIN and not params["dest"]
    return Destination(params["dest"] or default, replaces_source, **attributes, output=output, password=params["dest_password"])


def _problems(params: Mapping[str, Any]) -> Iterator[RemediationError]:
    output, dest = params["output"], params["dest"]
    if output == Output.PKCS12.value:
        missing = [name for name in ("dest", "dest_password") if not params[name]]
        if missing:
            yield RemediationError("output: pkcs12 requires %s" % " and ".join(missing), "Give the file to be written, and the password that will open it.")
    if output != Output.CHAIN.value and dest and params["path"] and os.path.realpath(dest) == os.path.realpath(params["path"]):
        yield RemediationError("dest: %s is the file of path, which %s would replace" % (dest, output), "Give another file in dest.")
