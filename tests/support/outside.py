# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every parser of bytes that come from outside, each as a function of the bytes, with real inputs: for mutations, fuzzing and measuring.

The functions raise RemediationError, or nothing.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import tempfile
from dataclasses import dataclass
from typing import Any, Callable, Dict, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import FILE, Journal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint, read_anchors, without_certificate
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.edit import edit
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.entries import make_entries
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.lstool import parse_list
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.sts import sign_in
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_wire
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import OmeClient
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store import audit_log, store
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import family_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import parse_pem_file
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.private_key import find_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust import backup
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import find_path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_content
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements
from ansible_collections.certmend.tls.tests.support import forms, mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.journal import new_record
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.listing import lstool_output
from ansible_collections.certmend.tls.tests.support.vsphere.lookup import Lookup, Switches
from ansible_collections.certmend.tls.tests.support.vsphere.soap import Refused, fault
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS, Sts

DATE = {"date": "Tue, 15 Jun 2010 12:00:00 GMT"}

NOBODY = trust_of(None, (), False)


class Recorded(Session):
    """A session without a connection: its answers come from a function of the request."""

    def __init__(self, answer: Callable[..., Answer]) -> None:
        super().__init__("server.example", 443, NOBODY, 1.0)
        self.answer = answer

    def request(self, method: str, path: str, body: bytes, headers: Dict[str, str], again: bool = False) -> Answer:
        """The answer, whatever was asked."""
        return self.answer(method, path, body, headers)


def always(data: bytes, status: int = 200) -> Recorded:
    """A session with one answer to everything. The first line of the bytes can be a Date header."""
    return Recorded(lambda *_asked: Answer(status, data, dict(DATE, **{"x-auth-token": "t"})))


def read(data: bytes) -> None:
    """Certificates in any form, and what a task does with them."""
    reading = read_certificates(data)
    assert reading.certificates or reading.warnings
    pool = Pool()
    pool.add_certificates(reading.certificates, "outside", trusted=True)
    add_content(pool, data, "outside")
    for certificate in reading.certificates[:4]:
        certificate.as_dict(mint.NOW)
        find_path(certificate, pool, Requirements(mint.NOW), strict=False)
    parse_pem_file(data)
    by_fingerprint(data)
    for parse in (load_csr, find_private_key, lambda given, _option: read_anchors(given.decode("latin-1"), "content")):
        with contextlib.suppress(RemediationError):
            parse(data, "path")
    if reading.certificates:
        for anchor in by_fingerprint(data).values():
            without_certificate(data, anchor)


ENTRIES = make_entries([{"option": "", "address": "10.9.9.9", "names": ["b.example", "new.example"]}])
REMOVED = make_entries([{"option": "", "names": ["a.example"], "state": "absent"}])


def hosts(data: bytes) -> None:
    """A hosts file, to which entries are added and from which they are removed."""
    text = data.decode("utf-8", "surrogateescape")
    edit(edit(text, ENTRIES, True)[0], REMOVED, True)


def lookup(data: bytes) -> None:
    """An answer of the Lookup Service to each operation."""
    for status in (200, 500):
        for operation in (LookupService.list, lambda service: service.get("id")):
            with contextlib.suppress(RemediationError):
                for registration in _listed(operation(LookupService(always(data, status)))):
                    _used(registration)


def _listed(answered: Any) -> List[Any]:
    return answered if isinstance(answered, list) else [answered]


def _used(registration: Any) -> None:
    [(endpoint.host, endpoint.port, endpoint.scheme) for endpoint in registration.endpoints]
    registration.spec(), registration.unwritable, registration.as_dict()
    for endpoint in registration.endpoints:
        for text in endpoint.ssl_trust[:1]:
            read_certificates(text.encode("utf-8", "surrogatepass"))


def sts(data: bytes) -> None:
    """An answer of the STS."""
    for status in (200, 500):
        with contextlib.suppress(RemediationError):
            sign_in(always(data, status), "/sts/a", "user", "password", REAL.now)


