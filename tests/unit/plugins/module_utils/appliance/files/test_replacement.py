# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes that a file has and will have."""

from __future__ import annotations

import grp
import os
import pwd

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement, describe_attributes, parse_mode
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o640)
    return path


@pytest.mark.parametrize("value, mode", [("0640", 0o640), ("640", 0o640), (0o640, 0o640), ("4755", 0o4755)])
def test_a_mode_is_octal_text_or_a_number(value, mode):
    assert parse_mode(value) == mode


@pytest.mark.parametrize("value", ["rw", "0o9", "", "u=rw", -1, "-1", "10000", 0o10000, True])
def test_a_mode_that_is_not_octal_is_refused(value):
    with pytest.raises(RemediationError, match="mode: %r is not an octal mode" % value):
        parse_mode(value)


def test_an_existing_file_keeps_its_attributes(file):
    status = file.stat()
    assert Replacement(str(file), b"", "path").attributes() == (0o640, status.st_uid, status.st_gid)


def test_a_new_file_belongs_to_this_user_and_a_secret_is_private(tmp_path):
    path = str(tmp_path / "new")
    assert Replacement(path, b"", "path").attributes() == (0o644, os.geteuid(), os.getegid())
    assert Replacement(path, b"", "path", secret=True).attributes() == (0o600, os.geteuid(), os.getegid())


def test_owner_and_group_are_names_or_numbers(file):
    user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(os.getegid())
    named = Replacement(str(file), b"", "path", owner=user.pw_name, group=group.gr_name)
    assert named.attributes()[1:] == (user.pw_uid, group.gr_gid)
    assert Replacement(str(file), b"", "path", owner="17", group="18").attributes()[1:] == (17, 18)


def test_attributes_are_described_before_and_after(file):
    status = file.stat()
    before, after = describe_attributes(Replacement(str(file), b"", "path", mode="0600", group="18"))
    assert before == "mode: 0640\nowner: %d\ngroup: %d\n" % (status.st_uid, status.st_gid)
    assert after == "mode: 0600\nowner: %d\ngroup: 18\n" % status.st_uid


def test_the_target_of_a_link_is_the_file(file, tmp_path):
    (tmp_path / "link").symlink_to(file)
    assert Replacement(str(tmp_path / "link"), b"", "path").target == str(file)
