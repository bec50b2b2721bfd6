# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source of Event-Driven Ansible. One file, because ansible-rulebook runs it as one, without Ansible's way to import from collections."""

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Events of the certificates of TLS servers
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Connects to TLS servers again and again, as a client that trusts given CA certificates, and tells what has happened to their certificates.
  - C(expiring), the certificate expires within one of O(expires_within) days. Each of these days is told once for a certificate.
  - C(refused), the client refuses the server, or cannot connect. It is told once, and again if the reason changes, or after the server was accepted in between.
  - C(renewed), the server presents another certificate, which ends later, and which the client accepts.
  - C(changed), the server presents another certificate, and it is not C(renewed). V(key_changed) tells whether the public key is another one.
  - The first certificate of a server is remembered, and is no event.
  - An event has the keys V(type), V(endpoint), V(host), V(port), V(time), and of the certificate V(subject), V(issuer), V(fingerprint), V(pin), V(not_after)
    and V(days_left); C(expiring) has V(within), C(refused) V(reason), C(renewed) and C(changed) V(key_changed), V(old_fingerprint), V(old_pin) and
    V(old_not_after).
  - V(subject) and V(issuer) are what the server wrote. Braces and what is not printable ASCII are replaced, so that no playbook takes them for an expression.
  - It needs Python 3.11 and the Python package C(cryptography) where ansible-rulebook runs.
options:
  endpoints:
    description:
      - The servers, each as V(host), V(host:port) or V([IPv6]:port). The port is 443 if it is missing.
      - A text has one on each line, or commas between them.
    type: list
    elements: str
    required: true
  state_path:
    description:
      - A file that remembers what was told, so that a new start does not repeat it. Its folder must exist.
      - It is written by rename, at most once a second, and at the end. A source that is killed repeats the events of its last second.
    type: path
    required: true
  trusted_path:
    description: A PEM file with the CA certificates that the clients trust. The default is the trust store of the system on which ansible-rulebook runs.
    type: path
  expires_within:
    description: Numbers of days before the end of a certificate at which it is told.
    type: list
    elements: int
    default: [30, 7, 1]
  interval:
    description: Seconds from the end of a round to the next one.
    type: float
    default: 3600
  rounds:
    description: The number of rounds, after which the source ends. With V(0) it does not end.
    type: int
    default: 0
  concurrency:
    description: How many servers are asked at the same time. If the rules are slower than the servers, no more are asked until events are taken.
    type: int
    default: 50
  timeout:
    description: Seconds for one connection, from resolving the name to the end of the handshake.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Audit what is refused
  hosts: all
  sources:
    - certmend.tls.certificates:
        endpoints: [depot.corp.example:443, www.corp.example]
        state_path: /var/lib/certmend/certificates.json
        trusted_path: /etc/pki/corp-root.pem
  rules:
    - name: Audit the server
      condition: event.type == "refused"
      action:
        run_playbook:
          name: certmend.tls.audit
          extra_vars:
            audit_endpoints: ["{{ event.endpoint }}"]
"""

import asyncio
import contextlib
import datetime
import hashlib
import importlib.util
import pathlib
import ssl
import sys
from typing import Any, Dict, Iterator

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PLUGINS = pathlib.Path(__file__).resolve().parents[4] / "plugins"


def _read(path: str) -> Any:
    """A file of this collection as a module, by its path: ansible-rulebook has no loader for collections."""
    name = "certmend_tls_" + pathlib.Path(path).stem
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, PLUGINS / path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


#: what is told and remembered, and the contexts of all TLS of this collection
watched = _read("plugin_utils/watched_certificates.py")
contexts = _read("module_utils/appliance/net/tls_context.py")


#: a server that closes a connection is seen in one of these ways, by chance
CLOSED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Unreadable(ValueError):
    """A certificate that is none, or that cryptography cannot read."""


def facts_of(der: bytes) -> Dict[str, Any]:
    """What an event tells of a certificate.

    :raises Unreadable: whatever is wrong with it.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "subject": watched.harmless(certificate.subject.rfc4514_string()),
            "issuer": watched.harmless(certificate.issuer.rfc4514_string()),
            "fingerprint": hashlib.sha256(der).hexdigest(),
            "pin": hashlib.sha256(key).hexdigest(),
            "not_after": watched.written(_end(certificate)),
        }
    except Exception as error:  # whoever made the certificate chooses which
        raise Unreadable(type(error).__name__) from None


