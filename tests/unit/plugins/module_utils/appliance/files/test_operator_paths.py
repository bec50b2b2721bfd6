# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths in a text that an operator gives."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.operator_paths import Folders, split_paths


@pytest.mark.parametrize("text", ["a.pem,b.pem", " a.pem , b.pem ,", "a.pem\nb.pem\n", "a.pem,\n b.pem"])
def test_commas_and_lines_separate_paths(text, tmp_path):
    assert split_paths(text, Folders(str(tmp_path))) == ["a.pem", "b.pem"]


def test_a_file_whose_name_contains_a_comma_is_one_file(tmp_path):
    (tmp_path / "Corp, Root.pem").touch()
    assert split_paths("Corp, Root.pem", Folders(str(tmp_path))) == ["Corp, Root.pem"]


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_answer_is_no_path(text, tmp_path):
    assert split_paths(text, Folders(str(tmp_path))) == []
