# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong in the options is reported at once; the rest has its defaults."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.options import Expect, Options
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def options(**params):
    given = dict(
        host="depot",
        port=443,
        name=None,
        address=None,
        trusted_path=None,
        trusted_content="PEM",
        java_keystore=None,
        system_store=None,
        timeout=10.0,
        expect="any",
        expected_fingerprints=None,
        previous_fingerprints=None,
        wait_timeout=0.0,
    )
    return Options.from_params(dict(given, **params))


def test_the_name_is_the_host_unless_another_is_given():
    assert options().name == "depot" and options(name="depot.corp.example").name == "depot.corp.example"


def test_addresses_are_hosts_and_names_too():
    assert options(host="10.0.0.1", address="fd00::1", name="fd00::2").host == "10.0.0.1"


@pytest.mark.parametrize(
    "params, option",
    [
        (dict(), "trusted_content"),
        (dict(trusted_content=None, trusted_path="/ca.pem"), "trusted_path"),
        (dict(trusted_content=None, java_keystore=dict(path="/ks", password_file=None)), "java_keystore"),
        (dict(trusted_content=None, system_store="auto"), "system_store"),
    ],
)
def test_the_option_that_says_what_is_trusted_is_known(params, option):
    assert options(**params).trust_option == option


def test_a_keystore_has_its_password_file():
    given = options(trusted_content=None, java_keystore=dict(path="/ks", password_file="/pw"))
    assert given.java_keystore == Keystore("/ks", "/pw") and given.expect is Expect.ANY


@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(host="bad host"), "host: 'bad host' contains a blank"),
        (dict(host=""), "host: '' is empty"),
        (dict(name=""), "name: '' is empty"),
        (dict(name="-x"), "name: '-x' is not made of labels"),
        (dict(address="depot"), "address: 'depot' is not an IP address"),
    ],
)
def test_a_wrong_option_is_named(wrong, words):
    with pytest.raises(RemediationError) as caught:
        options(**wrong)
    assert words in caught.value.message and caught.value.advice


def test_everything_that_is_wrong_is_reported_at_once():
    with pytest.raises(RemediationError) as caught:
        options(host="a b", name="c d", address="e")
    assert all(words in str(caught.value) for words in ("3 things", "host: ", "name: ", "address: "))
