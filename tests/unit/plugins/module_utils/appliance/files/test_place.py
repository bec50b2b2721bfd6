# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret takes nothing over that another user may have left in its place, and no link of his is followed."""

from __future__ import annotations

import os
import struct

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.second_user import EVE, a_place, as_eve, eve_once, needs_root

pytestmark = needs_root
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
NOBODY = 2**32 - 1


def acl_of_eve(user=6, group=0, mask=6):
    """user::rw-, user:EVE:rw-, group::---, mask::rw-, other::---, as Linux keeps it (uapi/linux/posix_acl_xattr.h)."""
    return struct.pack("<I" + "HHI" * 5, 2, 1, user, NOBODY, 2, 6, EVE, 4, group, NOBODY, 16, mask, NOBODY, 32, 0, NOBODY)


@pytest.fixture
def place():
    """A folder of root that all users can enter, and a folder of the second user."""
    with a_place() as place:
        yield place


def write(path, **options):
    Transaction([Replacement(str(path), b"the new secret", "private_key_path", secret=True, **options)], backup=True).commit()


def existing(path, mode=0o600, owner=0, group=0):
    path.write_bytes(b"old")
    os.chown(path, owner, group)
    path.chmod(mode)
    return path


def eve_reads(path):
    return eve_once(lambda: open(path, "rb").close()) == 0


@pytest.mark.parametrize(
    "old, new",
    [
        ((0o644, 0), (0o600, 0)),
        ((0o666, 77), (0o600, 77)),
        ((0o640, 77), (0o640, 77)),
        ((0o660, 77), (0o640, 77)),
        ((0o4750, 77), (0o640, 77)),
        ((0o400, 0), (0o400, 0)),
    ],
)
def test_a_new_secret_keeps_only_what_root_decided_on_reading(place, old, new):
    """root:ssl-cert 0640 still works; permissions of all users, to write, and to execute are none of a private key."""
    path = existing(place.top / "key", old[0], group=old[1])
    write(path)
    assert (path.stat().st_mode & 0o7777, path.stat().st_gid, path.stat().st_uid) == (*new, 0) and not eve_reads(path)
    (backup,) = place.top.glob(".key.*.bak")
    assert backup.stat().st_mode & 0o7777 & ~0o600 == 0


def test_a_mode_an_owner_and_a_group_that_are_asked_for_are_given(place):
    write(existing(place.top / "key", 0o644), mode="0640", owner=str(EVE), group="77")
    status = (place.top / "key").stat()
    assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == (0o640, EVE, 77)


@pytest.mark.parametrize("mode", [0o640, 0o660])
def test_a_folder_that_others_can_change_hands_no_permission_down(place, mode):
    path = existing(place.eves / "key", mode, group=EVE)
    write(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("exists", [True, False])
def test_a_new_secret_has_no_acl_neither_an_old_nor_an_inherited_one(place, exists):
    folder = place.top / "tls"
    folder.mkdir(mode=0o755)
    path = existing(folder / "key") if exists else folder / "key"
    try:
        os.setxattr(folder, DEFAULT, acl_of_eve())
        if exists:
            os.setxattr(path, ACCESS, acl_of_eve())
            assert eve_reads(path)
    except OSError:
        pytest.skip("this file system has no ACLs")
    write(path)
    assert ACCESS not in os.listxattr(path) and path.stat().st_mode & 0o777 == 0o600 and not eve_reads(path)
    assert not [backup for backup in folder.glob(".*.bak") if ACCESS in os.listxattr(backup) or eve_reads(backup)]


def test_a_file_that_keeps_its_secret_keeps_its_acl_where_root_alone_can_have_set_it(place):
    for folder, kept in ((place.top, True), (place.eves, False)):
        path = existing(folder / "key")
        try:
            os.setxattr(path, ACCESS, acl_of_eve())
        except OSError:
            pytest.skip("this file system has no ACLs")
        write(path, same_secret=True)
        assert (ACCESS in os.listxattr(path)) is kept and eve_reads(path) is kept


@pytest.mark.parametrize("where", ["eves", "top"])
def test_a_file_that_another_user_made_beforehand_is_refused_unless_he_is_asked_for(place, where):
    path = existing(getattr(place, where) / "key", 0o666, owner=EVE)
    with pytest.raises(RemediationError, match="private_key_path: .*/key belongs to user ID %d" % EVE) as caught:
        write(path)
    assert "ask for this owner" in caught.value.advice and path.read_bytes() == b"old"
    write(path, owner=str(EVE))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_hard_link_is_refused(place):
    path = existing(place.top / "key")
    os.link(path, place.top / "other")
    with pytest.raises(RemediationError, match="private_key_path: .*/key is a hard link: the same file has 2 names"):
        write(path)
    assert (place.top / "other").read_bytes() == b"old"


@pytest.mark.parametrize("secret", [True, False])
@pytest.mark.parametrize("where", ["eves", "sticky"])
def test_a_link_of_another_user_is_refused(place, where, secret):
    """Also in a folder with the sticky bit, where the kernel would not follow it, and also for a certificate."""
    folder = place.top / where
    folder.mkdir(exist_ok=True)
    if where == "sticky":
        folder.chmod(0o1777)
    target = existing(place.top / "target", 0o644)
    with as_eve():
        os.symlink(target, folder / "key")
    with pytest.raises(RemediationError, match="leads through the symbolic link .*/key, and others than root can change .*/%s" % where) as caught:
        Transaction([Replacement(str(folder / "key"), b"new", "path", secret=secret)], backup=True).commit()
    assert "(now %s)" % target in caught.value.advice and target.read_bytes() == b"old"


def test_a_link_that_root_made_where_root_alone_can_write_is_followed(place):
    target = existing(place.roots / "target", 0o640, group=77)
    os.symlink(target, place.top / "key")
    write(place.top / "key")
    assert (place.top / "key").is_symlink() and target.read_bytes() == b"the new secret" and target.stat().st_mode & 0o777 == 0o640
