# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a certificate signing request of OpenManage Enterprise, validated. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import (
    address_problem,
    fqdn_problem,
    host_name_problem,
    is_address,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

#: how many entries of a subject alternative name GenerateCSR accepts
MAXIMUM_NAMES = 4
#: options of the module, and the fields of GenerateCSR that they fill
SUBJECT_FIELDS = (
    ("department_name", "DepartmentName"),
    ("business_name", "BusinessName"),
    ("locality", "Locality"),
    ("country_state", "State"),
    ("country", "Country"),
    ("email", "Email"),
)


@dataclass(frozen=True)
class CsrFields:
    """What GenerateCSR is asked for.

    :param common_name: the FQDN of the appliance.
    :param subject: the other parts of the subject, as pairs of field and value; a value may be empty.
    :param names: the subject alternative name: host names and IP addresses.
    """

    common_name: str
    subject: Tuple[Tuple[str, str], ...] = ()
    names: Tuple[str, ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> CsrFields:
        """Validate the options that describe a request.

        :raises RemediationError: with everything that the appliance would not accept.
        """
        fields = cls(
            common_name=params["distinguished_name"] or "",
            subject=tuple((field, params[option] or "") for option, field in SUBJECT_FIELDS),
            names=tuple(params["subject_alternative_names"] or ()),
        )
        raise_all(_common_name_problems(fields.common_name) + _names_problems(fields.names) + _country_problems(params["country"] or ""))
        return fields

    @property
    def dns_names(self) -> List[str]:
        """The host names of the subject alternative name, sorted."""
        return sorted(name for name in self.names if not is_address(name))

    @property
    def ip_addresses(self) -> List[str]:
        """The IP addresses of the subject alternative name, sorted."""
        return sorted(name for name in self.names if is_address(name))

    def as_body(self) -> Dict[str, str]:
        """The body of GenerateCSR."""
        return dict(self.subject, DistinguishedName=self.common_name, San=",".join(self.names))


def _common_name_problems(name: str) -> List[RemediationError]:
    problem = "is missing" if not name else fqdn_problem(name)
    if "*" in name:
        problem = "is a wildcard, which OpenManage Enterprise does not accept"
    if problem is None:
        return []
    return [RemediationError("distinguished_name: %r %s" % (name, problem), "Give the exact FQDN of the appliance.")]


def _names_problems(names: Tuple[str, ...]) -> List[RemediationError]:
    errors = []
    if len(names) > MAXIMUM_NAMES:
        errors.append(
            RemediationError(
                "subject_alternative_names: there are %d, and OpenManage Enterprise accepts %d" % (len(names), MAXIMUM_NAMES),
                "Remove some of them, or have the CA add them to the certificate.",
            )
        )
    for name in names:
        problem = _name_problem(name)
        if problem:
            errors.append(RemediationError("subject_alternative_names: %r %s" % (name, problem), "Give host names and IP addresses."))
    return errors


def _name_problem(name: str) -> Optional[str]:
    if set(name) & set(" ,\t\n"):
        return "contains a blank or a comma"
    return address_problem(name) if is_address(name) else host_name_problem(name)


def _country_problems(country: str) -> List[RemediationError]:
    if not country or (len(country) == 2 and country.isalpha()):
        return []
    return [RemediationError("country: %r is not a country code" % country, "Give the two letters of ISO 3166-1, for example DE.")]
