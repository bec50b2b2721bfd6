# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One appliance: what it serves, its clock, its session, and a handshake with it."""

from __future__ import annotations

import datetime
from typing import Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session, trust_from_params
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import verifying_context
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import SESSIONS, Ome
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates


class Appliance:
    """Where the options say."""

    def __init__(self, params: dict) -> None:
        self._params = params
        self.session = Session(params["hostname"], params["port"], trust_from_params(params), params["timeout"], params["address"])

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return self.session.where

    def clock(self) -> Optional[datetime.datetime]:
        """What time the appliance has, as an answer's Date header tells it; nobody needs to sign in for that."""
        return self.session.request("GET", SESSIONS, b"", {}).moment()

    def signed_in(self) -> Ome:
        """A session, to be used as a context manager.

        :raises RemediationError: there is no account in the options.
        """
        username, password = self._params["username"], self._params["password"]
        if not username or not password:
            raise RemediationError("username, password: a change needs an account", "Give a local administrator of %s." % self.where)
        return Ome(self.session, username, password)

    def served(self) -> Tuple[Certificate, ...]:
        """The chain that the web server sends now.

        :raises ProbeError: there was no handshake.
        """
        seen = tls_probe.probe(*self._place(), timeout=self._params["timeout"])
        return tuple(one for der in seen.chain for one in read_certificates(der).certificates)

    def _place(self) -> Tuple[str, int, str, Optional[str]]:
        host = self._params["hostname"]
        return host, self._params["port"], self._params["name"] or host, self._params["address"]

    def prove(self, path: Sequence[Certificate]) -> Optional[dict]:
        """A handshake as a client that trusts nothing but the root of a path; None where the path has none.

        The name is compared where the options give one.
        """
        if not path or not path[-1].self_signed:
            return None
        context = verifying_context(pem(path[-1].der))
        context.check_hostname = bool(self._params["name"])
        outcome = {"verified": False, "protocol": None, "trusting": path[-1].subject}
        try:
            seen = tls_probe.probe(*self._place(), timeout=self._params["timeout"], context=context)
        except tls_probe.ProbeError as error:
            return dict(outcome, error=error.message)
        error_told = None if seen.verify_code == 0 else seen.verify_message
        return dict(outcome, verified=error_told is None, error=error_told, protocol=seen.protocol or None)
