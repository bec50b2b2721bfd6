# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole inspection: options in, the module's result out."""

from __future__ import annotations

import datetime
from typing import List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, load
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import collect
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import inspect, open_severities, overall
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.query import select
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import surroundings
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.waivers import parse_waivers
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import csr_pin, read_peer_chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import load_anchors
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import parse_ssl_trust
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import PINNED, Context

COUNTED = {"never": (), "error": (ERROR,), "warning": (ERROR, WARNING)}


def inspect_all(params: dict, facts: dict, warnings: List[str]) -> None:
    """Collect, judge and sum up; put the documented result into ``facts``, and what could not be read into ``warnings``.

    :raises RemediationError: an option is wrong, or there are findings that ``fail_on`` counts.
    """
    context, waivers, pins = context_of(params), parse_waivers(params["waivers"]), pins_of(params)
    anchors, unread = load_anchors(params["trusted"], params["trusted_content"], params["trust_system"])
    warnings += unread
    materials = collect(params)
    around = None
    if params["questions"]:
        leaves = [one for material in materials for one in material.certificates[:1]]
        around = surroundings(leaves, params["workers"], params["timeout"])
    facts["results"] = [inspect(material, context, anchors, waivers, around, pins) for material in materials]
    facts.update(overall(facts["results"]))
    warnings += ["%s: %s" % (result["source"], text) for result in facts["results"] for text in result["warnings"]]
    if params["query"]:
        facts["selected"] = select(params["query"], facts)
    _fail_on(params["fail_on"], facts["findings"])


def context_of(params: dict) -> Context:
    """What the options say about the judgement."""
    return Context(
        now=moment(params["at"]),
        profiles=frozenset(params["profile"]),
        expires_within=datetime.timedelta(days=params["expires_within"]),
        private_key_pin=_private_key_pin(params["private_key_path"]),
        csr_pin=csr_pin(params),
        registered=tuple(parse_ssl_trust(params["ssl_trust"])) if params["ssl_trust"] else (),
        peer=read_peer_chain(params["peer_chain_content"].encode("utf-8"), "peer_chain_content") if params["peer_chain_content"] is not None else (),
    )


def _private_key_pin(path: Optional[str]) -> Optional[str]:
    if path is None:
        return None
    return pin_of(load_private_key(read_file(path, "private_key_path"), "private_key_path").public_key())


def pins_of(params: dict) -> Optional[Store]:
    """The pin store that the profile ``pinned`` judges by."""
    if (params["pins_path"] is not None) != (PINNED in params["profile"]):
        raise RemediationError("pins_path, profile: one of them is given without the other", "Give pins_path together with the profile pinned.")
    return load(params["pins_path"], must_exist=True) if params["pins_path"] is not None else None


def _fail_on(word: str, findings: List[dict]) -> None:
    counted = [finding for finding in findings if open_severities([finding])[:1] and finding["severity"] in COUNTED[word]]
    if counted:
        lines = ["%(code)s (%(about)s): %(message)s" % finding for finding in counted]
        raise RemediationError(
            "%d findings stand against it: %s" % (len(lines), "; ".join(lines)),
            "Mend them (each finding names its remedy), or waive them with a date and a reason in waivers.",
        )
