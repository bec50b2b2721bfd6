# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server: TLS, HTTP/1.1 with connections that are kept, Lookup Service and STS behind it."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import ssl
import threading

from .lookup import Cut, Lookup, Switches
from .soap import Refused, fault
from .sts import ACCOUNTS, Sts

DOMAIN = "vsphere.local"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        """Nothing is logged: requests carry passwords."""

    def do_GET(self):
        lookup = self.server.vcenter.lookup
        told = {name: repr(held) for name, held in lookup.registrations.items()} if self.path == "/lab/registrations" else lookup.counts
        self._send(200, json.dumps(told).encode())

    def do_POST(self):
        vcenter = self.server.vcenter
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if vcenter.dead:
            self.close_connection = True
            return
        if self.path == "/lookupservice/sdk":
            self._answer(vcenter.lookup.answer, body, fault)
        elif self.path == vcenter.sts.path:
            self._answer(vcenter.sts.answer, body, lambda refused: fault(refused, "ns0:" + refused.kind, detail=False))
        elif self.path == "/lab/switches":
            vcenter.switch(**json.loads(body))
            self._send(200, b"{}")
        elif self.path == "/lab/replace":
            self._replace(json.loads(body))
        else:
            self._send(404, b"<html>Not Found</html>")

    def _replace(self, asked):
        """What the appliance's own script does, for one who may."""
        if ACCOUNTS.get(asked["user"]) != asked["password"]:
            self._send(403, b'{"error": "Invalid credentials"}')
            return
        with self.server.vcenter.lock:
            services = self.server.vcenter.lookup.replace(asked["fingerprint"], ssl.PEM_cert_to_DER_cert(asked["certificate"]))
        self._send(200, json.dumps({"services": services}).encode())

    def _answer(self, answer, body, refusal):
        try:
            with self.server.vcenter.lock:
                told = answer(body, self.headers)
            self._send(200, told)
        except Refused as refused:
            self._send(500, refusal(refused))
        except Cut:
            if self.server.vcenter.switches.cut_forever:
                self.server.vcenter.dead = True
            self.close_connection = True

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, address, vcenter):
        self.vcenter = vcenter
        super().__init__(address, _Handler)

    def finish_request(self, request, client_address):
        """The handshake happens here, in the connection's own thread: a silent client holds nobody up."""
        self.vcenter.connections += 1
        request.settimeout(600)
        # who breaks off during the handshake is gone
        with contextlib.suppress(OSError), self.vcenter.context.wrap_socket(request, server_side=True) as tls:
            tls.settimeout(600)
            super().finish_request(tls, client_address)

    def shutdown_request(self, request):
        with contextlib.suppress(OSError):
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Clients that go away are none of the server's concern."""


class VCenter:
    """A Lookup Service and its STS.

    :param certificate: PEM of the machine's certificate and its chain; ``key`` its private key.
    """

    def __init__(self, certificate, key, address=("127.0.0.1", 0), domain=DOMAIN):
        self.switches, self.lock = Switches(), threading.RLock()
        self.sts = Sts(domain, self.switches)
        self.lookup = Lookup({}, self.sts, self.switches)
        self.connections, self.dead = 0, False
        self.present(certificate, key)
        self._server = _Server(address, self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def register(self, registrations):
        """What is registered, in order."""
        self.lookup.registrations = {one.service_id: one for one in registrations}

    def present(self, certificate, key):
        """Serve another certificate from now on (paths of files)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.context = context

    def switch(self, **values):
        """Turn switches on or off; without any, all of them off, and everybody is answered again."""
        known = {one.name for one in dataclasses.fields(Switches)}
        if not set(values) <= known:
            raise ValueError("switches are %s" % ", ".join(sorted(known)))
        for name, value in (values or dataclasses.asdict(Switches())).items():
            setattr(self.switches, name, value)
        if not values:
            self.dead = False

    def listing(self):
        """What List answers, as bytes."""
        return "".join(one.xml() for one in self.lookup.registrations.values()).encode()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_why):
        self._server.shutdown()
        self._server.server_close()

    def serve(self):
        """Serve until the process ends."""
        self._server.serve_forever()
