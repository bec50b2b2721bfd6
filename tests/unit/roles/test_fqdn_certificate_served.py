# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role fqdn_certificate: which of its files the server presents."""

from __future__ import annotations

from ansible_collections.certmend.tls.tests.support.rendered import render

CASES = {
    "nginx": ({"path": "/a.pem", "combined_path": "{{ omit }}"}, "/a.pem"),
    "nginx-alone": ({"path": "/a.pem"}, "/a.pem"),
    "haproxy": ({"path": "{{ omit }}", "combined_path": "/b.pem"}, "/b.pem"),
    "haproxy-both": ({"path": "/a.pem", "combined_path": "/b.pem", "server": "haproxy"}, "/b.pem"),
    "nginx-combined": ({"combined_path": "/b.pem"}, "/b.pem"),
    "neither": ({}, ""),
}


def test_the_file_that_the_server_presents_is_the_one_that_was_given_or_haproxys(tmp_path):
    hosts = {
        case: dict({"fqdn_certificate_server": case.partition("-")[0]}, **{"fqdn_certificate_" + name: value for name, value in given.items()})
        for case, (given, _expected) in CASES.items()
    }
    found = render(tmp_path, "roles/fqdn_certificate/vars/main.yml", {"cases": {"hosts": hosts}}, ["fqdn_certificate_served_path"])
    assert {case: values["fqdn_certificate_served_path"] for case, values in found.items()} == {case: expected for case, (_given, expected) in CASES.items()}
