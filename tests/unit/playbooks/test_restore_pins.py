# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins are in no journal of a host: a restore takes them from the record of the run. Nobody can log in to the server whose key was pinned."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.tests.support.hosts_here import by_itself
from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, pin
from ansible_collections.certmend.tls.tests.support.role_cases import Cases


class Made:
    """The runs, one after another: a key is pinned, changes, is approved; and the run is restored."""

    def __init__(self, folder):
        self.hosts = Cases(folder, {"vault": {"pins_path": "store", "audit_pins_path": "store"}})
        self.hosts.inventory["all"]["children"] = {"pinned": {"hosts": {"vault": {}}}}
        self.store = self.hosts.controller / "store"
        with by_itself(self.hosts["vault"]) as port:
            self.hosts.give("vault", fqdn=HOST, tls_port=port, ansible_host="127.0.0.1", audit_trusted_content=OLD.pem + NEW.pem)
            (self.hosts.hosts / "127.0.0.1").mkdir(exist_ok=True)
            self.serve(OLD)
            self.pinned = self.run("pins", pins_create=True)
            self.serve(NEW)
            approval = {"host": HOST, "port": port, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
            self.first = self.run("remediate", pins_approvals=[approval], evidence_path="records")
        (record,) = (self.hosts.controller / "records").iterdir()
        (self.hosts.hosts / "127.0.0.1" / "lost").touch()
        self.check, self.restored, self.again = (self.run("restore", *more, restore_record=str(record)) for more in (["--check"], [], []))

    def serve(self, certificate):
        (self.hosts["vault"] / "web.pem").write_text(certificate.pem, encoding="ascii")
        (self.hosts["vault"] / "web.key").write_text(certificate.key_pem, encoding="ascii")

    def run(self, playbook, *arguments, **variables):
        """What changed, the output, and the pins afterwards."""
        done = self.hosts.run("certmend.tls." + playbook, *arguments, "-e", json.dumps(variables))
        entries = [json.loads(line) for line in self.store.read_text(encoding="ascii").splitlines()[1:]] if self.store.exists() else []
        pins = [each["pin"] for entry in entries if entry.get("host") == HOST for each in entry["pins"]]
        return {task for case in done.values() for task in case.changed}, self.hosts.output, pins


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("pins") / "run")


def test_an_approved_change_of_a_key_is_restored_from_the_record(made):
    assert made.pinned[2] == [pin(OLD)] and made.first[2] == [pin(NEW)], made.first[1]
    assert made.restored[2] == [pin(OLD)] and "%s:" % HOST in made.restored[1] and ": pins restored" in made.restored[1], made.restored[1]


def test_check_mode_restores_nothing_and_says_what_would_be_restored(made):
    assert made.check[2] == [pin(NEW)] and made.check[0] == made.restored[0] != set(), made.check[1]


def test_a_second_restore_changes_nothing(made):
    assert made.again[0] == set() and made.again[2] == [pin(OLD)], made.again[1]
