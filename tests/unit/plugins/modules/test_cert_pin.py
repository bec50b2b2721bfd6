# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_pin beside real TLS servers whose keys change: first use, announced, approved, refused, put back; and many at once."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import re

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.unit.conftest import module_process

HOST = "vault.corp.example"
NOW = datetime.datetime.now(mint.UTC)
DAYS = dict(starts=NOW - mint.DAY, ends=NOW + 90 * mint.DAY)
TOMORROW = (NOW + mint.DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


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

    def __init__(self, folder, run_module):
        self.path, self.log, self._run = folder / "pins", folder / "pins.log", run_module

    def run(self, *certificates, check=False, **options):
        """The module on what servers presented, without a network where they are given."""
        given = {"pins_path": str(self.path), "audit_log": str(self.log), **options}
        if certificates:
            given.update(host=HOST, presented=[base64.b64encode(one.der).decode("ascii") for one in certificates])
        return self._run("cert_pin", given, check)

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
        """The pins of the store, by place."""
        entries = [json.loads(line) for line in self.path.read_text(encoding="ascii").splitlines()[1:]]
        return {"%(host)s:%(port)d" % one: [each["pin"] for each in one["pins"]] for one in entries if "host" in one}


@pytest.fixture
def store(tmp_path, run_module):
    return Store(tmp_path, run_module)


OLD, NEW = certificate(), certificate()


def test_a_key_is_pinned_on_first_use_and_then_left_alone(store):
    foretold = store.run(OLD, check=True, state="pinned")
    assert foretold["changed"] and not store.path.exists() and not store.log.exists()
    made = store.pinned(OLD)
    assert made["changed"] and made["diff"] == foretold["diff"] and pin(OLD) in json.dumps(made["diff"])
    assert made["results"][0]["status"] == "first_use" and made["results"][0]["action"] == "pinned"
    assert made["created_files"] == [str(store.path)] and store.known() == {HOST + ":443": [pin(OLD)]}
    before = store.path.read_bytes()
    again = store.pinned(OLD)
    assert not again["changed"] and again["results"][0]["status"] == "ok" and store.path.read_bytes() == before
    assert [one["event"] for one in store.events()] == ["pinned"]
