# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins that a new key would break, and the warning about them."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.pin_impact import warning_about


def test_a_warning_names_ten_endpoints_and_counts_the_others():
    endpoints = ["host%02d.corp.example:443" % number for number in range(12)]
    assert "%s: clients" % ", ".join(endpoints[:10]) in warning_about(endpoints[:10], True)
    assert "host09.corp.example:443 and 2 more: clients" in warning_about(endpoints, True)


def test_a_warning_says_how_the_key_can_be_kept_or_that_it_cannot():
    assert "reuse_key: true keeps the key" in warning_about(["a.example:443"], False)
    assert "this key cannot be kept (see renewed_because)" in warning_about(["a.example:443"], True)
