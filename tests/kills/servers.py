# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules whose change is on a server, or comes from one."""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import shutil
import ssl
from typing import Any, Dict, List

from ansible_collections.certmend.tls.tests.kills.case import Case, mode_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome
from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, Store, pin
from ansible_collections.certmend.tls.tests.support.run import run_in_process
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.site import Site, fingerprint
from ansible_collections.certmend.tls.tests.unit.conftest import listening


class CertPin(Case):
    """An approved change of a pin, in the store and in the audit log."""

    module = "cert_pin"

    def fresh(self) -> None:
        super().fresh()
        self.store = Store(self.estate, run_in_process)
        self.store.pinned(OLD)
        self.old = self.store.path.read_bytes(), self.store.log.read_bytes()

    def params(self) -> Dict[str, Any]:
        approval = {"host": HOST, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
        presented = [base64.b64encode(NEW.der).decode("ascii")]
        files = {"pins_path": str(self.store.path), "audit_log": str(self.store.log)}
        return dict(files, host=HOST, presented=presented, state="pinned", approvals=[approval])

    def run(self, number: int) -> Dict[str, Any]:
        return run_in_process(self.module, self.params())

    def picture(self) -> Dict[str, Any]:
        modes = {path.name: mode_of(path) for path in (self.store.path, self.store.log)}
        return dict(modes, known=self.store.known(), event=self.store.events()[-1]["event"])

    def torn(self) -> List[str]:
        store, log = self.store.path.read_bytes(), self.store.log.read_bytes()
        wrong = []
        if store != self.old[0] and not self._is_whole(store):
            wrong.append("the store is neither the old one nor a whole one with the new pin: %r" % store)
        if not log.startswith(self.old[1]) or not log.endswith(b"\n") or not all(map(json.loads, log.splitlines())):
            wrong.append("the audit log lost an entry, or half of one was written: %r" % log)
        if store != self.old[0] and b'"repinned"' not in log:
            wrong.append("the store was changed, and the audit log does not say so")
        return wrong

    def _is_whole(self, store: bytes) -> bool:
        """Whether a store is what a run writes: its first line counts the others."""
        with contextlib.suppress(ValueError, KeyError):
            checked = self.store.run(NEW)
            return store.endswith(b"\n") and not checked.get("failed") and self.store.known() == {HOST + ":443": [pin(NEW)]}
        return False

    def progress(self) -> str:
        now = self.store.path.read_bytes(), self.store.log.read_bytes()
        if now[0] != self.old[0]:
            return "complete"
        return "in between" if now != self.old or self.left_over() else "as before"


class LookupSslTrust(Case):
    """The stale trust anchors of five registrations in a Lookup Service."""

    module = "lookup_ssl_trust"

    def prepare(self) -> None:
        self.servers = contextlib.ExitStack()
        self.site = Site(self.folder, self._tls_server)
        self.servers.enter_context(self.site.vcenter)
        for key in self.folder.glob("*"):
            key.chmod(0o600)

    def close(self) -> None:
        self.servers.close()

    def _tls_server(self, chain: str, key: str) -> int:
        """The port of a server that presents a chain."""
        path = self.folder / ("server-%d.pem" % len(list(self.folder.iterdir())))
        path.write_text(key + chain, encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)

        def serve(connection: Any) -> None:
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

        return self.servers.enter_context(listening(serve))

    @property
    def backups(self) -> List[pathlib.Path]:
        """The backups, the oldest first."""
        return sorted((self.folder / "backups").glob("[!.]*"))

    def fresh(self) -> None:
        shutil.rmtree(self.folder / "backups", ignore_errors=True)
        super().fresh()
        site = self.site
        site.vcenter.register(estate.small(site.old, site.new, site.ca, site.other, site.ports))
        self.old = dict(site.vcenter.lookup.registrations)

    def params(self) -> Dict[str, Any]:
        return self.site.update()

    def run(self, number: int) -> Dict[str, Any]:
        return run_in_process(self.module, self.params())

    def picture(self) -> Dict[str, Any]:
        return {name: one.xml() for name, one in self.site.vcenter.lookup.registrations.items()}

    def torn(self) -> List[str]:
        now = self.site.vcenter.lookup.registrations
        wrong = ["%s is neither as before nor as wanted" % name for name in {*now, *self.old} if now[name].xml() not in self._versions(name)]
        for path in self.backups:
            try:
                json.loads(path.read_bytes())
            except ValueError:
                wrong.append("%s is no whole backup" % path)
        wrong += ["%s has mode %04o" % (path, mode_of(path) or 0) for path in self.backups if (mode_of(path) or 0) & 0o077]
        return wrong if self.backups or now == self.old else [*wrong, "registrations were changed, and there is no backup"]

    def _versions(self, name: str) -> List[str]:
        return [self.old[name].xml(), self.reference[name]]

    def progress(self) -> str:
        now = self.picture()
        changed = [name for name in now if now[name] != self.old[name].xml()]
        if now == self.reference:
            return "complete"
        return "in between" if changed or self.backups or list((self.folder / "backups").glob(".*")) else "as before"

    def undone(self) -> List[str]:
        """The backup of the killed run, or of the one after it, has the registrations of before."""
        given = {name: value for name, value in self.site.update().items() if name not in ("old_fingerprint", "new_certificate", "backup_dir")}
        restored = run_in_process(self.module, dict(given, state="restored", backup_path=str(self.backups[0])))
        if restored.get("failed"):
            return ["the backup cannot be restored: %s" % restored["msg"]]
        return ["%s is not restored" % name for name, one in self.site.vcenter.lookup.registrations.items() if one != self.old[name]]


class Appliance(Case):
    """An appliance for each trial."""

    module = "ome_certificate_chain"
    sessions = 0

    def prepare(self) -> None:
        self.cas, self.server = Cas(REAL), contextlib.ExitStack()

    def close(self) -> None:
        self.server.close()

    def fresh(self) -> None:
        super().fresh()
        self.close()
        self.ome = self.server.enter_context(Ome(NAME))
        self.ome.switch(restart=0)  # a run that finds no web server says so, and is started again
        self.before = self.ome.certificates

    def account(self, *more: str) -> Dict[str, Any]:
        """The options of the connection.

        :param more: fingerprints that the appliance may present later.
        """
        pins = [self.before[0].fingerprint(mint.SHA256).hex(), *more]
        where = {"hostname": NAME, "address": "127.0.0.1", "port": self.ome.port, "server_fingerprint": pins}
        return dict(where, username=ACCOUNT[0], password=ACCOUNT[1])

    def run(self, number: int) -> Dict[str, Any]:
        return run_in_process(self.module, self.params())

    def torn(self) -> List[str]:
        return ["there are %d sessions" % len(self.ome.sessions)] if len(self.ome.sessions) > 1 else []

    def undone(self) -> List[str]:
        """A killed run cannot sign out; the others do."""
        return self.torn()


class OmeRequest(Appliance):
    """A certificate request takes the place of one that lacks the country."""

    variant = "csr"

    @property
    def path(self) -> pathlib.Path:
        """The request."""
        return self.estate / "ome.csr"

    def fresh(self) -> None:
        super().fresh()
        self.old = mint.csr(NAME, dns=[NAME], key=self.ome.pending).encode()
        self.path.write_bytes(self.old)

    def params(self) -> Dict[str, Any]:
        return dict(self.account(), state="csr", csr_path=str(self.path), distinguished_name=NAME, country="DE", subject_alternative_names=[NAME])

    def picture(self) -> Dict[str, Any]:
        asked = mint.load_csr(self.path.read_bytes())
        mine = asked.public_key().public_numbers() == self.ome.pending.public_key().public_numbers()
        return {
            "subject": asked.subject.rfc4514_string(),
            "of the last request": mine,
            "mode": mode_of(self.path),
            "served": self.ome.certificates == self.before,
        }

    def torn(self) -> List[str]:
        now = self.path.read_bytes()
        whole = now == self.old or (now.endswith(b"-----END CERTIFICATE REQUEST-----\n") and self.picture()["of the last request"])
        return [*super().torn(), *([] if whole else ["the request is neither the old one nor the last one of the appliance: %r" % now])]

    def progress(self) -> str:
        if self.path.read_bytes() != self.old:
            return "complete"
        return "in between" if self.ome.requests or self.left_over() else "as before"


class OmeUpload(Appliance):
    """A chain for the last request is uploaded."""

    variant = "present"

    def fresh(self) -> None:
        super().fresh()
        self.chain = self.cas.chain()
        self.ome.pending = self.chain.key
        (self.estate / "chain.pem").write_bytes(self.chain.data)

    def params(self) -> Dict[str, Any]:
        request = mint.csr(NAME, key=self.chain.key)
        account = self.account(fingerprint(self.chain.certificates[0]))
        return dict(account, state="present", path=str(self.estate / "chain.pem"), csr_content=request, upload="chain")

    def picture(self) -> Dict[str, Any]:
        names = [each.subject.rfc4514_string() for each in self.ome.certificates]
        return {"served": names, "wanted": self._is_served(), "uploads": self.ome.uploads}

    def _is_served(self) -> bool:
        return self.ome.certificates == [each.x509 for each in self.chain.certificates]

    def torn(self) -> List[str]:
        return [*super().torn(), *([] if self._is_served() or self.ome.certificates == self.before else ["another chain is served"])]

    def progress(self) -> str:
        return "complete" if self._is_served() else "in between" if self.ome.tokens else "as before"
