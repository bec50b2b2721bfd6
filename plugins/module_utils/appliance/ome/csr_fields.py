# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate signing request of OpenManage Enterprise may say. Standard library only."""

from __future__ import annotations

from typing import Dict, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, fqdn_problem, host_name_problem
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

#: entries of a subject alternative name that GenerateCSR takes
MOST_NAMES = 4
#: module option, and the word of the interface
FIELDS = (
    ("distinguished_name", "DistinguishedName"),
    ("department_name", "DepartmentName"),
    ("business_name", "BusinessName"),
    ("locality", "Locality"),
    ("country_state", "State"),
    ("country", "Country"),
    ("email", "Email"),
)


def details_of(params: dict) -> Dict[str, str]:
    """The body of GenerateCSR.

    :raises RemediationError: with everything that the appliance would not take.
    """
    errors = list(_name_problems(params))
    if params["country"] and not (len(params["country"]) == 2 and params["country"].isalpha()):
        errors.append(RemediationError("country: %r is no country code" % params["country"], "Write two letters, as DE."))
    raise_all(errors)
    details = {word: params[option] or "" for option, word in FIELDS}
    details["San"] = ",".join(params["subject_alternative_names"] or ())
    return details


def _name_problems(params: dict) -> List[RemediationError]:
    errors = []
    name, names = params["distinguished_name"] or "", params["subject_alternative_names"] or []
    problem = "is missing" if not name else fqdn_problem(name)
    if "*" in name:
        problem = "is a wildcard, which OpenManage Enterprise does not take"
    if problem:
        errors.append(RemediationError("distinguished_name: %r %s" % (name, problem), "Give the appliance's exact FQDN."))
    if len(names) > MOST_NAMES:
        errors.append(
            RemediationError(
                "subject_alternative_names: there are %d, and OpenManage Enterprise takes %d" % (len(names), MOST_NAMES),
                "Leave some out, or have the CA add them.",
            )
        )
    for one in names:
        problem = "has a blank or a comma in it" if set(one) & set(" ,\t\n") else None if as_address(one) else host_name_problem(one)
        if problem:
            errors.append(RemediationError("subject_alternative_names: %r %s" % (one, problem), "Write host names and IP addresses."))
    return errors
