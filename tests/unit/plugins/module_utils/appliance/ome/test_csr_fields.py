# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a request of OpenManage Enterprise can ask for."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

NAME = "ome.corp.example"
OPTIONS = ("department_name", "business_name", "locality", "country_state", "country", "email", "subject_alternative_names")


def fields_of(**params):
    return CsrFields.from_params({**dict.fromkeys(OPTIONS), "distinguished_name": NAME, **params})


def test_the_body_has_every_field_of_generate_csr():
    fields = fields_of(country="DE", country_state="Hessen", subject_alternative_names=[NAME, "10.77.0.14"])
    assert fields.as_body() == {
        "DistinguishedName": NAME,
        "DepartmentName": "",
        "BusinessName": "",
        "Locality": "",
        "State": "Hessen",
        "Country": "DE",
        "Email": "",
        "San": "ome.corp.example,10.77.0.14",
    }


def test_host_names_and_addresses_are_told_apart_and_sorted():
    fields = fields_of(subject_alternative_names=["b.corp.example", "10.77.0.14", "a.corp.example", "2001:db8::1"])
    assert fields.dns_names == ["a.corp.example", "b.corp.example"] and fields.ip_addresses == ["10.77.0.14", "2001:db8::1"]


@pytest.mark.parametrize(
    "params, message",
    [
        (dict(distinguished_name=None), "distinguished_name: '' is missing"),
        (dict(distinguished_name="ome"), "distinguished_name: 'ome' is a single label"),
        (dict(distinguished_name="*.corp.example"), "distinguished_name: '*.corp.example' is a wildcard"),
        (dict(country="D1"), "country: 'D1' is not a country code"),
        (dict(country="Germany"), "country: 'Germany' is not a country code"),
        (dict(subject_alternative_names=["a.b,c.d"]), "subject_alternative_names: 'a.b,c.d' contains a blank or a comma"),
        (dict(subject_alternative_names=["fe80::1%eth0"]), "subject_alternative_names: 'fe80::1%eth0' "),
        (dict(subject_alternative_names=["a..b"]), "subject_alternative_names: 'a..b' is not made of labels"),
        (dict(subject_alternative_names=["%s.b" % letter for letter in "abcde"]), "there are 5, and OpenManage Enterprise accepts 4"),
    ],
)
def test_a_value_that_the_appliance_refuses_names_its_option(params, message):
    with pytest.raises(RemediationError) as caught:
        fields_of(**params)
    assert message in caught.value.message


def test_all_the_values_that_are_wrong_are_one_error():
    with pytest.raises(RemediationError, match="^3 things are wrong: "):
        fields_of(distinguished_name="ome", country="Germany", subject_alternative_names=["a b"])
