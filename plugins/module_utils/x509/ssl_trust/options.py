# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options of lookup_ssl_trust say, read and checked."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils import presented
from ansible_collections.certmend.tls.plugins.module_utils.contexts import collecting_context
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.files import read
from ansible_collections.certmend.tls.plugins.module_utils.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.x509.chain import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ssl_trust.audit import served
from ansible_collections.certmend.tls.plugins.module_utils.x509.ssl_trust.update import Wanted, refuse_times

DIGITS = {40: "SHA-1", 64: "SHA-256"}


def fingerprint(text: str, option: str, only: Tuple[int, ...] = (40, 64)) -> str:
    """A fingerprint in upper case with colons.

    White space and invisible characters are refused, as KB 322835 warns of them: who pasted one may have pasted more or
    less than the fingerprint.

    :param only: how many digits are taken.
    :raises RemediationError: with the form that was probably meant.
    """
    strange = [one for one in text if unicodedata.category(one) in ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Co", "Cn")]
    digits = re.sub(r"[^0-9A-Fa-f]", "", text).upper()
    meant = ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
    wanted = " or ".join("%s (%d digits)" % (DIGITS[count], count) for count in only)
    if strange:
        names = sorted({"U+%04X %s" % (ord(one), unicodedata.name(one, "control character")) for one in strange})
        raise RemediationError(
            "%s: there are characters in it that are no part of a fingerprint: %s" % (option, ", ".join(names)),
            "Type it rather than paste it%s." % ("; meant is probably %s" % meant if len(digits) in only else ""),
        )
    if not re.fullmatch(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2})*", text) or len(digits) not in only:
        raise RemediationError(
            "%s: %r is no fingerprint: it has %d hexadecimal digits" % (option, text, len(digits)), "Give a %s, with or without colons." % wanted
        )
    return meant


def pins_of(values: Optional[List[str]]) -> Tuple[str, ...]:
    """The SHA-256 fingerprints of the server, as they are compared."""
    return tuple(fingerprint(one, "server_fingerprint", (64,)).replace(":", "").lower() for one in values or ())


def folded(values: Dict[str, str]) -> Dict[str, str]:
    """Host names as keys, in the form in which they are compared."""
    return {to_ascii(str(key)): str(value) for key, value in (values or {}).items()}


def wanted_of(params: Dict[str, Any], now: datetime.datetime) -> Wanted:
    """What shall be replaced by what.

    :raises RemediationError: an option is missing or wrong; nothing was asked of the service yet.
    """
    if params["old_fingerprint"] is None and params["old_certificate"] is None and not params["hosts"]:
        raise RemediationError(
            "old_fingerprint, old_certificate or hosts: nobody said which anchors are to be replaced",
            "Give the old certificate or its fingerprint, or the hosts whose certificate was replaced.",
        )
    old = old_of(params)
    hosts = frozenset(to_ascii(one) for one in params["hosts"] or ())
    aliases = {alias: to_ascii(host) for alias, host in folded(params["aliases"]).items()}
    chain = _live(params, hosts) if params["live"] else _given(params["new_certificate"])
    refuse_times(chain[0], now)
    return Wanted(chain, ssl_trust_of(chain[0]), old, hosts, aliases)


def ssl_trust_of(certificate: Certificate) -> str:
    """As the Lookup Service keeps it: DER in Base64, in one line (KB 322835, Task 1)."""
    whole = certificate.as_dict(certificate.not_before)["pem"]
    return "".join(line for line in whole.splitlines() if not line.startswith("-----"))


def old_of(params: Dict[str, Any]) -> Optional[str]:
    """The fingerprint of the old certificate, however it was given."""
    if params["old_certificate"] is not None:
        return _one(params["old_certificate"], "old_certificate")[0].fingerprint()
    return fingerprint(params["old_fingerprint"], "old_fingerprint") if params["old_fingerprint"] is not None else None


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
    reading = read_certificates(value.encode("utf-8") if is_text else read(value, option))
    if not reading.certificates:
        raise RemediationError(
            "%s: there is no certificate in it: %s" % (option, "; ".join(reading.warnings) or "it is empty"),
            "Give a PEM or DER file, or the text of one (as vecs-cli exports it, or a value of sslTrust).",
        )
    leaf = leaf_among(reading.certificates)
    return (leaf, *(one for one in reading.certificates if one != leaf))


def _live(params: Dict[str, Any], hosts: frozenset) -> Tuple[Certificate, ...]:
    """What is served now, if it is what it should be."""
    expected = fingerprint(params["expected_fingerprint"], "expected_fingerprint", (64,))
    addresses, context = folded(params["addresses"]), collecting_context()
    chains = []
    for host in sorted(hosts) or [to_ascii(params["hostname"])]:
        try:
            told = presented.collect(host, params["live_port"], host, addresses.get(host), params["probe_timeout"], context)
        except presented.ProbeError as error:
            raise RemediationError("live: %s: %s" % (error.code, error.message), error.advice) from error
        seen = served(told.chain)
        if not seen.chain or seen.chain[0].fingerprint() != expected:
            shown = seen.chain[0].fingerprint() if seen.chain else seen.error
            raise RemediationError(
                "expected_fingerprint: %s:%d serves %s" % (host, params["live_port"], shown),
                "Compare it on the appliance; something between here and there may answer in its place. Nothing was changed.",
            )
        chains.append(seen.chain)
    return chains[0]

