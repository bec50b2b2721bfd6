# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upload to a real server, and wait for its restart."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionLost, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain import apply_upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.apply_upload import upload_to, wait_until_served
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Compare, Connection, Upload
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome

CHAIN = Cas(REAL).chain()
UPLOAD = Upload(CHAIN.data, read_certificates(CHAIN.data), "upload.pem", True)


@pytest.fixture
def ome():
    with Ome(NAME) as appliance:
        appliance.pending = CHAIN.key
        yield appliance


@pytest.fixture(autouse=True)
def short_pause(monkeypatch):
    monkeypatch.setattr(apply_upload, "PAUSE", 0.02)


def appliance_at(port, timeout=PATIENCE):
    return Appliance(Connection(NAME, port, "127.0.0.1", NAME, trust_of(None, (), False), *ACCOUNT, timeout))


def test_the_wait_ends_when_the_chain_is_served_after_the_restart(ome):
    appliance = appliance_at(ome.port)
    assert upload_to(appliance, UPLOAD) is None
    served, warning = wait_until_served(appliance, UPLOAD, Compare.CHAIN, PATIENCE, ())
    assert served == UPLOAD.path and warning is None and ome.uploads == 1 and not ome.sessions


def test_a_lost_answer_is_a_warning(ome):
    ome.switch(lost=True)
    warning = upload_to(appliance_at(ome.port), UPLOAD)
    assert warning.startswith("the answer to the upload was lost (") and ome.uploads == 1


def test_a_lost_sign_in_is_not_a_lost_upload(ome):
    ome.switch(lost_sign_in=True)
    with pytest.raises(ConnectionLost):
        upload_to(appliance_at(ome.port), UPLOAD)
    assert ome.uploads == 0


@pytest.mark.parametrize("restart, words", [(600, "ended the handshake"), (0, "it serves CN=%s \\(SHA-256 " % NAME)])
def test_a_certificate_that_does_not_appear_is_an_error_with_the_last_state(restart, words, ome):
    ome.switch(restart=restart)
    if restart:
        upload_to(appliance_at(ome.port), UPLOAD)
    with pytest.raises(RemediationError, match="does not serve the new certificate after 0 seconds: .*" + words):
        wait_until_served(appliance_at(ome.port), UPLOAD, Compare.CHAIN, 0, ())


def test_the_old_certificate_is_told_from_another_one(ome):
    appliance = appliance_at(ome.port)
    for before, words in ((appliance.served(), "it still serves the old certificate, CN=%s" % NAME), (UPLOAD.path, "it serves CN=%s" % NAME)):
        with pytest.raises(RemediationError, match="after 0 seconds: " + words):
            wait_until_served(appliance, UPLOAD, Compare.CHAIN, 0, before)


def test_missing_ca_certificates_are_a_warning(ome):
    ome.switch(leaf_alone=True, restart=0)
    upload_to(appliance_at(ome.port), UPLOAD)
    served, warning = wait_until_served(appliance_at(ome.port), UPLOAD, Compare.CHAIN, 0, ())
    assert served == UPLOAD.path[:1] and warning.endswith("does not send the CA certificates of its chain; set compare to leaf to accept that")
    assert wait_until_served(appliance_at(ome.port), UPLOAD, Compare.LEAF, PATIENCE, ()) == (UPLOAD.path[:1], None)
