# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the appliance shows: its clock, the chain that it serves, and a handshake as a client that trusts one root."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass
from typing import Collection, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import verifying_context
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import OmeClient, server_time
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Connection


@dataclass(frozen=True)
class Observation:
    """The appliance before anything changes.

    :param clock: its time; None if its answers have no Date header.
    :param served: the chain that its web server sends.
    """

    clock: Optional[datetime.datetime]
    served: Tuple[Certificate, ...]


@dataclass(frozen=True)
class HandshakeResult:
    """A handshake as a client that trusts one root only.

    :param trusting: the subject of that root.
    :param error: why the client refuses the server; None if it was verified.
    """

    verified: bool
    protocol: Optional[str]
    trusting: str
    error: Optional[str]


class Appliance:
    """The appliance that the options name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session = Session(connection.hostname, connection.port, connection.trust, connection.timeout, connection.address)
        self._client: Optional[OmeClient] = None

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return self._session.where

    @property
    def secrets(self) -> Collection[str]:
        """The password and the token, if somebody signed in."""
        return self._session.secrets

    def observe(self) -> Observation:
        """Read the clock and the served chain; no account is needed.

        :raises RemediationError: the appliance cannot be reached, or is not trusted.
        """
        clock = server_time(self._session)
        try:
            return Observation(clock, self.served())
        except tls_probe.ProbeError as error:
            raise RemediationError(error.message, error.advice) from error

    def served(self) -> Tuple[Certificate, ...]:
        """The chain that the web server sends now.

        :raises ProbeError: there was no handshake.
        """
        handshake = self._probe(None)
        return tuple(certificate for der in handshake.chain for certificate in read_certificates(der).certificates)

    def sign_in(self) -> OmeClient:
        """A client, to be used as a context manager.

        :raises RemediationError: the options have no account.
        """
        if not self._connection.username or not self._connection.password:
            raise RemediationError("username, password: a change needs an account", "Give a local administrator of %s." % self.where)
        self._client = OmeClient(self._session, self._connection.username, self._connection.password)
        return self._client

    @property
    def acted(self) -> bool:
        """Whether the appliance has carried out an action, or may have: none of them can be taken back."""
        return self._client is not None and self._client.acted

    def check_account(self) -> None:
        """Sign in and out, so that check mode reports a wrong account too."""
        with self.sign_in():
            pass

    def verify_with_root_of(self, path: Sequence[Certificate], known: Sequence[Certificate] = ()) -> Optional[HandshakeResult]:
        """Make a handshake as a client that trusts the root of a path and nothing else. None if the path has no root.

        The name is compared if the options have one.

        :param known: intermediate CA certificates that the client has, so that the appliance need not send them.
        """
        if not path or not path[-1].self_signed:
            return None
        context = verifying_context(pem(path[-1].der), "".join(pem(certificate.der) for certificate in known))
        context.check_hostname = bool(self._connection.name)
        try:
            handshake = self._probe(context)
        except tls_probe.ProbeError as error:
            return HandshakeResult(False, None, path[-1].subject, error.message)
        error_message = None if handshake.verify_code == 0 else handshake.verify_message
        return HandshakeResult(error_message is None, handshake.protocol or None, path[-1].subject, error_message)

    def _probe(self, context: Optional[ssl.SSLContext]) -> tls_probe.Handshake:
        to = self._connection
        return tls_probe.probe(to.hostname, to.port, to.name or to.hostname, to.address, to.timeout, context)
