# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options of lookup_ssl_trust say, read and checked."""

from __future__ import annotations

import datetime
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import parse_fingerprint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import probe_all
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.leaf import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import served
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.plan import Wanted, refuse_times


def folded(values: Dict[str, str]) -> Dict[str, str]:
    """Host names as keys, in the form in which they are compared."""
    return {to_ascii(str(key)): str(value) for key, value in (values or {}).items()}


def wanted_of(params: Dict[str, Any], now: datetime.datetime) -> Wanted:
    """What shall be replaced by what.

    :raises RemediationError: an option is missing or wrong; nothing was asked of the service yet.
    """
    old = old_of(params)
    if not old and not params["hosts"]:
        raise RemediationError(
            "old_fingerprint, old_certificate or hosts: nobody said which anchors are to be replaced",
            "Give the old certificate or its fingerprint, or the hosts whose certificate was replaced.",
        )
    hosts = frozenset(to_ascii(one) for one in params["hosts"] or ())
    aliases = {alias: to_ascii(host) for alias, host in folded(params["aliases"]).items()}
    if not params["live"]:
        wanted = Wanted(_given(params["new_certificate"]), {}, old, hosts, aliases)
    elif hosts:
        wanted = Wanted((), _live(params, sorted(hosts)), old, hosts, aliases)
    else:
        host = to_ascii(params["hostname"] or "localhost")
        wanted = Wanted(_live(params, [host])[host], {}, old, hosts, aliases)
    for new in wanted.new:
        refuse_times(new, now)
    return wanted


def old_of(params: Dict[str, Any]) -> Tuple[str, ...]:
    """The fingerprints of the old certificates, however they were given."""
    if params["old_certificate"] is not None:
        return (_one(params["old_certificate"], "old_certificate")[0].fingerprint(),)
    return tuple(parse_fingerprint(one, "old_fingerprint") for one in params["old_fingerprint"] or ())


def _given(value: Optional[str]) -> Tuple[Certificate, ...]:
    if value is None:
        raise RemediationError(
            "new_certificate: nobody said what the new certificate is",
            "Give it as a path or as text; or live: true with expected_fingerprint, to take what is served.",
        )
    return _one(value, "new_certificate")


def _one(value: str, option: str) -> Tuple[Certificate, ...]:
    """A certificate and what came with it, the server's own first; from a path, or from text."""
    is_text = "-----BEGIN" in value or len(value) > 1000
    reading = read_certificates(value.encode("utf-8") if is_text else read_file(value, option))
    if not reading.certificates:
        raise RemediationError(
            "%s: there is no certificate in it: %s" % (option, "; ".join(reading.warnings) or "it is empty"),
            "Give a PEM or DER file, or the text of one (as vecs-cli exports it, or a value of sslTrust).",
        )
    leaf = leaf_among(reading.certificates)
    return (leaf, *(one for one in reading.certificates if one != leaf))


def _live(params: Dict[str, Any], hosts: List[str]) -> Dict[str, Tuple[Certificate, ...]]:
    """What the hosts serve now, if each of them serves what is expected."""
    expected = [parse_fingerprint(one, "expected_fingerprint", (64,)) for one in params["expected_fingerprint"]]
    addresses = folded(params["addresses"])
    places = {host: Endpoint(host, params["live_port"], addresses.get(host, ""), host, host) for host in hosts}
    answers = probe_all(list(places.values()), params["workers"], params["probe_timeout"])
    chains = {}
    for host, place in places.items():
        seen = served(answers[place])
        if not seen.chain:
            raise RemediationError("live: %s: %s" % (place, seen.error), "Give new_certificate, or addresses where a name cannot be resolved here.")
        if seen.chain[0].fingerprint() not in expected:
            raise RemediationError(
                "expected_fingerprint: %s serves %s" % (place, seen.chain[0].fingerprint()),
                "Compare it on the appliance; something between here and there may answer in its place. Nothing was changed.",
            )
        chains[host] = seen.chain
    return chains
