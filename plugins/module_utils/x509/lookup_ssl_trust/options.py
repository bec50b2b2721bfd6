# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``lookup_ssl_trust``, validated."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import parse_fingerprint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, HostPort, parse_endpoint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Trust, trust_from_params
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all, unwrap
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.leaf import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates

if TYPE_CHECKING:  # only a restore needs it
    from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import Backup


class State(StringEnum):
    """The values of the option ``state``."""

    AUDITED = "audited"
    UPDATED = "updated"
    RESTORED = "restored"


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param hostname: the node to connect to; empty if the registrations are given in ``listed``.
    :param sts: where to sign in; None: at ``hostname``.
    :param trust: how the certificates of the node and of the STS are verified.
    :param old_fingerprints: of the certificates to replace, SHA-1 or SHA-256, upper case with colons.
    :param hosts: the hosts whose endpoints can change; empty: all.
    :param aliases: host names by the other names that urls have for them.
    :param new_chain: the new certificate and those given with it; empty if ``live``.
    :param addresses: where to connect, by host name; that of ``hostname`` too, if it is given.
    :param backup: the backup to restore.
    :param require_served: refuse an update that leaves a selected endpoint stale, or whose urls do not answer.
    :param force: also restore trust anchors that somebody else changed after the update.
    """

    state: State
    hostname: str
    port: int
    sts: Optional[HostPort]
    trust: Trust
    verified: bool
    username: Optional[str]
    password: Optional[str] = field(repr=False)
    old_fingerprints: Tuple[str, ...]
    hosts: FrozenSet[str]
    aliases: Mapping[str, str]
    new_chain: Tuple[Certificate, ...]
    live: bool
    live_port: int
    expected_fingerprints: Tuple[str, ...]
    addresses: Mapping[str, str]
    strict: bool
    backup_dir: Optional[str]
    backup_path: Optional[str]
    backup: Optional[Backup]
    force: bool
    require_served: bool
    verify_urls: Tuple[str, ...]
    verify_timeout: float
    timeout: float
    probe_timeout: float
    workers: int
    listed: Optional[str]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Options:
        """Validate the module's parameters. Nothing is requested from a server.

        :raises RemediationError: with everything that is wrong in them.
        """
        errors: List[RemediationError] = []
        state = State(params["state"])
        given_trust = attempt(errors, partial(trust_from_params, params))
        update = _update_options(params, errors) if state is State.UPDATED else _NO_UPDATE
        backup = attempt(errors, partial(_load_backup, params["backup_path"])) if state is State.RESTORED else None
        sts = attempt(errors, partial(_sts, params["sts_hostname"]))
        raise_all(errors)
        trust = unwrap(given_trust, "an error was raised otherwise")
        return cls(
            state=state,
            hostname=params["hostname"] or "",
            sts=sts,
            trust=trust,
            verified=bool(trust.pins) or params["validate_certs"],
            addresses={**_by_host(_address_of_the_node(params)), **_by_host(params["addresses"])},
            backup=backup,
            verify_urls=tuple(params["verify_urls"] or ()),
            **update,
            **{name: params[name] for name in _UNCHANGED},
        )

    def target(self, host: str, port: int) -> Endpoint:
        """A server to probe, at its address if ``addresses`` has one."""
        return Endpoint(host, port, self.addresses.get(to_ascii(host), ""), host, host)

    @property
    def backup_option(self) -> str:
        """The option that says where a new backup is written."""
        return "backup_dir" if self.backup_dir else "backup_path"

    @property
    def backup_folder(self) -> str:
        """The folder of a new backup: that of the old backup if ``backup_dir`` is not given."""
        return self.backup_dir or os.path.dirname(self.backup_path or "") or "."


#: parameters that are taken as they are
_UNCHANGED = (
    "port",
    "username",
    "password",
    "live_port",
    "strict",
    "backup_dir",
    "backup_path",
    "force",
    "require_served",
    "verify_timeout",
    "timeout",
    "probe_timeout",
    "workers",
    "listed",
)
#: the options that only an update reads, for other states
_NO_UPDATE: Mapping[str, Any] = {
    "old_fingerprints": (),
    "hosts": frozenset(),
    "aliases": {},
    "new_chain": (),
    "live": False,
    "expected_fingerprints": (),
}


def _sts(value: Optional[str]) -> Optional[HostPort]:
    if value is None:
        return None
    endpoint = parse_endpoint("sts_hostname", value)
    return HostPort.of(endpoint.host, endpoint.port)


def _update_options(params: Mapping[str, Any], errors: List[RemediationError]) -> Dict[str, Any]:
    """The options that only an update reads."""
    if not (params["old_fingerprint"] or params["old_certificate"] is not None or params["hosts"]):
        errors.append(_nothing_to_replace())
    expected = (params["expected_fingerprint"] or ()) if params["live"] else ()
    return {
        "old_fingerprints": _old_fingerprints(params, errors),
        "hosts": frozenset(to_ascii(host) for host in params["hosts"] or ()),
        "aliases": {alias: to_ascii(host) for alias, host in _by_host(params["aliases"]).items()},
        "new_chain": () if params["live"] else attempt(errors, partial(_new_chain, params["new_certificate"])),
        "live": params["live"],
        "expected_fingerprints": _fingerprints(expected, "expected_fingerprint", (64,), errors),
    }


def _nothing_to_replace() -> RemediationError:
    return RemediationError(
        "old_fingerprint, old_certificate or hosts: one of them must say which trust anchors are replaced",
        "Give the old certificate or its fingerprint, or the hosts whose certificate was replaced.",
    )


def _address_of_the_node(params: Mapping[str, Any]) -> Dict[str, str]:
    """Where ``hostname`` is, for its Lookup Service, its STS and its urls alike."""
    return {params["hostname"]: params["address"]} if params["hostname"] and params["address"] else {}


def _by_host(values: Optional[Mapping[Any, Any]]) -> Dict[str, str]:
    """Values by host names in the form in which these are compared."""
    return {to_ascii(str(host)): str(value) for host, value in (values or {}).items()}


def _fingerprints(values: Any, option: str, digits: Tuple[int, ...], errors: List[RemediationError]) -> Tuple[str, ...]:
    return tuple(attempt(errors, partial(parse_fingerprint, value, option, digits)) or "" for value in values)


def _old_fingerprints(params: Mapping[str, Any], errors: List[RemediationError]) -> Tuple[str, ...]:
    """The fingerprints of the old certificates, given or computed."""
    if params["old_certificate"] is None:
        return _fingerprints(params["old_fingerprint"] or (), "old_fingerprint", (40, 64), errors)
    chain = attempt(errors, partial(_read_chain, params["old_certificate"], "old_certificate"))
    return (chain[0].fingerprint(),) if chain else ()


def _new_chain(value: Optional[str]) -> Tuple[Certificate, ...]:
    if value is None:
        raise RemediationError(
            "new_certificate: is missing, and live is false",
            "Give the new certificate as a path or as text; or set live to true, with expected_fingerprint, to use the certificate that is served.",
        )
    return _read_chain(value, "new_certificate")


def _read_chain(value: str, option: str) -> Tuple[Certificate, ...]:
    """A certificate and those given with it, the server's certificate first; from a path or from text."""
    is_text = "-----BEGIN" in value or len(value) > 1000
    reading = read_certificates(value.encode("utf-8") if is_text else read_file(value, option))
    if not reading.certificates:
        raise RemediationError(
            "%s: contains no certificate: %s" % (option, "; ".join(reading.warnings) or "it is empty"),
            "Give a PEM or DER file, or the text of a certificate (as vecs-cli exports it, or a value of sslTrust).",
        )
    leaf = leaf_among(reading.certificates)
    return (leaf, *(certificate for certificate in reading.certificates if certificate != leaf))


def _load_backup(path: str) -> Backup:
    from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import load

    return load(path, "backup_path")