def lstool(data: bytes) -> None:
    """What lstool.py prints."""
    for registration in parse_list(data.decode("utf-8", "replace")):
        _used(registration)


def ome(data: bytes) -> None:
    """An answer of OpenManage Enterprise, which is a success or a refusal."""
    for status in (200, 400):
        with contextlib.suppress(RemediationError), OmeClient(always(data, status), *ACCOUNT) as client:
            client.generate_csr({})


def pins(data: bytes) -> None:
    """A pin store, and its audit log."""
    with tempfile.NamedTemporaryFile() as log:
        log.write(data)
        log.flush()
        audit_log.last_entries(log.name, "store")
    store.dump(store.parse(data, "pins_path"))


def wire(data: bytes) -> None:
    """What a server sends in a handshake."""
    tls_wire.is_tls(data), tls_wire.alert(data)
    for der in tls_wire.certificates(data):
        read_certificates(der)


def journal(data: bytes) -> None:
    """A journal, and a backup of registrations: JSON that this collection wrote, and somebody may have edited."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, FILE)
        path.write_bytes(data)
        with contextlib.suppress(RemediationError):
            json.dumps(Journal(folder).read().as_dict())
        backup.load(str(path), "backup_path")


def release(data: bytes) -> None:
    """os-release(5)."""
    family_of(data.decode("utf-8", "replace"))


def _certificates() -> List[bytes]:
    leaf, middle = mint.mint(dns=["a.example"], ip=["10.0.0.1"]), mint.authority("Middle")
    found = list(forms.one_certificate(leaf).values()) + list(forms.several_certificates([leaf, middle]).values())
    vecs = "Alias :\t__MACHINE_CERT\nEntry type :\tPrivate Key\nCertificate :\t" + leaf.pem
    return [*found, forms.pkcs12(leaf, [middle], ""), mint.csr("www").encode(), leaf.key_pem.encode(), vecs.encode()]


def _estate() -> List[Any]:
    old, new, ca, other = (mint.mint(text) for text in ("old", "new", "ca", "other"))
    return list(estate.small(old, new, ca, other, dict.fromkeys(("vc1", "vc2", "plugin", "legacy", "partner"), 443)))


def _soap() -> Dict[str, List[bytes]]:
    """The answers of the tests' own Lookup Service and STS."""
    issuer = Sts("vsphere.local", Switches())
    service = Lookup({one.service_id: one for one in _estate()}, issuer, Switches())
    answers: Dict[str, List[bytes]] = {"lookup": [], "sts": []}

    def record(kind: str, answer: Callable[..., bytes]) -> Recorded:
        def asked(_method: str, _path: str, body: bytes, headers: Dict[str, str]) -> Answer:
            try:
                answers[kind].append(answer(body, headers))
                return Answer(200, answers[kind][-1], {})
            except Refused as refused:
                answers[kind].append(fault(refused))
                return Answer(500, answers[kind][-1], {})

        return Recorded(asked)

    client = LookupService(record("lookup", service.answer))
    client.get(client.list()[0].service_id)
    service.switches.hidden = True
    client.list()
    with contextlib.suppress(RemediationError):
        client.get("nobody")
    user, password = next(iter(ACCOUNTS.items()))
    for secret in (password, "wrong"):
        with contextlib.suppress(RemediationError):
            sign_in(record("sts", issuer.answer), issuer.path, user, secret, REAL.now)
    return answers


def _ome() -> List[bytes]:
    """The answers of the tests' own appliance, over the network."""
    with Ome(NAME) as appliance:
        real = Session(NAME, appliance.port, trust_of(None, (), False), 60, "127.0.0.1")
        answers: List[bytes] = []

        def asked(*request: Any) -> Answer:
            answer = real.request(*request)
            answers.append(answer.body)
            return answer

        for account in (ACCOUNT, ("nobody", "wrong")):
            with contextlib.suppress(RemediationError), OmeClient(Recorded(asked), *account) as client:
                with contextlib.suppress(RemediationError):
                    client.upload(b"no certificate", chain=True)
                client.generate_csr({"DistinguishedName": NAME})
        real.close()
    return [answer for answer in answers if answer]


