# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that cannot be read name their option."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file, read_path_or_content
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
