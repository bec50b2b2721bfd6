# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate policies: whether a path has a policy where a CA requires one (RFC 5280 section 6.1, RFC 9618).

The user accepts any policy, as TLS clients do, so it does not matter which policy of the anchor one of the leaf goes back to. Of the graph of
RFC 9618 only the policies at its lowest level are kept: no more than the certificates contain, however they are mapped.
"""

from __future__ import annotations

from typing import Dict, Optional, Sequence, Set

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.policy_extensions import ANY_POLICY, PolicyExtensions


def violation(certificates: Sequence[Certificate]) -> Optional[str]:
    """What is wrong with the policies of a path, as a sentence; None if nothing is.

    :param certificates: leaf first, without the anchor, whose own extensions do not count (RFC 5280 section 6.1.1 (d)).
    """
    if not any(certificate.policies.require_explicit is not None or certificate.policies.maps_any for certificate in certificates):
        return None
    state = PolicyState(len(certificates))
    for left, certificate in reversed(list(enumerate(certificates))):
        problem = state.process(certificate, last=left == 0)
        if problem:
            return problem
    return None


class PolicyState:
    """The state variables of RFC 5280 section 6.1.2, of a path that is processed from the anchor down.

    :param length: the number of certificates in the path.
    """

    def __init__(self, length: int) -> None:
        #: the policies that the next certificate may have; empty if there is none any more
        self.expected: Set[str] = {ANY_POLICY}
        self.explicit_policy = self.policy_mapping = self.inhibit_any_policy = length + 1
        self.required_by = ""

    def process(self, certificate: Certificate, last: bool) -> Optional[str]:
        """Process the next certificate; what is wrong with it, as a sentence, or None.

        :param last: whether it is the leaf.
        """
        own = certificate.policies
        matches_any = self.inhibit_any_policy > 0 or (not last and certificate.self_issued)
        valid = self._valid(own, matches_any)
        problem = self._missing(valid, certificate)
        if not last and not problem and own.maps_any:
            return "%s maps any policy, which is forbidden (RFC 5280 section 4.2.1.5)" % _called(certificate)
        self.expected = valid if last else self._mapped(own, valid)
        if last or not certificate.self_issued:
            self._count_down()
        self._tighten(certificate, last)
        return problem or (self._missing(valid, certificate) if last else None)

    def _valid(self, own: PolicyExtensions, matches_any: bool) -> Set[str]:
        """The policies of a certificate that the ones above it allow (section 6.1.3 (d) and (e))."""
        if own.policies is None or not self.expected:
            return set()
        named = own.policies - {ANY_POLICY}
        valid = set(named if ANY_POLICY in self.expected else named & self.expected)
        return valid | self.expected if ANY_POLICY in own.policies and matches_any else valid

    def _mapped(self, own: PolicyExtensions, valid: Set[str]) -> Set[str]:
        """The policies as the next certificate calls them (section 6.1.4 (b))."""
        mapped: Dict[str, Set[str]] = {}
        for issuer, subject in own.mappings:
            mapped.setdefault(issuer, set()).add(subject)
        unmapped = valid - set(mapped)
        if not self.policy_mapping:
            return unmapped
        return unmapped.union(*(subjects for issuer, subjects in mapped.items() if issuer in valid or ANY_POLICY in valid))

    def _count_down(self) -> None:
        self.explicit_policy = max(0, self.explicit_policy - 1)
        self.policy_mapping = max(0, self.policy_mapping - 1)
        self.inhibit_any_policy = max(0, self.inhibit_any_policy - 1)

    def _tighten(self, certificate: Certificate, last: bool) -> None:
        """Apply a certificate's constraints to those below it (section 6.1.4 (i) and (j)); of the leaf's, only what applies at once (6.1.5 (b))."""
        own = certificate.policies
        required = own.require_explicit
        if required is not None and required < self.explicit_policy and (not last or required == 0):
            self.explicit_policy, self.required_by = required, _called(certificate)
        if own.inhibit_mapping is not None:
            self.policy_mapping = min(self.policy_mapping, own.inhibit_mapping)
        if own.inhibit_any is not None:
            self.inhibit_any_policy = min(self.inhibit_any_policy, own.inhibit_any)

    def _missing(self, valid: Set[str], certificate: Certificate) -> Optional[str]:
        if valid or self.explicit_policy > 0:
            return None
        return "%s requires a certificate policy, but no policy is valid from the anchor down to %s" % (self.required_by, _called(certificate))


def _called(certificate: Certificate) -> str:
    return certificate.subject or certificate.fingerprint()
