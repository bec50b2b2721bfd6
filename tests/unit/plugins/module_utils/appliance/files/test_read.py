# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that cannot be read name their option."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import check_regular, content_of, opened, read_file, read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def test_a_file_that_cannot_be_read_names_the_option(tmp_path):
    with pytest.raises(RemediationError, match="ca_path: .*/none cannot be read: No such file"):
        read_file(str(tmp_path / "none"), "ca_path")


def test_a_file_is_read_as_it_is(tmp_path):
    (tmp_path / "file").write_bytes(b"\xff\r\n")
    assert read_file(str(tmp_path / "file"), "path") == b"\xff\r\n"


def test_content_is_given_by_path_or_as_text(tmp_path):
    (tmp_path / "ca.pem").write_bytes(b"from the file")
    path = str(tmp_path / "ca.pem")
    assert read_path_or_content({"ca_path": path, "ca_content": None}, "ca_path", "ca_content") == (b"from the file", "ca_path")
    assert read_path_or_content({"ca_path": None, "ca_content": "caf\u00e9"}, "ca_path", "ca_content") == (b"caf\xc3\xa9", "ca_content")
    assert read_path_or_content({"ca_path": None, "ca_content": None}, "ca_path", "ca_content")[0] is None


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    return str(tmp_path / "fifo")


def test_a_fifo_is_refused_and_nobody_waits_for_its_writer(fifo):
    with pytest.raises(RemediationError, match=r"ca_path: .*/fifo is a named pipe \(FIFO\), not a regular file"):
        read_file(fifo, "ca_path")


def test_a_link_to_a_fifo_is_refused_as_what_it_leads_to(fifo, tmp_path):
    os.symlink(fifo, tmp_path / "link")
    with pytest.raises(RemediationError, match="link is a named pipe"):
        read_file(str(tmp_path / "link"), "path")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device):
    with pytest.raises(RemediationError, match="path: %s is a character device, not a regular file" % device):
        read_file(device, "path")


def test_a_socket_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(RemediationError, match="socket is a socket, not a regular file"):
            read_file(str(tmp_path / "socket"), "path")


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux's /proc")
@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/kcore", "/proc/kmsg", "/proc/self/mem"])
def test_a_file_of_proc_is_refused(path):
    with pytest.raises(RemediationError, match="path: %s (is a file of /proc|cannot be read)" % path):
        read_file(path, "path")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(RemediationError, match="path: .* cannot be read: Is a directory. Give the path of a file"):
        read_file(str(tmp_path), "path")


def test_a_huge_file_is_refused_by_its_size_and_not_read(tmp_path):
    with open(tmp_path / "huge", "wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(RemediationError, match="path: .*/huge is larger than 64 MiB"):
        read_file(str(tmp_path / "huge"), "path")


def test_the_limit_is_the_largest_size_that_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"1234")
    assert read_file(str(tmp_path / "file"), "path", maximum=4) == b"1234"
    with pytest.raises(RemediationError, match="path: .*/file is larger than 3 bytes"):
        read_file(str(tmp_path / "file"), "path", maximum=3)


def test_a_file_that_grows_while_it_is_read_is_read_to_its_limit_only(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12")
    with opened(str(path), "path") as stream:
        path.write_bytes(b"1234567")
        with pytest.raises(RemediationError, match="larger than 6 bytes"):
            content_of(stream, str(path), "path", maximum=6)


def test_a_file_that_another_program_opens_is_examined_without_being_read(fifo, tmp_path):
    check_regular(__file__, "path")
    with pytest.raises(RemediationError, match="keystore.path: .* is a named pipe"):
        check_regular(fifo, "keystore.path")
