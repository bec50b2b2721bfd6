# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter for messages that name a module's options: a reader knows the variables of a role."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.renamed_options import FilterModule

(renamed_options,) = FilterModule().filters().values()
NAMES = {
    "csr_path": "web_folder",
    "path": "web_file",
    "trusted_path": "web_trusted_path",
    "username": "web_username",
    "password": "web_password",
    "candidates": "web_candidates_path",
}


@pytest.mark.parametrize(
    "message, expected",
    [
        ("csr_path: /srv/x.csr is a folder", "web_folder: /srv/x.csr is a folder"),
        ("Set trusted_path to the CA certificates, or csr_path.", "Set web_trusted_path to the CA certificates, or web_folder."),
        ("path: it is empty. Give another path: any", "web_file: it is empty. Give another path: any"),
        ("username, password: are refused. Check username", "web_username, web_password: are refused. Check username"),
        ("candidates[0]: the path is empty", "web_candidates_path[0]: the path is empty"),
        ("2 things are wrong: (1) path: no. (2) candidates: no.", "2 things are wrong: (1) web_file: no. (2) web_candidates_path: no."),
        ("path: no\npassword: no", "web_file: no\nweb_password: no"),
        ("/srv/csr_path/x, csr_path.pem, my-csr_path and old_csr_path stay", "/srv/csr_path/x, csr_path.pem, my-csr_path and old_csr_path stay"),
        ("other: is no option of these", "other: is no option of these"),
        (42, "42"),
    ],
)
def test_the_name_of_an_option_becomes_that_of_the_variable(message, expected):
    assert renamed_options(message, NAMES) == expected


def test_a_new_name_is_not_renamed_again():
    assert renamed_options("path: no. Set csr_path", {"path": "csr_path", "csr_path": "path"}) == "csr_path: no. Set path"


def test_names_without_an_underscore_are_enough():
    assert renamed_options("path: no", {"path": "web_file"}) == "web_file: no"
