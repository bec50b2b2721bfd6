# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where systems keep their trust store."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance import system_stores
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import LAYOUTS, Layout, family_of, layout_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


@pytest.mark.parametrize(
    "os_release, family",
    [
        ("ID=debian\n", "debian"),
        ("NAME=x\nID=ubuntu\nID_LIKE=debian\n", "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "redhat"),
        ('ID="sles"\nID_LIKE="suse"\n', "suse"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "suse"),
        ("ID=photon\nVERSION_ID=5.0\n", "photon"),
    ],
)
def test_a_system_belongs_to_a_family(os_release, family):
    assert family_of(os_release) == family


@pytest.mark.parametrize("os_release, words", [("ID=plan9\nID_LIKE=unix\n", r"\(plan9 unix\)"), ("", "no ID in /etc/os-release")])
def test_a_system_of_no_known_family_must_be_named(os_release, words):
    with pytest.raises(RemediationError, match="store: auto does not support this system .*%s" % words) as caught:
        family_of(os_release)
    assert caught.value.advice == "Set store to one of debian, photon, redhat, suse, java."


@pytest.fixture
def layout(tmp_path, monkeypatch):
    found = Layout(str(tmp_path), ".crt", (".crt",), "", ("true",), ("true",))
    monkeypatch.setitem(LAYOUTS, "suse", found)
    return found


def test_the_layout_of_the_option_is_used(layout):
    assert layout_of("suse") is layout


def test_auto_reads_which_system_this_is(layout, tmp_path, monkeypatch):
    monkeypatch.setattr(system_stores, "OS_RELEASE", str(tmp_path / "os-release"))
    (tmp_path / "os-release").write_bytes(b"NAME=\xff\nID=sles\n")
    assert layout_of("auto") is layout
    (tmp_path / "os-release").unlink()
    with pytest.raises(RemediationError, match="store: .*/os-release cannot be read"):
        layout_of("auto")


def test_a_store_that_this_system_does_not_have_is_an_error(monkeypatch):
    monkeypatch.setitem(LAYOUTS, "suse", Layout("/nowhere/anchors", "", ("",), "", (), ()))
    with pytest.raises(RemediationError, match="store: /nowhere/anchors does not exist"):
        layout_of("suse")


def test_the_option_that_named_the_store_is_in_the_message(monkeypatch):
    with pytest.raises(RemediationError, match="system_store: auto does not support this system") as caught:
        family_of("ID=plan9", "system_store")
    assert caught.value.advice == "Set system_store to one of debian, photon, redhat, suse."
