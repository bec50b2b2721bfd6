# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The REST interface of Dell OpenManage Enterprise, as far as its certificate needs it. Standard library only."""

from __future__ import annotations

import contextlib
import datetime
import json
from typing import Any, Dict, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Answer, Session
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

SESSIONS = "/api/SessionService/Sessions"
ACTIONS = "/api/ApplicationService/Actions/ApplicationService."
JSON_TYPE, RAW_TYPE = "application/json", "application/octet-stream"
#: what is shown of an answer that is no JSON
SHOWN = 500


class Refusal(RemediationError):
    """The appliance refused something.

    :param message_id: as ``@Message.ExtendedInfo`` has it (``CGEN1008``); empty where the answer has none.
    :param argument: the first of its ``MessageArgs``.
    :param raw: the answer, decoded where it is JSON.
    """

    def __init__(self, message: str, advice: str, message_id: str, argument: str, raw: Any) -> None:
        super().__init__(message, advice)
        self.message_id, self.argument, self.raw = message_id, argument, raw


class Ome:
    """An appliance, signed in: a context manager that signs out in the end."""

    def __init__(self, session: Session, username: str, password: str) -> None:
        self._session, self._username, self._password = session, username, password
        self._headers: Dict[str, str] = {}
        self._id = ""
        #: the appliance's clock, as the Date header of its last answer has it
        self.clock: Optional[datetime.datetime] = None

    def __enter__(self) -> Ome:
        asked = {"UserName": self._username, "Password": self._password, "SessionType": "API"}
        answer = self._send("POST", SESSIONS, json.dumps(asked).encode("utf-8"), JSON_TYPE, "sign-in")
        self._headers["X-Auth-Token"] = answer.headers.get("x-auth-token", "")
        if not self._headers["X-Auth-Token"]:
            raise RemediationError("%s: the answer to the sign-in has no X-Auth-Token" % self._session.where, "Check the address: is it OME?")
        self._id = str(_decoded(answer, self._session.where).get("Id", ""))
        return self

    def __exit__(self, *_why: Any) -> None:
        """Sign out; a web server that restarts meanwhile has forgotten the session by itself."""
        with contextlib.suppress(RemediationError):
            self._session.request("DELETE", "%s('%s')" % (SESSIONS, self._id), b"", self._headers)
        self._session.close()

    def generate_csr(self, details: Dict[str, str]) -> str:
        """A new certificate signing request; the key stays on the appliance, and an earlier request counts no more."""
        answer = self._send("POST", ACTIONS + "GenerateCSR", json.dumps(details).encode("utf-8"), JSON_TYPE, "GenerateCSR")
        data = _decoded(answer, self._session.where).get("CertificateData")
        if not isinstance(data, str):
            raise RemediationError("%s: the answer to GenerateCSR has no CertificateData" % self._session.where, "Look into the appliance's log.")
        return data

    def upload(self, pem: bytes, chain: bool) -> None:
        """Hand over a chain, or a single certificate; the web server restarts then.

        :raises ConnectionLost: the answer did not come; the certificate may have been taken.
        """
        action = "UploadCertChain" if chain else "UploadCertificate"
        self._send("POST", ACTIONS + action, pem, RAW_TYPE, action)

    def _send(self, method: str, path: str, body: bytes, kind: str, what: str) -> Answer:
        answer = self._session.request(method, path, body, dict(self._headers, **{"Content-Type": kind, "Accept": JSON_TYPE}))
        self.clock = answer.moment() or self.clock
        if not 200 <= answer.status < 300:
            raise _refusal(answer, self._session.where, what)
        return answer


def _decoded(answer: Answer, where: str) -> dict:
    try:
        value = json.loads(answer.body.decode("utf-8"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RemediationError(
            "%s answers with status %d and no JSON object: %s" % (where, answer.status, _shown(answer)), "Check the address: is it OME?"
        )
    return value


def _shown(answer: Answer) -> str:
    return repr(answer.body[:SHOWN].decode("utf-8", "replace"))


def _refusal(answer: Answer, where: str, what: str) -> RemediationError:
    """The appliance's words, and what can be done about them."""
    try:
        raw: Any = json.loads(answer.body.decode("utf-8"))
    except ValueError:
        raw = answer.body[:SHOWN].decode("utf-8", "replace")
    told = _told(raw)
    said = " ".join(part for part in (str(told.get("MessageId", "")), str(told.get("Message", "")), _arguments(told)) if part)
    message = "%s refuses %s (status %d)%s" % (where, what, answer.status, ": " + said if said else "")
    if not told and not isinstance(raw, dict):
        message += ", and its answer is no JSON: %s" % _shown(answer)
    arguments = told.get("MessageArgs") or [""]
    return Refusal(message, _advice(answer.status, what, told), str(told.get("MessageId", "")), str(arguments[0]), raw)


def _told(raw: Any) -> dict:
    """The first entry of ``@Message.ExtendedInfo``."""
    try:
        entry = raw["error"]["@Message.ExtendedInfo"][0]
    except (KeyError, IndexError, TypeError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _arguments(told: dict) -> str:
    arguments = ", ".join(str(one) for one in told.get("MessageArgs") or ())
    return "(%s)" % arguments if arguments else ""


def _advice(status: int, what: str, told: dict) -> str:
    if status == 401:
        return "Check username and password; a local administrator is needed, and the account must not be locked."
    if status == 403:
        return "Use an account that is an administrator of the appliance."
    if status == 404:
        return "%s is not there: UploadCertChain came with OpenManage Enterprise 3.10." % what
    return str(told.get("Resolution") or "Look into the appliance's log (tomcat/application.log), and run it again.")
