# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenManage Enterprise of our own: REST over TLS, a web server that restarts, and switches for what goes wrong."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import email.utils
import functools
import http.server
import ipaddress
import json
import os
import secrets
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from . import article

ACTIONS = "/api/ApplicationService/Actions/ApplicationService."
SESSIONS = "/api/SessionService/Sessions"
ACCOUNT = ("admin", "Lab-Ome-Pw7")
FIELDS = (
    ("DistinguishedName", NameOID.COMMON_NAME),
    ("DepartmentName", NameOID.ORGANIZATIONAL_UNIT_NAME),
    ("BusinessName", NameOID.ORGANIZATION_NAME),
    ("Locality", NameOID.LOCALITY_NAME),
    ("State", NameOID.STATE_OR_PROVINCE_NAME),
    ("Country", NameOID.COUNTRY_NAME),
    ("Email", NameOID.EMAIL_ADDRESS),
)


@dataclasses.dataclass
class Switches:
    """What goes wrong.

    :param restart: seconds that the web server is away after an upload.
    :param ahead: seconds by which its clock is.
    :param lost: the answer to an upload is lost.
    :param lost_sign_in: the answer to a sign-in is lost.
    :param sent_back: the answer to any action, with what the client sent, and its status.
    :param sign_in: the answer to the sign-in has ``no_object``, ``no_token``, or a token that is ``folded``.
    """

    unauthorized: bool = False
    failing: bool = False
    no_json: bool = False
    old: bool = False
    lost: bool = False
    lost_sign_in: bool = False
    leaf_alone: bool = False
    sent_back: str = ""
    sent_back_status: int = 400
    sign_in: str = ""
    restart: float = 0.2
    ahead: int = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        """Nothing is logged: requests carry passwords."""

    def date_time_string(self, timestamp=None):
        return email.utils.format_datetime(self.server.ome.clock(), usegmt=True)

    def do_GET(self):
        ome = self.server.ome
        if self.path == "/lab/state":
            self._send(200, {"uploads": ome.uploads, "requests": ome.requests, "sessions": len(ome.sessions)})
        elif self._known():
            self._send(200, {})

    def do_DELETE(self):
        if self._known():
            self.server.ome.sessions.pop(self.headers["X-Auth-Token"], None)
            self._send(204, None)

    def do_POST(self):
        ome, body = self.server.ome, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == SESSIONS:
            self._sign_in(json.loads(body))
        elif self.path == "/lab/switches":
            ome.switch(**json.loads(body))
            self._send(200, {})
        elif self.path == "/lab/verify_connection":
            self._refusing(functools.partial(ome.verify_connection, **json.loads(body)))
        elif self._known():
            self._act(ome, self.path.replace(ACTIONS, ""), body)

    def _act(self, ome, action, body):
        if ome.switches.sent_back:
            self._send_back(ome.switches.sent_back, self.headers["X-Auth-Token"])
            return
        actions = {"GenerateCSR": ome.generate, "UploadCertificate": ome.upload_single, "UploadCertChain": ome.upload_chain}
        if action not in actions or (ome.switches.old and action == "UploadCertChain"):
            self._send(404, {"error": {"code": "Base.1.0.GeneralError", "message": "not found", "@Message.ExtendedInfo": []}})
        elif ome.switches.failing:
            self._send(500, {"error": {"code": "Base.1.0.InternalError", "message": "an internal error", "@Message.ExtendedInfo": []}})
        elif ome.switches.no_json:
            self._send(400, "<html>Bad Gateway</html>")
        else:
            self._refusing(functools.partial(actions[action], body))

    def _send_back(self, text, token):
        """An answer with what the client sent, in the body, in headers, and in an address."""
        password = ACCOUNT[1]
        values = {"token": token, "password": password, "quoted": urllib.parse.quote(password, safe=""), "filling": "x" * 480}
        values["encoded"] = base64.b64encode(password.encode()).decode()
        values["escaped"] = "".join("\\u%04x" % ord(char) for char in token + " " + password)
        headers = {"Location": "https://127.0.0.1:1/?token=%s&password=%s" % (token, values["quoted"]), "X-Echo": token + password}
        self._send(self.server.ome.switches.sent_back_status, text % values, headers)

    def _refusing(self, act):
        try:
            told = act()
        except article.Refused as refused:
            self._send(400, refused.body)
            return
        if self.server.ome.switches.lost:
            self.close_connection = True
            return
        self._send(200, told or {})

    def _sign_in(self, asked):
        ome = self.server.ome
        if ome.switches.lost_sign_in:
            self.close_connection = True
            return
        if ome.switches.unauthorized or (asked["UserName"], asked["Password"]) != ACCOUNT or asked["SessionType"] != "API":
            entry = article.Refused("CUSR1201", "Unable to login because the username or password is invalid.", resolution="Enter them again.")
            self._send(401, entry.body)
            return
        token = secrets.token_hex(16)
        ome.tokens.append(token)
        ome.sessions[token] = str(len(ome.sessions) + 1)
        told = {"Id": ome.sessions[token], "UserName": asked["UserName"]}
        if ome.switches.sign_in:
            told = "token %s of %s" % (token, asked["Password"])
        header = {"no_token": "", "folded": token + "\r\n " + token}.get(ome.switches.sign_in, token)
        self._send(201, told, {"X-Auth-Token": header})

    def _known(self):
        if self.headers.get("X-Auth-Token") in self.server.ome.sessions:
            return True
        self._send(401, {"error": {"code": "Base.1.0.GeneralError", "message": "no session", "@Message.ExtendedInfo": []}})
        return False

    def _send(self, status, content, headers=()):
        body = b"" if content is None else (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True

    def __init__(self, address, ome):
        self.ome = ome
        super().__init__(address, _Handler)

    def finish_request(self, request, client_address):
        """The handshake happens in the connection's own thread; while the web server restarts there is none."""
        if time.monotonic() < self.ome.away_until:
            return
        request.settimeout(600)
        with contextlib.suppress(OSError), self.ome.context.wrap_socket(request, server_side=True) as tls:
            super().finish_request(tls, client_address)

    def shutdown_request(self, request):
        with contextlib.suppress(OSError):
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Clients that go away are none of the server's concern."""


class Ome:
    """An appliance with its self-signed certificate, until another one is uploaded.

    :param mutual: where it listens for the other appliance of a migration.
    """

    def __init__(self, name, address=("127.0.0.1", 0), mutual=("127.0.0.1", 0)):
        self.switches, self.sessions, self.tokens, self.uploads, self.requests = Switches(), {}, [], 0, 0
        self.away_until = 0.0
        self.pending = self.key = _new_key()
        self.certificates = [_self_signed(name, self.key)]
        self.present()
        self._server = _Server(address, self)
        self._mutual = socket.create_server(mutual)
        self.port, self.mutual_port = self._server.server_address[1], self._mutual.getsockname()[1]
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
            threading.Thread(target=self._serve_mutual, daemon=True),
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_why):
        self._server.shutdown()
        self._server.server_close()
        self._mutual.shutdown(socket.SHUT_RDWR)
        self._mutual.close()

    def serve(self):
        """Serve until the process ends."""
        with self:
            self._threads[0].join()

    def clock(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.switches.ahead)

    def switch(self, **values):
        """Turn switches on or off; without any, all of them are as in the beginning."""
        for name, value in (values or dataclasses.asdict(Switches())).items():
            if not hasattr(self.switches, name):
                raise ValueError(name)
            setattr(self.switches, name, value)

    @property
    def pem(self):
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self.certificates).decode()

    def generate(self, body):
        """A request for a new key; the one before it counts no more."""
        asked = json.loads(body)
        names = [name for name in asked["San"].split(",") if name]
        if len(names) > 4 or any(name != name.strip() for name in names):
            raise article.general("Invalid SAN.")
        self.pending, self.requests = _new_key(), self.requests + 1
        subject = x509.Name([x509.NameAttribute(kind, asked[word]) for word, kind in FIELDS if asked[word]])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        csr = builder.sign(self.pending, hashes.SHA256())
        return {"CertificateData": csr.public_bytes(serialization.Encoding.PEM).decode()}

    def upload_chain(self, body):
        return self._take(article.chain(body, self.pending.public_key()))

    def upload_single(self, body):
        return self._take(article.single(body, self.pending.public_key()))

    def _take(self, certificates):
        self.certificates, self.key, self.uploads = certificates, self.pending, self.uploads + 1
        self.away_until = time.monotonic() + self.switches.restart
        self.sessions.clear()
        self.present()

    def present(self):
        """Serve what the switches say from now on."""
        self.context = self._context(ssl.PROTOCOL_TLS_SERVER, self.certificates[:1] if self.switches.leaf_alone else self.certificates)

    def _context(self, protocol, certificates):
        context = ssl.SSLContext(protocol)
        context.check_hostname = False
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "chain.pem")
            with open(path, "wb") as handle:
                for one in certificates:
                    handle.write(one.public_bytes(serialization.Encoding.PEM))
                handle.write(_pem_of(self.key))
            context.load_cert_chain(path)
        return context

    def _mutual_context(self, protocol):
        context = self._context(protocol, self.certificates)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.certificates[-1].public_bytes(serialization.Encoding.PEM).decode())
        return context

    def _serve_mutual(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _client = self._mutual.accept()
                connection.settimeout(600)
                context = self._mutual_context(ssl.PROTOCOL_TLS_SERVER)
                with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
                    tls.sendall(self.pem.encode())

    def verify_connection(self, host, port):
        """The step of a migration: a connection to the other appliance in which each authenticates the other, then the names.

        :raises article.Refused: with the message of the article.
        """
        try:
            context = self._mutual_context(ssl.PROTOCOL_TLS_CLIENT)
            with socket.create_connection((host, port), 600) as connection, context.wrap_socket(connection) as tls:
                theirs = b"".join(iter(lambda: tls.recv(65536), b""))
        except OSError:
            raise article.Refused("", article.MUTUAL) from None
        blocks = article.PEM_FILE.findall(theirs)
        if not blocks:
            raise article.Refused("", article.MUTUAL)
        article.connection(self.certificates, [x509.load_pem_x509_certificate(block) for block in blocks], self.clock())


def _new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem_of(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _self_signed(name, key):
    """As the appliance has it from the factory."""
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=365))
    return builder.sign(key, hashes.SHA256())
