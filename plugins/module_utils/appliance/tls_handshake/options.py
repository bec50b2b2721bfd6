# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``tls_handshake``, validated. Standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import parse_fingerprint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import host_name_problem, is_address
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all


class Expect(StringEnum):
    """Which results of the handshake the task accepts."""

    VERIFIED = "verified"
    PRESENTED = "presented"
    ANY = "any"


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    At most one of ``trusted_path``, ``trusted_content``, ``java_keystore`` and ``system_store`` is set; one if ``expect`` is ``verified``.

    :param name: the name that the certificate must have.
    :param address: connect there instead of resolving ``host``.
    :param system_store: ``auto``, or a family of systems.
    :param timeout: seconds for the whole handshake.
    :param expected_fingerprints: SHA-256 of the certificates that the server must present, its own first; empty: any.
    :param previous_fingerprints: SHA-256 of the certificates that it presented before a change; empty: unknown.
    :param wait_timeout: seconds after the start in which a handshake without the expected outcome is made again.
    """

    host: str
    port: int
    name: str
    address: Optional[str]
    trusted_path: Optional[str]
    trusted_content: Optional[str]
    java_keystore: Optional[Keystore]
    system_store: Optional[str]
    timeout: float
    expect: Expect
    expected_fingerprints: Tuple[str, ...]
    previous_fingerprints: Tuple[str, ...]
    wait_timeout: float

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: with everything that is wrong in them.
        """
        raise_all(list(_problems(params)))
        keystore = params["java_keystore"]
        return cls(
            host=params["host"],
            port=params["port"],
            name=params["name"] or params["host"],
            address=params["address"],
            trusted_path=params["trusted_path"],
            trusted_content=params["trusted_content"],
            java_keystore=Keystore(keystore["path"], keystore["password_file"]) if keystore else None,
            system_store=params["system_store"],
            timeout=params["timeout"],
            expect=Expect(params["expect"]),
            expected_fingerprints=_fingerprints(params, "expected_fingerprints"),
            previous_fingerprints=_fingerprints(params, "previous_fingerprints"),
            wait_timeout=params["wait_timeout"],
        )

    @property
    def trusts_nothing(self) -> bool:
        """Whether no certificates to trust are given."""
        return self.java_keystore is None and self.system_store is None and self.trusted_path is None and self.trusted_content is None

    @property
    def trust_option(self) -> str:
        """The option that says what is trusted, for messages."""
        if self.java_keystore is not None:
            return "java_keystore"
        if self.system_store is not None:
            return "system_store"
        return "trusted_content" if self.trusted_path is None else "trusted_path"


def _fingerprints(params: Mapping[str, Any], option: str) -> Tuple[str, ...]:
    return tuple(parse_fingerprint(value, option, (64,)) for value in params[option] or ())


def _problems(params: Mapping[str, Any]) -> Iterator[RemediationError]:
    for option in ("host", "name"):
        value = params[option]
        problem = host_name_problem(value) if value is not None and not is_address(value) else None
        if problem:
            yield RemediationError("%s: %r %s" % (option, value, problem), "Give a host name or an IP address.")
    if params["address"] is not None and not is_address(params["address"]):
        yield RemediationError("address: %r is not an IP address" % params["address"], "Give a host name with the option host.")
    if params["expect"] == "presented" and not params["expected_fingerprints"]:
        yield RemediationError("expect: presented needs expected_fingerprints", "Give the SHA-256 fingerprints of the certificates.")
