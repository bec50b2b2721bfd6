# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The extensions for certificate policies as plain values (RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Iterator, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import OBJECT_IDENTIFIER, SEQUENCE, dotted, items
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509

ANY_POLICY = "2.5.29.32.0"
#: the longest object identifier that is read, in octets; the library reads no longer ones in the other extensions
LONGEST = 63
#: bounds the work for a hostile certificate; OpenSSL keeps no more for a whole path
MAXIMUM_POLICIES = 1000


@dataclass(frozen=True)
class PolicyExtensions:
    """What a certificate says of policies.

    :param policies: object identifiers of its policies; None if the extension is missing.
    :param mappings: pairs of an issuer's policy and the subject's that is equivalent to it.
    :param require_explicit: how many certificates may follow before a policy is required.
    :param inhibit_mapping: how many may follow before mappings are no longer processed.
    :param inhibit_any: how many may follow before any-policy no longer matches.
    """

    policies: Optional[FrozenSet[str]] = None
    mappings: Tuple[Tuple[str, str], ...] = ()
    require_explicit: Optional[int] = None
    inhibit_mapping: Optional[int] = None
    inhibit_any: Optional[int] = None

    @property
    def maps_any(self) -> bool:
        """Whether any-policy is mapped, which RFC 5280 section 4.2.1.5 forbids."""
        return any(ANY_POLICY in pair for pair in self.mappings)


def policy_extensions(extensions: Any) -> PolicyExtensions:
    """Read the extensions.

    :raises ValueError: the mappings cannot be decoded (cryptography decodes the others), or there are too many policies.
    """
    found: Dict[str, Any] = {}
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.CertificatePolicies):
            found["policies"] = frozenset(information.policy_identifier.dotted_string for information in value)
        elif isinstance(value, x509.PolicyConstraints):
            found.update(require_explicit=value.require_explicit_policy, inhibit_mapping=value.inhibit_policy_mapping)
        elif isinstance(value, x509.InhibitAnyPolicy):
            found["inhibit_any"] = value.skip_certs
        elif extension.oid == oid.ExtensionOID.POLICY_MAPPINGS:
            found["mappings"] = tuple(_mappings(value.value))
    if max(len(found.get("policies", ())), len(found.get("mappings", ()))) > MAXIMUM_POLICIES:
        raise ValueError("there are more than %d of them" % MAXIMUM_POLICIES)
    return PolicyExtensions(**found)


def _mappings(encoded: bytes) -> Iterator[Tuple[str, str]]:
    """The pairs in PolicyMappings: SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, OBJECT IDENTIFIER }, at least one."""
    ((outer, content),) = items(encoded)
    pairs = [(tag, list(items(pair))) for tag, pair in items(content)]
    if outer != SEQUENCE or not pairs:
        raise ValueError("it is not a sequence of mappings")
    for tag, pair in pairs:
        if tag != SEQUENCE or [kind for kind, _value in pair] != [OBJECT_IDENTIFIER] * 2:
            raise ValueError("a mapping is not a pair of object identifiers")
        yield _identifier(pair[0][1]), _identifier(pair[1][1])


def _identifier(encoded: bytes) -> str:
    if not 1 <= len(encoded) <= LONGEST or encoded[-1] & 0x80:
        raise ValueError("an object identifier is malformed")
    return dotted(encoded)
