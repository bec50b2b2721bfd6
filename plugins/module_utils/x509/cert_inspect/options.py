# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``cert_inspect``, validated."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.waivers import Waiver, parse_waivers
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import Language
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.base64_text import decode_base64
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_peer_chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import TrustSources
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import PINNED

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.query import Query
    from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import RegisteredEndpoint

#: the options of which exactly one is given
SOURCES = ("endpoints", "path", "content", "content_base64", "presented")
#: the options that need no validation beyond the module's argument spec
AS_GIVEN = (
    "path",
    "password",
    "csr_path",
    "csr_content",
    "private_key_path",
    "workers",
    "timeout",
    "questions",
    "pins_path",
    "fail_on",
)


@dataclass(frozen=True)
class Options:
    """What the task asks for. Of ``endpoints``, ``presented``, ``path`` and ``content`` one is given, the others are None.

    :param presented: the certificates of the chain, as bytes.
    :param content: the content of a file, from ``content`` or ``content_base64``.
    :param content_option: the name of that option.
    :param name: the name by which clients connect; empty: names are not compared.
    :param now: the time of the judgement, from ``at``.
    :param registered: the endpoints in ``ssl_trust``.
    :param peer: the certificates in ``peer_chain_content``, the appliance's own first.
    :param timeout: seconds for one endpoint.
    :param resolved: the addresses of host names, as the client's host resolves them; None: this host resolves them.
    """

    endpoints: Optional[Tuple[Endpoint, ...]]
    presented: Optional[Tuple[bytes, ...]]
    path: Optional[str]
    content: Optional[bytes]
    content_option: str
    password: Optional[str]
    name: str
    profiles: FrozenSet[str]
    trust: TrustSources
    csr_path: Optional[str]
    csr_content: Optional[str]
    private_key_path: Optional[str]
    peer: Tuple[Certificate, ...]
    now: datetime.datetime
    expires_within: datetime.timedelta
    workers: int
    timeout: float
    questions: bool
    resolved: Optional[Mapping[str, str]]
    registered: Tuple[RegisteredEndpoint, ...]
    pins_path: Optional[str]
    fail_on: str
    language: Language
    waivers: Tuple[Waiver, ...]
    query: Optional[Query]

    @classmethod
    def from_params(cls, params: Mapping[str, Any], now: datetime.datetime) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: with everything that is wrong in them.
        """
        errors: List[RemediationError] = []
        values: Dict[str, Any] = {
            "endpoints": attempt(errors, lambda: _endpoints(params)),
            "presented": attempt(errors, lambda: _presented(params["presented"])),
            "content": attempt(errors, lambda: _content(params)),
            "peer": attempt(errors, lambda: _peer(params["peer_chain_content"])),
            "now": attempt(errors, lambda: parse_time(params["at"], "at", now)),
            "registered": attempt(errors, lambda: _registered(params["ssl_trust"])),
            "query": attempt(errors, lambda: _query(params["query"])),
            "resolved": attempt(errors, lambda: _resolved(params["resolved"])),
        }
        values["waivers"] = attempt(errors, lambda: _waivers(params, values["now"] or now))
        attempt(errors, lambda: _check_pins(params))
        raise_all(errors)
        return cls(**values, **_without_errors(params), **{name: params[name] for name in AS_GIVEN})


def _without_errors(params: Mapping[str, Any]) -> Dict[str, Any]:
    """What the argument spec has validated, in the types of ``Options``."""
    return {
        "content_option": "content" if params["content"] is not None else "content_base64",
        "name": params["name"] or "",
        "trust": TrustSources.from_params(params),
        "profiles": frozenset(params["profile"]),
        "expires_within": datetime.timedelta(days=params["expires_within"]),
        "language": Language(params["language"]),
    }


def _endpoints(params: Mapping[str, Any]) -> Optional[Tuple[Endpoint, ...]]:
    return None if params["endpoints"] is None else tuple(parse_endpoints(params["endpoints"], params["name"] or ""))


def _waivers(params: Mapping[str, Any], now: datetime.datetime) -> Tuple[Waiver, ...]:
    return parse_waivers(params["waivers"] or (), now.date(), params["waiver_days"])


def _presented(texts: Optional[Sequence[str]]) -> Optional[Tuple[bytes, ...]]:
    """Decode the certificates of the chain; all that are not Base64 are one error."""
    if texts is None:
        return None
    errors: List[RemediationError] = []
    decoded = [attempt(errors, partial(decode_base64, text, "presented[%d]" % index)) for index, text in enumerate(texts)]
    raise_all(errors)
    return tuple(der for der in decoded if der is not None)


def _content(params: Mapping[str, Any]) -> Optional[bytes]:
    if params["content_base64"] is not None:
        return decode_base64(params["content_base64"], "content_base64")
    return None if params["content"] is None else bytes(params["content"].encode("utf-8"))


def _peer(content: Optional[str]) -> Tuple[Certificate, ...]:
    return () if content is None else read_peer_chain(content.encode("utf-8"), "peer_chain_content")


def _registered(result: Optional[Mapping[str, Any]]) -> Tuple[RegisteredEndpoint, ...]:
    if not result:
        return ()
    from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import parse_ssl_trust

    return tuple(parse_ssl_trust(result))


def _resolved(answers: Optional[Mapping[Any, Any]]) -> Optional[Dict[str, str]]:
    """The addresses of each name as text; empty if it has none."""
    if answers is None:
        return None
    resolved = {}
    for name, addresses in answers.items():
        if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
            raise RemediationError("resolved: %r has no list of addresses" % (name,), "Give each name a list of its addresses, empty if it has none.")
        resolved[str(name)] = ", ".join(addresses)
    return resolved


def _query(expression: Optional[str]) -> Optional[Query]:
    if not expression:
        return None
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.query import parse_query

    return parse_query(expression)


def _check_pins(params: Mapping[str, Any]) -> None:
    if (params["pins_path"] is not None) != (PINNED in params["profile"]):
        raise RemediationError("pins_path, profile: pins_path and the profile pinned must be given together", "Give both, or neither of them.")
