# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets among the variables, as Ansible evaluates them."""

from __future__ import annotations

from ansible_collections.certmend.tls.tests.support.rendered import render

HOST = {
    "ansible_password": "Login-Pw1",
    "ansible_become_pass": "{{ other }}",
    "other": "Become-Pw1",
    "my_api_token": "Token-1",
    "stores": [{"path": "/etc/cacerts", "password": "Store-Pw1"}],
    "accounts": {"vcenter": {"passphrase": "Key-Pw1", "user": "ops"}},
    "broken_password": "{{ not_defined_anywhere }}",
    "the_secret": ["One-Pw1", {"a": "Two-Pw1"}],
    "empty_password": "",
    "password_file": "/etc/password",
    "expected": ["Become-Pw1", "Key-Pw1", "Login-Pw1", "One-Pw1", "Store-Pw1", "Token-1", "Two-Pw1"],
}


def test_the_values_with_the_name_of_a_secret_are_found_and_no_others(tmp_path):
    inventory = {"cases": {"hosts": {"case": HOST}}}
    (tmp_path / "none.yml").write_text("{}", encoding="ascii")
    names = ["expected | difference(query('certmend.tls.secrets'))", "query('certmend.tls.secrets') | difference(expected) | select"]
    assert list(render(tmp_path, str(tmp_path / "none.yml"), inventory, names)["case"].values()) == [[], []]
