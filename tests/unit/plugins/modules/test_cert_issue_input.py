# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_issue names the option that is wrong, in check mode and in the run, and changes nothing."""

from __future__ import annotations

import pytest

FQDN = "depot.corp.example"


@pytest.fixture
def options(tmp_path, run_module):
    """What issues a self-signed certificate; a certificate and its key are there already."""
    wanted = {"provider": "self_signed", "fqdn": FQDN, "profile": "vcf_installer"}
    wanted.update(private_key_path=str(tmp_path / "depot.key"), certificate_path=str(tmp_path / "depot.pem"))
    assert run_module("cert_issue", wanted)["changed"]
    return wanted


WRONG = [
    ({"fqdn": "10.77.0.10"}, "fqdn: '10.77.0.10' is an IP address, not a host name"),
    ({"fqdn": "depot..example"}, "'depot..example' is not made of labels"),
    ({"private_key_path": "/nowhere/none/depot.key"}, "private_key_path: /nowhere/none cannot be written"),
]
LATE = ({"certificate_path": "/proc/depot.pem"}, "certificate_path: /proc")
"""/proc says that root may write there, so only the attempt shows that nobody can."""


@pytest.mark.parametrize("wrong, words, check", [(*each, check) for check in (True, False) for each in WRONG] + [(*LATE, False)])
def test_bad_input_names_the_option_and_changes_nothing(options, run_module, tmp_path, wrong, words, check):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run_module("cert_issue", {**options, **wrong}, check)
    assert result["failed"] and words in result["msg"]
    assert not result.get("changed") and {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("check", [True, False])
def test_one_path_for_key_and_certificate_is_refused_and_leaves_no_key_behind(tmp_path, run_module, check):
    path = str(tmp_path / "tls.pem")
    given = {"provider": "self_signed", "fqdn": "depot.corp.example", "key_type": "EC", "private_key_path": path, "certificate_path": path}
    result = run_module("cert_issue", given, check=check)
    assert result["failed"] and "private_key_path, certificate_path: the same file" in result["msg"] and "combined_path" in result["msg"]
    assert list(tmp_path.iterdir()) == []
