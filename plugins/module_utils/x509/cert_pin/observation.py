# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server presented, or why there is no certificate of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate

FACTS = ("subject", "issuer", "serial_number", "not_before", "not_after", "subject_alternative_name", "fingerprints", "pin")


@dataclass(frozen=True)
class Problem:
    """Something that fails the task, or would.

    :param code: its stable name, as docs/findings.md lists it.
    :param message: what is wrong, with the server's host and port.
    """

    code: str
    message: str
    advice: str

    def as_dict(self) -> Dict[str, str]:
        """The shape that the module returns."""
        return asdict(self)


@dataclass(frozen=True)
class Observation:
    """What one address of a server presented.

    :param name: the name that the certificate must have.
    :param address: the address that was connected to; empty if the host was resolved.
    :param certificate: the server's own certificate; None if there is none.
    :param problem: why there is no certificate.
    """

    server: HostPort
    name: str
    address: str
    certificate: Optional[Certificate] = None
    problem: Optional[Problem] = None

    @property
    def pin(self) -> Optional[str]:
        """The pin of the presented key."""
        return self.certificate.pin if self.certificate else None


def certificate_facts(certificate: Certificate) -> Dict[str, Any]:
    """The facts of a certificate that a store keeps and a failure shows as evidence."""
    facts = certificate.as_dict(certificate.not_after)  # the moment matters to days_left only, which is not among FACTS
    return {name: facts[name] for name in FACTS}
