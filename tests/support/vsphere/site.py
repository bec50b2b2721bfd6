# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vCenter with stale trust anchors, for tests of the module and of the role."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import socket

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL

from . import estate
from .server import VCenter
from .sts import ACCOUNTS

USER = "administrator@vsphere.local"
HOSTS = ["vc1.corp.example", "vc2.corp.example", "srm.corp.example", "nsx.corp.example"]


class Site:
    """A vCenter, the certificates that it had and has, and a solution of somebody else."""

    def __init__(self, folder, tls_server):
        self.days = REAL.days()
        self.ca = mint.authority("Corp CA", **self.days)
        self.old = self.certificate("vc1.corp.example")
        self.new = self.certificate("vc1.corp.example")
        self.other = mint.mint("srm.corp.example", dns=HOSTS[1:], **self.days)
        self.folder, self.ca_path = folder, folder / "ca.pem"
        self.ca_path.write_text(self.ca.pem, encoding="ascii")
        self.vcenter = VCenter(self.file("new.pem", self.new.pem), self.file("new.key", self.new.key_pem))
        port = self.vcenter.port
        more = tls_server(self.new.pem, self.new.key_pem)
        self.ports = {"vc1": port, "vc2": tls_server(self.other.pem, self.other.key_pem), "plugin": more, "legacy": more}
        self.ports["partner"] = self.ports["vc2"]
        self.vcenter.register(estate.small(self.old, self.new, self.ca, self.other, self.ports))

    def certificate(self, *names, **more):
        return mint.mint(names[0], dns=list(names), issuer=self.ca, **dict(self.days, **more))

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def options(self, **more):
        given = {
            "hostname": "vc1.corp.example",
            "port": self.vcenter.port,
            "trusted_path": str(self.ca_path),
            "addresses": dict.fromkeys(HOSTS, "127.0.0.1"),
            **more,
        }
        return {name: value for name, value in given.items() if value is not None}

    def update(self, **more):
        return self.options(
            **{
                "state": "updated",
                "username": USER,
                "password": ACCOUNTS[USER],
                "old_fingerprint": fingerprint(self.old, "sha1"),
                "new_certificate": self.new.pem,
                "backup_dir": str(self.folder / "backups"),
                **more,
            }
        )

    def changed_by_others(self, service_id, certificate, version):
        """Somebody else writes a trust anchor and a version."""
        one = self.vcenter.lookup.registrations[service_id]
        mutable = tuple(("serviceVersion", version) if name == "serviceVersion" else (name, content) for name, content in one.mutable)
        mutable = tuple(anchored(tree, estate.anchor(certificate)) for tree in mutable)
        self.vcenter.lookup.registrations[service_id] = dataclasses.replace(one, mutable=mutable)


def anchored(tree, text):
    name, content = tree
    return (name, text if name == "sslTrust" else content if isinstance(content, str) else tuple(anchored(child, text) for child in content))


def fingerprint(minted, algorithm="sha256"):
    digest = hashlib.new(algorithm, minted.der).hexdigest().upper()
    return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


@contextlib.contextmanager
def nobody_answers():
    """The port of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def nobody_listens():
    """A port on which nothing answers."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()[1]


class Meddler:
    """Stands before the Lookup Service, and does something when a request of one kind arrives for the nth time."""

    def __init__(self, site, operation, when, act):
        self.operation, self.when, self.act, self.seen = operation, when, act, 0
        self.lookup_answer, site.vcenter.lookup.answer = site.vcenter.lookup.answer, self.answer

    def answer(self, body, headers):
        self.seen += b"<%s " % self.operation in body
        if self.seen in self.when and b"<%s " % self.operation in body:
            instead = self.act(body)
            if instead is not None:
                return instead
        return self.lookup_answer(body, headers)
