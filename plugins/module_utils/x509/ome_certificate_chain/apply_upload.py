# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upload a chain or a certificate, and wait until the web server serves it."""

from __future__ import annotations

import time
from typing import Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionLost
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Compare, Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.plan_upload import is_served

#: seconds between two handshakes with a web server that restarts
PAUSE = 1.0


def upload_to(appliance: Appliance, upload: Upload) -> Optional[str]:
    """Upload. This cannot be reversed: the appliance deletes the key of its former certificate when it accepts a new one.

    :returns: a warning if the appliance's answer was lost; what it serves then shows whether it accepted the upload.
    :raises Refusal: the appliance did not accept it.
    :raises RemediationError: it could not be reached, or did not accept the account; nothing was uploaded.
    """
    with appliance.sign_in() as client:
        try:
            client.upload(upload.data, upload.chain)
        except ConnectionLost as error:
            return "the answer to the upload was lost (%s); the served certificate shows whether it was accepted" % error.message
    return None


def wait_until_served(
    appliance: Appliance, upload: Upload, compare: Compare, wait_timeout: float, before: Tuple[Certificate, ...]
) -> Tuple[Tuple[Certificate, ...], Optional[str]]:
    """Wait while the web server restarts.

    :param wait_timeout: seconds.
    :param before: the chain that was served before the upload, for the message.
    :returns: the chain that is served, and a warning if the CA certificates are missing from it.
    :raises RemediationError: the new certificate is not served in time.
    """
    deadline = time.monotonic() + wait_timeout
    while True:
        served, state = _served_by(appliance, before)
        if is_served(served, upload.path, compare):
            return served, None
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE)
    if not is_served(served, upload.path, Compare.LEAF):
        raise RemediationError(
            "%s does not serve the new certificate after %g seconds: %s" % (appliance.where, wait_timeout, state),
            "Check the console of the appliance; if its web server is still starting, set a longer wait_timeout.",
        )
    return served, "%s does not send the CA certificates of its chain; set compare to leaf to accept that" % appliance.where


def _served_by(appliance: Appliance, before: Tuple[Certificate, ...]) -> Tuple[Tuple[Certificate, ...], str]:
    """The served chain, and a description of it for a message."""
    try:
        served = appliance.served()
    except ProbeError as error:
        return (), error.message
    if not served:
        return (), "it sends no certificate"
    words = "it still serves the old certificate, %s (SHA-256 %s)" if served[:1] == before[:1] else "it serves %s (SHA-256 %s)"
    return served, words % (served[0].subject, served[0].fingerprint())