def _end(certificate: x509.Certificate) -> datetime.datetime:
    try:
        return certificate.not_valid_after_utc
    except AttributeError:  # before cryptography 42
        return certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)


class Watch:
    """The rounds over all servers.

    :param options: what the rulebook asks for.
    :param queue: takes the events; if it is full, no more servers are asked.
    """

    def __init__(self, options: Any, queue: Any) -> None:
        self.options, self.queue, self.memory = options, queue, watched.Memory(options)
        trusted = pathlib.Path(options.trusted_path).read_text(encoding="utf-8") if options.trusted_path else None
        self.client: ssl.SSLContext = contexts.requesting_context(trusted)
        self.collector: ssl.SSLContext = contexts.new_context(ssl.PROTOCOL_TLS_CLIENT)
        self.collector.check_hostname = False
        self.collector.verify_mode = ssl.CERT_NONE

    async def round(self) -> None:
        """Ask each server once."""
        waiting = iter(self.options.endpoints)
        workers = [asyncio.create_task(self._work(waiting)) for _worker in range(min(self.options.concurrency, len(self.options.endpoints)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            self.memory.write()

    async def _work(self, waiting: Iterator[Any]) -> None:
        for endpoint in waiting:
            seen = await self._look(endpoint)
            now = datetime.datetime.now(datetime.timezone.utc)
            events, known = watched.judge(endpoint, self.memory.of(endpoint), seen, self.options, now)
            for event in events:
                await self.queue.put(event)
            self.memory.note(endpoint, known)

    async def _look(self, endpoint: Any) -> Any:
        """What a client sees; if it refuses the certificate, that certificate."""
        try:
            return watched.Seen("", await self._certificate(endpoint, self.client))
        except (OSError, ValueError) as error:
            refusal = reason_of(error)
        facts: Dict[str, Any] = {}
        if refusal.startswith("certificate: "):
            with contextlib.suppress(OSError, ValueError):
                facts = await self._certificate(endpoint, self.collector)
        return watched.Seen(refusal, facts)

    async def _certificate(self, endpoint: Any, context: ssl.SSLContext) -> Dict[str, Any]:
        async with asyncio.timeout(self.options.timeout):
            _reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=context, server_hostname=endpoint.host)
        try:
            return facts_of(writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b"")
        finally:
            writer.transport.abort()  # nothing was said to the server, so there is nothing to end


def reason_of(error: Exception) -> str:
    """Why a client refuses a server, in words that stay the same as long as the cause does."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate: " + str(watched.harmless(error.verify_message))
    if isinstance(error, Unreadable):
        return "certificate: unreadable"
    if isinstance(error, TimeoutError):
        return "connection: timed out"
    if isinstance(error, CLOSED):
        return "handshake: the server closed the connection"
    if isinstance(error, ssl.SSLError):
        return "handshake: " + str(watched.harmless(error.reason or "failed")).lower().replace("_", " ")
    return "connection: %s" % watched.harmless(getattr(error, "strerror", None) or type(error).__name__)


async def main(queue: Any, args: Dict[str, Any]) -> None:
    """Watch the servers, and put events into the queue."""
    options = watched.Options.from_args(args)
    watch = Watch(options, queue)
    done = 0
    while True:
        await watch.round()
        done += 1
        if done == options.rounds:
            return
        await asyncio.sleep(options.interval)
