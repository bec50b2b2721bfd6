# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers enough of AWX's API, with its refusals, for the modules of awx.awx. It is no AWX: it starts nothing, and asks nobody for permission."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.certmend.tls.tests.support.awx.rules import RULES, ServerError
from ansible_collections.certmend.tls.tests.support.awx.store import API, KINDS, Item, Store
from ansible_collections.certmend.tls.tests.support.awx.surveys import refused

ACCOUNT, TOKEN = ("admin", "a password of AWX"), "the-token-of-a-test"
Answer = Tuple[int, Any]


class Refusal(Exception):
    """An answer with an error: its status and its text."""


class Awx:
    """What requests do with the store."""

    def __init__(self, playbooks: Iterable[str]) -> None:
        self.store = Store(playbooks)
        self.writes = 0

    def answer(self, method: str, path: str, query: Dict[str, str], data: Item) -> Answer:
        """The answer to a request of somebody who is signed in."""
        parts = path[len(API) :].strip("/").split("/")
        if not path.startswith(API) or parts[0] not in (*KINDS, "unified_job_templates") or len(parts) > 3:
            raise Refusal(404, {"detail": "Not found."})
        if data.get("kind", "") is None:
            data["kind"] = ""  # an inventory without a kind
        if len(parts) == 1:
            return self._create(parts[0], data) if method == "POST" else _page(self.store.find(parts[0], query))
        item = self.store.get(parts[0], parts[1])
        if item is None:
            raise Refusal(404, {"detail": "Not found."})
        if len(parts) == 3:
            return self._part(method, item, parts[2], data)
        return (200, item) if method == "GET" else self._change(parts[0], item, data)

    def _create(self, kind: str, data: Item) -> Answer:
        self._check(kind, data)
        same = {name: str(data[name]) for name in ("name", "organization", "identifier", "workflow_job_template", "unified_job_template") if data.get(name)}
        if self.store.find(kind, same):
            raise Refusal(400, {"__all__": ["%s with this name already exists." % KINDS[kind]]})
        self.writes += 1
        return 201, self.store.add(kind, data)

    def _change(self, kind: str, item: Item, data: Item) -> Answer:
        self._check(kind, dict(item, **data))
        self.writes += 1
        item.update(data)
        return 200, item

    def _check(self, kind: str, item: Item) -> None:
        errors = RULES[kind](item, self.store) if kind in RULES else {}
        if errors:
            raise Refusal(400, errors)

    def _part(self, method: str, item: Item, part: str, data: Item) -> Answer:
        if part == "survey_spec":
            return self._survey(item, data) if method == "POST" else (200, self.store.survey_of(item))
        if part == "create_approval_template":
            approval = self._create("workflow_approval_templates", data)[1]
            item["unified_job_template"] = approval["id"]
            item["related"]["unified_job_template"] = approval["url"]
            return 201, approval
        linked = self.store.linked(item["url"] + part)
        if method == "GET":
            return _page([{"id": number} for number in linked])
        return self._associate(part, linked, data)

    def _survey(self, item: Item, data: Item) -> Answer:
        problems = refused(data)
        if problems:
            raise Refusal(400, {"error": problems[0]})
        self.writes += 1
        self.store.surveys[item["id"]] = data
        return 200, {}

    def _associate(self, part: str, linked: list, data: Item) -> Answer:
        self.writes += 1
        if data.get("disassociate"):
            linked.remove(data["id"])
            return 204, None
        kinds = [self.store.get("credentials", number)["credential_type"] for number in [*linked, data["id"]]] if part == "credentials" else []
        if len(set(kinds)) < len(kinds):
            raise Refusal(400, {"detail": "Cannot assign multiple credentials of one type."})
        linked.append(data["id"])
        return 204, None


def _page(items: list) -> Answer:
    return 200, {"count": len(items), "next": None, "previous": None, "results": items}


class Handler(http.server.BaseHTTPRequestHandler):
    """HTTP around it: who asks, and in JSON."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # an answer is one packet: a second one would wait for the client's acknowledgement of the first

    def _handle(self) -> None:
        data = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        try:
            status, body = self._answer(data)
        except Refusal as refusal:
            status, body = refusal.args
        except ServerError as error:
            status, body = 500, {"detail": str(error)}
        self._send(status, body)

    def _answer(self, data: Item) -> Answer:
        address, said = urlsplit(self.path), self.headers.get("Authorization", "")
        if address.path.startswith(API + "tokens/"):
            if said != "Basic " + base64.b64encode(":".join(ACCOUNT).encode()).decode():
                raise Refusal(401, {"detail": "Invalid username/password."})
            return (204, None) if self.command == "DELETE" else (201, {"id": 1, "token": TOKEN})
        if said != "Bearer " + TOKEN:
            raise Refusal(401, {"detail": "Authentication credentials were not provided."})
        return self.server.awx.answer(self.command, address.path, dict(parse_qsl(address.query)), data)

    def _send(self, status: int, body: Optional[Any]) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        headers = {"X-API-Product-Name": "AWX", "X-API-Product-Version": "24.6.1", "Content-Type": "application/json", "Content-Length": str(len(text))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle

    def log_message(self, *_words: Any) -> None:
        """Say nothing: the tests read the answers."""


@contextlib.contextmanager
def serving(playbooks: Iterable[str]) -> Iterator[Tuple[Awx, str]]:
    """The server on loopback, and its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.awx = Awx(playbooks)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.awx, "http://127.0.0.1:%d" % server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
