# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client for the REST interface of Dell OpenManage Enterprise: sessions, certificate signing requests, uploads. Standard library only."""

from __future__ import annotations

import contextlib
import datetime
import json
import re
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionFailed, Session
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

SESSIONS = "/api/SessionService/Sessions"
ACTIONS = "/api/ApplicationService/Actions/ApplicationService."
JSON_TYPE, RAW_TYPE = "application/json", "application/octet-stream"
#: how many bytes of an answer that is not JSON are shown in a message
MAXIMUM_SHOWN = 500
#: visible characters of ASCII, as a header may have them (RFC 9110 section 5.5)
TOKEN = re.compile(r"[!-~]+\Z")
CHECK_ADDRESS = "Check hostname and port: this is probably not OpenManage Enterprise."


class Refusal(RemediationError):
    """The appliance refused a request.

    :param message_id: ``MessageId`` of the first entry in ``@Message.ExtendedInfo`` (``CGEN1008``); empty if the answer has none.
    :param argument: the first of that entry's ``MessageArgs``.
    :param raw: the answer without secrets, decoded if it is JSON.
    """

    def __init__(self, message: str, advice: str, message_id: str, argument: str, raw: Any) -> None:
        super().__init__(message, advice)
        self.message_id, self.argument, self.raw = message_id, argument, raw


def server_time(session: Session) -> Optional[datetime.datetime]:
    """The appliance's clock, from the Date header of an answer that needs no account; None if the answer has none."""
    return session.request("GET", SESSIONS, b"", {}).moment()


class OmeClient:
    """A context manager: signs in to the appliance, and signs out at the end."""

    def __init__(self, session: Session, username: str, password: str) -> None:
        self._session, self._username, self._password = session, username, password
        self._headers: Dict[str, str] = {}
        self._id = ""
        #: whether an action was sent that the appliance cannot take back, unless it refused it
        self.acted = False

    def __enter__(self) -> OmeClient:
        self._session.secrets.add(self._password)
        account = {"UserName": self._username, "Password": self._password, "SessionType": "API"}
        answer = self._send("POST", SESSIONS, json.dumps(account).encode("utf-8"), JSON_TYPE, "sign-in")
        token = answer.headers.get("x-auth-token", "")
        self._session.secrets.update(token.split())
        if not TOKEN.match(token):
            problem = "an X-Auth-Token header that is not a token" if token else "no X-Auth-Token header"
            raise RemediationError("%s: the answer to the sign-in has %s" % (self._session.where, problem), CHECK_ADDRESS)
        self._headers["X-Auth-Token"] = token
        self._id = str(_json_object(replace(answer, secrets=frozenset(self._session.secrets)), self._session.where).get("Id", ""))
        return self

    def __exit__(self, *_exception: object) -> None:
        """Sign out. A failure does not matter: a web server that restarts ends all sessions."""
        with contextlib.suppress(RemediationError):
            self._session.request("DELETE", "%s('%s')" % (SESSIONS, self._id), b"", self._headers)
        self._session.close()

    def generate_csr(self, fields: Mapping[str, str]) -> str:
        """Create a key on the appliance and a certificate signing request for it. This invalidates earlier requests.

        :param fields: as ``CsrFields.as_body`` returns them.
        :returns: the request as PEM.
        """
        answer = self._act("GenerateCSR", json.dumps(fields).encode("utf-8"), JSON_TYPE)
        csr = _json_object(answer, self._session.where).get("CertificateData")
        if not isinstance(csr, str):
            raise RemediationError(
                "%s: the answer to GenerateCSR has no CertificateData" % self._session.where,
                "Read the appliance's log (tomcat/application.log).",
            )
        return csr

    def upload(self, pem: bytes, chain: bool) -> None:
        """Upload a chain or a single certificate. If the appliance accepts it, its web server restarts.

        :raises Refusal: the appliance did not accept it.
        :raises ConnectionLost: no answer came; the certificate may have been accepted.
        """
        action = "UploadCertChain" if chain else "UploadCertificate"
        self._act(action, pem, RAW_TYPE)

    def _act(self, action: str, body: bytes, content_type: str) -> Answer:
        self.acted = True
        try:
            return self._send("POST", ACTIONS + action, body, content_type, action)
        except (Refusal, ConnectionFailed):
            self.acted = False
            raise

    def _send(self, method: str, path: str, body: bytes, content_type: str, operation: str) -> Answer:
        answer = self._session.request(method, path, body, dict(self._headers, **{"Content-Type": content_type, "Accept": JSON_TYPE}))
        if not 200 <= answer.status < 300:
            raise _refusal(answer, self._session.where, operation)
        return answer


def _json_object(answer: Answer, where: str) -> Dict[str, Any]:
    try:
        value = parse_json(answer.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RemediationError("%s answers with status %d and no JSON object: %s" % (where, answer.status, _excerpt(answer)), CHECK_ADDRESS)
    return value


def _excerpt(answer: Answer) -> str:
    return repr(answer.excerpt(MAXIMUM_SHOWN))


def _refusal(answer: Answer, where: str, operation: str) -> Refusal:
    """The appliance's own message as an error, with its resolution as the advice."""
    try:
        raw: Any = answer.told()
    except ValueError:
        raw = answer.excerpt(MAXIMUM_SHOWN)
    entry = _extended_info(raw)
    given = entry.get("MessageArgs")
    arguments = [str(argument) for argument in given] if isinstance(given, list) else []
    parts = [str(entry.get("MessageId", "")), str(entry.get("Message", "")), "(%s)" % ", ".join(arguments) if arguments else ""]
    details = " ".join(part for part in parts if part)
    message = "%s refuses %s (status %d)%s" % (where, operation, answer.status, ": " + details if details else "")
    if not isinstance(raw, dict):
        message += ", and its answer is not JSON: %s" % _excerpt(answer)
    return Refusal(message, _advice(answer.status, operation, entry), parts[0], (arguments or [""])[0], raw)


def _extended_info(raw: Any) -> Dict[str, Any]:
    """The first entry of ``@Message.ExtendedInfo``; empty if there is none."""
    try:
        entry = raw["error"]["@Message.ExtendedInfo"][0]
    except (KeyError, IndexError, TypeError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _advice(status: int, operation: str, entry: Mapping[str, Any]) -> str:
    if status == 401:
        return "Check username and password; a local administrator is needed, and the account must not be locked."
    if status == 403:
        return "Use an account that is an administrator of the appliance."
    if status == 404:
        return "The appliance has no action %s: UploadCertChain came with OpenManage Enterprise 3.10." % operation
    return str(entry.get("Resolution") or "Read the appliance's log (tomcat/application.log), and run the task again.")
