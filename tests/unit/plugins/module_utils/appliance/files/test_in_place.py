# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that cannot be renamed over is written in place, and nobody reads what he may not read afterwards."""

from __future__ import annotations

import errno
import os
import resource
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.folder import Folder
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.in_place import overwrite
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "target"
    path.write_bytes(b"old content")
    path.chmod(0o644)
    return path


@pytest.fixture
def folder(tmp_path):
    with Folder(str(tmp_path)) as folder:
        yield folder


def of_me(mode):
    return Metadata(mode, os.geteuid(), os.getegid(), None, {})


@pytest.mark.parametrize("content", [b"", b"short", b"exactly as l", b"longer than the old content"])
def test_a_file_is_overwritten_whether_it_grows_or_shrinks(target, folder, content):
    inode = target.stat().st_ino
    overwrite(folder, "target", content, of_me(0o604))
    assert target.read_bytes() == content and target.stat().st_ino == inode and target.stat().st_mode & 0o777 == 0o604


def test_if_there_is_no_space_to_grow_nothing_changes(target, folder):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            overwrite(folder, "target", b"n" * 2000, of_me(0o600))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG and target.read_bytes() == b"old content" and target.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("old, new", [(0o644, 0o600), (0o600, 0o640)])
def test_at_no_moment_has_the_new_content_a_mode_that_it_may_not_have(target, folder, old, new):
    """Each time that the attributes change, the content is looked at: the process is a child, because a hook stays."""
    target.chmod(old)
    child = os.fork()
    if child == 0:
        seen = []

        def look(event, _arguments):
            if event in ("os.chmod", "os.chown", "os.truncate") and not seen:
                content, mode = target.read_bytes(), target.stat().st_mode & 0o777
                if b"secret" in content and mode & ~new:
                    os._exit(1)
                if b"old" in content and mode & ~old:
                    os._exit(2)

        sys.addaudithook(look)
        overwrite(folder, "target", b"secret", of_me(new))
        os._exit(0)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 0 and target.read_bytes() == b"secret" and target.stat().st_mode & 0o777 == new


def test_a_link_in_the_place_of_the_file_is_not_followed(target, folder, tmp_path):
    os.symlink(target, tmp_path / "link")
    with pytest.raises(OSError, match="symbolic link"):
        overwrite(folder, "link", b"new", of_me(0o600))
    assert target.read_bytes() == b"old content"
