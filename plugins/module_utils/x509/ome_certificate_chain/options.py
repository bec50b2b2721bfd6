# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``ome_certificate_chain``, validated. The files that they name are read here, so that one error reports all that is wrong."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Trust, trust_from_params
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import Language
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of


class State(StringEnum):
    """What the task asks for."""

    VALIDATED = "validated"
    CSR = "csr"
    PRESENT = "present"


class Compare(StringEnum):
    """What the web server must send, so that nothing has to be uploaded."""

    CHAIN = "chain"
    LEAF = "leaf"


@dataclass(frozen=True)
class Connection:
    """How to reach the appliance.

    :param address: connect there instead of resolving the host name.
    :param name: the name by which clients connect, which a handshake then verifies; empty: names are not compared.
    :param timeout: seconds to wait for an answer.
    """

    hostname: str
    port: int
    address: Optional[str]
    name: str
    trust: Trust
    username: str
    password: str = field(repr=False)
    timeout: float

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Optional[Connection]:
        """None if no appliance is given, which only a validation does without.

        :raises RemediationError: the host name is missing, or an option about trust is wrong.
        """
        if not params["hostname"]:
            if params["state"] == State.VALIDATED:
                return None
            raise RemediationError("hostname: is missing", "Give the host name of the appliance.")
        return cls(
            hostname=params["hostname"],
            port=params["port"],
            address=params["address"],
            name=params["name"] or "",
            trust=trust_from_params(params),
            username=params["username"] or "",
            password=params["password"] or "",
            timeout=params["timeout"],
        )


@dataclass(frozen=True)
class Upload:
    """What is examined or uploaded.

    :param source: the path or the option that it was read from, for messages.
    :param chain: whether it is uploaded as a chain; otherwise as a single certificate.
    """

    data: bytes
    reading: Reading
    source: str
    chain: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Upload:
        """Read ``path`` or ``content``.

        :raises RemediationError: it cannot be read, or has several certificates although a single certificate is to be uploaded.
        """
        data, option = read_path_or_content(params, "path", "content")
        upload = cls(data or b"", read_certificates(data or b""), params["path"] or option, params["upload"] == "chain")
        count = len(upload.reading.certificates)
        if count > 1 and not upload.chain:
            raise RemediationError(
                "upload: single is for one certificate, but %s contains %d" % (upload.source, count),
                "Set upload to chain, or give only the certificate of the appliance.",
            )
        return upload

    @functools.cached_property
    def path(self) -> Tuple[Certificate, ...]:
        """The certificates from the appliance's own to the highest CA; empty if nothing could be read."""
        certificates = self.reading.certificates
        return chain_of(certificates, None, first_is_leaf=True).path.certificates if certificates else ()


#: the payload of a step: a request to create, or a file to upload (None: another task of this check run will write the file)
Action = Union[CsrFields, Upload, None]


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param connection: None if a file is validated without an appliance.
    :param upload: None for a request, and if another task of this check run will write the file.
    :param chain: whether the upload is a chain; otherwise a single certificate.
    :param pending: whether another task of the play issues the certificate, so that a diff does not describe it.
    :param csr: the request to have created; None unless the state is ``csr``.
    :param check_account: whether to sign in even if nothing changes.
    :param language: of the findings.
    :param at: judge at this moment; None: by the appliance's clock.
    :param wait_timeout: seconds until the web server must serve what was uploaded.
    """

    state: State
    connection: Optional[Connection]
    upload: Optional[Upload]
    chain: bool
    expected: Expectations
    pending: bool
    compare: Compare
    csr: Optional[CsrFields]
    csr_path: str
    force: bool
    check_account: bool
    language: Language
    at: Optional[datetime.datetime]
    wait_timeout: float

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> Options:
        """Validate the module's parameters; a RemediationError reports everything that is wrong in them."""
        errors: List[RemediationError] = []
        connection = attempt(errors, lambda: Connection.from_params(params))
        upload = attempt(errors, lambda: _upload(params, context))
        expected = attempt(errors, lambda: Expectations.from_params(params))
        csr = attempt(errors, lambda: CsrFields.from_params(params)) if params["state"] == State.CSR else None
        at = attempt(errors, lambda: parse_time(params["at"], "at", context.now)) if params["at"] else None
        raise_all(errors)
        return cls(
            state=State(params["state"]),
            connection=connection,
            upload=upload,
            chain=params["upload"] == "chain",
            expected=expected or Expectations(),
            pending=params["pending"],
            compare=Compare(params["compare"]),
            csr=csr,
            csr_path=params["csr_path"] or "",
            force=params["force"],
            check_account=params["check_account"],
            language=Language(params["language"]),
            at=at,
            wait_timeout=params["wait_timeout"],
        )


def _upload(params: Mapping[str, Any], context: RunContext) -> Optional[Upload]:
    """None for a request, for a file that is pending, and if only the CA is given.

    A file that is missing and was not declared as pending is an error in check mode too.
    """
    if params["state"] == State.CSR or (params["pending"] and context.is_pending(params["path"], declared=params["pending"])):
        return None
    if params["signing_ca_content"] is not None and params["path"] is None and params["content"] is None:
        return None
    return Upload.from_params(params)
