# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The problems for which the task fails, in words that are enough to act on at night. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import REQUEST_APPROVAL, Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Problem, certificate_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate

INVESTIGATE = "Do not trust this server until you know who changed the key. If nobody expected the change, inform your IT security."
COMPARE = "Compare the served pin with the pin from a trusted source, then give it in announced (state pinned)."
FIX_CERTIFICATE = "Fix the certificate first (role fqdn_certificate)."


def pin_changed(server: HostPort, certificate: Certificate, record: PinRecord) -> Problem:
    """The key was neither pinned nor announced, and no approval was given."""
    return Problem("PIN-CHANGED", _change(server, certificate, record), INVESTIGATE)


def approval_refused(server: HostPort, certificate: Certificate, record: PinRecord, approval: Approval, refusals: Sequence[str]) -> Problem:
    """The key changed, and the approval that was given is for another change."""
    refused = "%s (ticket %s) does not cover this change: %s" % (approval.option, approval.ticket, "; ".join(refusals))
    return Problem("APPROVAL-REFUSED", "%s; %s" % (_change(server, certificate, record), refused), REQUEST_APPROVAL)


def pin_unknown(server: HostPort, certificate: Certificate, announced: Sequence[str]) -> Problem:
    """The server has no pin, and its first key is not trusted."""
    message = "%s has no pin yet, and first_use is fail. Served now: %s" % (server, _served(certificate))
    if announced:
        message += ". Announced: %s" % ", ".join(dict.fromkeys(announced))
    return Problem("PIN-UNKNOWN", message, COMPARE)


def pin_refused(server: HostPort, permission: str, objections: Sequence[str]) -> Problem:
    """The change was announced or approved, but the new certificate is not usable."""
    message = "%s: the new certificate was %s, but %s" % (server, permission, "; ".join(objections))
    return Problem("PIN-REFUSED", message, FIX_CERTIFICATE)


def describe_pin(pin: str, certificate: Mapping[str, Any]) -> str:
    """A pin with the facts of its certificate, as part of a sentence."""
    parts = [certificate.get("subject") or "no subject"]
    if certificate.get("issuer"):
        parts.append("by %s" % certificate["issuer"])
    if certificate.get("not_after"):
        parts.append("valid %s to %s" % (certificate.get("not_before"), certificate["not_after"]))
    parts.append("certificate SHA-256 %s" % certificate.get("fingerprints", {}).get("sha256", "unknown"))
    return "%s (%s)" % (pin, ", ".join(parts))


def _served(certificate: Certificate) -> str:
    return describe_pin(certificate.pin, certificate_facts(certificate))


def _change(server: HostPort, certificate: Certificate, record: PinRecord) -> str:
    message = "%s presents a public key that is neither pinned nor announced. Served now: %s. Pinned since %s: %s" % (
        server,
        _served(certificate),
        record.pins[-1].since,
        " and ".join(describe_pin(accepted.pin, accepted.certificate) for accepted in record.pins),
    )
    if record.announced:
        message += ". Announced: %s" % ", ".join(record.announced_pins)
    return message
