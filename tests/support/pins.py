# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pin store with the module that keeps it, and the certificates of a vault whose key changes."""

from __future__ import annotations

import base64
import hashlib
import json

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL, written

HOST = "vault.corp.example"
DAYS = REAL.days()
TOMORROW = written(REAL.now + mint.DAY)


def certificate(*names, **more):
    names = names or (HOST,)
    return mint.mint(names[0], dns=list(names), **dict(DAYS, **more))


def digest(minted):
    spki = minted.key.public_key().public_bytes(mint.serialization.Encoding.DER, mint.serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()


def pin(minted):
    return "sha256/" + base64.b64encode(digest(minted)).decode("ascii")


class Store:
    """A pin store, and the module that keeps it."""

    def __init__(self, folder, run_module, name="pins"):
        self.path, self.log, self._run = folder / name, folder / (name + ".log"), run_module

    def run(self, *certificates, check=False, verbosity=3, **options):
        """The module on what servers presented, without a network where they are given."""
        given = {"pins_path": str(self.path), "audit_log": str(self.log), "create": True, **options}
        if certificates:
            given.update(host=HOST, presented=[base64.b64encode(one.der).decode("ascii") for one in certificates])
        return self._run("cert_pin", given, check, verbosity)

    def pinned(self, certificate, **options):
        result = self.run(certificate, state="pinned", **options)
        assert not result.get("failed"), result
        return result

    def repinned(self, certificate, old, check=False, **approval):
        given = {"host": HOST, "ticket": "CHG-1", "old_pin": pin(old), "new_pin": pin(certificate), "expires": TOMORROW, **approval}
        return self.run(certificate, check=check, state="repinned", approval=given)

    def events(self):
        return [json.loads(line) for line in self.log.read_text(encoding="ascii").splitlines()]

    def known(self):
        """The pins of the store, by host and port."""
        entries = [json.loads(line) for line in self.path.read_text(encoding="ascii").splitlines()[1:]]
        return {"%(host)s:%(port)d" % one: [each["pin"] for each in one["pins"]] for one in entries if "host" in one}


OLD, NEW = certificate(), certificate()
