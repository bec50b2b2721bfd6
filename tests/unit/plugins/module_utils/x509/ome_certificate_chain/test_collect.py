# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from an appliance before anything changes."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import trust_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance, HandshakeResult
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Connection
from ansible_collections.certmend.tls.tests.support.clock import DAY, PATIENCE, REAL, now
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome

SECOND = DAY / 86400
CHAIN = Cas(REAL).chain()
PATH = tuple(from_x509(minted.x509) for minted in CHAIN.certificates)


@pytest.fixture
def ome():
    with Ome(NAME) as appliance:
        appliance.switch(restart=0)
        appliance.pending = CHAIN.key
        appliance.upload_chain(CHAIN.data)
        yield appliance


def appliance_at(port, name=NAME, username=ACCOUNT[0], password=ACCOUNT[1]):
    return Appliance(Connection(NAME, port, "127.0.0.1", name, trust_of(None, (), False), username, password, PATIENCE))


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_an_observation_has_the_clock_and_the_served_chain(ome):
    before = now()
    observation = appliance_at(ome.port).observe()
    assert observation.served == PATH
    assert before - SECOND < observation.clock < now() + SECOND  # a header has whole seconds


def test_an_appliance_that_cannot_be_reached_is_an_error(closed_port):
    with pytest.raises(RemediationError, match="%s:%d: Connection refused" % (NAME, closed_port)):
        appliance_at(closed_port).observe()


@pytest.mark.parametrize("account", [("", "Lab"), ("admin", "")])
def test_a_change_needs_an_account(account):
    with pytest.raises(RemediationError, match="^username, password: a change needs an account") as caught:
        appliance_at(443, NAME, *account).check_account()
    assert NAME + ":443" in caught.value.advice


def test_an_account_is_checked_by_signing_in_and_out(ome):
    appliance_at(ome.port).check_account()
    assert not ome.sessions


def test_a_client_that_trusts_the_root_verifies_the_chain_and_the_name(ome):
    verified = HandshakeResult(verified=True, protocol="TLSv1.3", trusting="CN=CA-Racine", error=None)
    assert appliance_at(ome.port).verify_with_root_of(PATH) == appliance_at(ome.port, name="").verify_with_root_of(PATH) == verified


def test_a_client_that_expects_another_name_refuses_it(ome):
    result = appliance_at(ome.port, "other.corp.example").verify_with_root_of(PATH)
    assert not result.verified and "mismatch" in result.error.lower()


def test_a_client_that_trusts_another_root_refuses_it(ome):
    result = appliance_at(ome.port).verify_with_root_of((from_x509(Cas(REAL).root.x509),))
    assert not result.verified and result.error and result.trusting == "CN=CA-Racine"


def test_a_client_that_has_the_intermediates_verifies_a_certificate_that_is_served_alone(ome):
    ome.switch(leaf_alone=True)
    ome.present()
    known = PATH[1:-1]
    assert not appliance_at(ome.port).verify_with_root_of(PATH).verified
    assert appliance_at(ome.port).verify_with_root_of(PATH, known).verified
    assert not appliance_at(ome.port).verify_with_root_of((from_x509(Cas(REAL).root.x509),), known).verified, "an intermediate is no anchor"


def test_an_appliance_that_cannot_be_reached_is_not_verified(closed_port):
    result = appliance_at(closed_port).verify_with_root_of(PATH)
    assert result == HandshakeResult(False, None, "CN=CA-Racine", "127.0.0.1 port %d refuses the connection" % closed_port)


@pytest.mark.parametrize("path", [(), PATH[:2]])
def test_a_path_without_a_root_cannot_be_verified(path, closed_port):
    assert appliance_at(closed_port).verify_with_root_of(path) is None