PIN = "sha256/" + "A" * 43 + "="
SINCE = "2026-11-20T12:00:00Z"


def _pins() -> List[bytes]:
    certificate = {"subject": "CN=a", "fingerprints": {"sha256": "AB"}}
    accepted = {"pin": PIN, "since": SINCE, "accepted": "first_use", "certificate": certificate}
    record = {"host": "a.example", "port": 443, "pins": [accepted], "announced": [{"pin": PIN, "since": SINCE, "source": "pin"}]}
    used = {"ticket": "T", "host": "a.example", "port": 443, "old_pin": PIN, "new_pin": PIN, "expires": SINCE, "used": SINCE}
    lines = [{"format": store.FORMAT, "version": 1, "lines": 2}, record, {"used_approval": used}]
    log = {"store": "store", "host": "a.example", "port": 443, "event": "pinned"}
    return ["".join(json.dumps(line) + "\n" for line in lines).encode(), (json.dumps(log) + "\n").encode() * 2]


def _journals() -> List[bytes]:
    old = {"saved_as": "0001", "sha256": "00", "metadata": {"mode": "0644", "owner": 0, "group": 0, "modified": 0, "extended": {"user.a": "YQ=="}}}
    change = {"path": "/etc/hosts", "before": old, "after_sha256": "00", "foreign": False}
    record = dict(new_record().as_dict(), changes=[change])
    registration = dict.fromkeys(("service_id", "owner_id", "product", "type", "node_id", "site_id"), "a")
    listed = dict(registration, mutable=[["serviceEndpoints", [["url", "https://a/", True], ["sslTrust", "MAA=", True]], True]], beyond=["x"])
    saved = {"format": backup.FORMAT, "sso_domain": "a", "hostname": "b", "taken_at": SINCE, "registrations": [listed], "written": [listed]}
    return [json.dumps(value).encode() for value in (record, saved)]


def _records() -> List[bytes]:
    chain = [mint.mint().der, mint.authority().der]
    vectors = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    body = len(vectors).to_bytes(3, "big") + vectors
    message = b"\x02\0\0\x05hello\x0b" + len(body).to_bytes(3, "big") + body
    return [b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message, b"\x15\x03\x03\0\x02\x02\x28"]


HOSTS = [
    b"127.0.0.1\tlocalhost # a\r\n10.0.0.1  a.example b.example\n10.0.0.2\ta.example\n\n# c\nfe80::1%lo a\n",
    b"10.0.0.1 a.example",
    b"\xef\xbb\xbf10.0.0.1 b",
]


@dataclass(frozen=True)
class Parser:
    """A parser of bytes from outside.

    :param parse: raises RemediationError, or nothing.
    :param seeds: makes the real inputs.
    """

    parse: Callable[[bytes], None]
    seeds: Callable[[], List[bytes]]

    def run(self, data: bytes) -> None:
        """Parse; whatever else than RemediationError leaves the parser is a defect."""
        with contextlib.suppress(RemediationError):
            self.parse(data)


PARSERS = {
    "reader": Parser(read, _certificates),
    "hosts": Parser(hosts, lambda: HOSTS),
    "lookup": Parser(lookup, lambda: _soap()["lookup"]),
    "sts": Parser(sts, lambda: _soap()["sts"]),
    "lstool": Parser(lstool, lambda: [lstool_output(_estate()).encode()]),
    "ome": Parser(ome, _ome),
    "pins": Parser(pins, _pins),
    "wire": Parser(wire, _records),
    "journal": Parser(journal, _journals),
    "release": Parser(release, lambda: [b'ID=debian\nID_LIKE="a b"\n']),
}
