# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The resolver must agree with the file, or the file is as it was before."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry import run as hosts_run
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.run import resolve
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts, with_mounts


@pytest.fixture
def hosts(tmp_path, monkeypatch):
    """A file that the module takes for that of the system. The resolver reads the system's, so it agrees on localhost only."""
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n", encoding="ascii")
    monkeypatch.setattr(hosts_run, "HOSTS", str(path))
    return path


def task(path, **more):
    return dict(dict(path=str(path), address="10.1.0.1", names=["no.such.host.invalid"]), **more)


def test_the_addresses_of_a_name_have_the_family_that_is_asked_for():
    assert resolve("localhost", "127.0.0.9") == ["127.0.0.1"] and resolve("no.such.host.invalid", "10.0.0.1") == []
    assert all(":" in address for address in resolve("localhost", "fe80::1%eth0"))


def test_if_names_resolve_to_something_else_the_old_file_is_restored(hosts, run_module):
    failed = run_module("hosts_entry", task(hosts, names=["no.such.host.invalid", "other.host.invalid"]))
    assert failed["failed"] and "check_resolution: no.such.host.invalid resolves to nothing, not to 10.1.0.1" in failed["msg"]
    assert "other.host.invalid" in failed["msg"], "all of them are reported"
    assert hosts.read_text(encoding="ascii") == "127.0.0.1 localhost\n" and os.listdir(hosts.parent) == ["hosts"], "nor is a backup left"
    assert not failed["changed"] and failed["backup_files"] == {} and failed["write_method"] is None


def test_a_file_that_is_right_already_is_checked_as_well(hosts, run_module):
    hosts.write_text("10.1.0.1 no.such.host.invalid\n", encoding="ascii")
    for check in (True, False):
        assert "resolves to nothing" in run_module("hosts_entry", task(hosts), check=check)["msg"]


@pytest.mark.parametrize(
    "more",
    [dict(check_resolution=False), dict(state="absent", names=["localhost.example"]), dict(address="127.0.0.1", names=["localhost"])],
)
def test_no_disagreement_is_no_failure(hosts, run_module, more):
    result = run_module("hosts_entry", task(hosts, **more))
    assert not result.get("failed"), result


def test_a_new_file_is_reported_as_created(tmp_path, run_module):
    made = run_module("hosts_entry", task(tmp_path / "hosts", comment="why"))
    assert made["created_files"] == [str(tmp_path / "hosts")] and made["backup_files"] == {}
    assert made["entries"] == [{"address": "10.1.0.1", "names": ["no.such.host.invalid"], "comment": "why", "state": "present"}]


def test_moved_names_are_reported_with_their_former_addresses(hosts, run_module):
    hosts.write_text("10.1.0.7 no.such.host.invalid\n10.1.0.8 no.such.host.invalid\n", encoding="ascii")
    moved = run_module("hosts_entry", task(hosts), check=True)["moved"]
    assert moved == [{"name": "no.such.host.invalid", "from": ["10.1.0.7", "10.1.0.8"]}]


def test_bytes_that_are_not_utf_8_stay_and_show_escaped_in_the_diff(hosts, run_module):
    hosts.write_bytes(b"# caf\xe9\n")
    made = run_module("hosts_entry", task(hosts, check_resolution=False))
    assert hosts.read_bytes().startswith(b"# caf\xe9\n10.1.0.1") and made["diff"][0]["before"] == "# caf\\u{DCE9}\n"


SCRIPT = """
from ansible_collections.certmend.tls.tests.support.run import run_in_process
made = run_in_process("hosts_entry", dict(address="10.1.0.1", names=["proved.example"], backup=False))
print(made["changed"], made["write_method"], open("hosts").read())
"""


@needs_mounts
def test_the_resolver_of_the_system_agrees_with_its_hosts_file(tmp_path):
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
    (tmp_path / "nsswitch.conf").write_text("hosts: files\n", encoding="ascii")
    mounts = "mount --bind hosts /etc/hosts && { [ ! -e /etc/nsswitch.conf ] || mount --bind nsswitch.conf /etc/nsswitch.conf; }"
    assert with_mounts(tmp_path, mounts, SCRIPT) == "True in_place 127.0.0.1 localhost\n10.1.0.1\tproved.example\n\n"
