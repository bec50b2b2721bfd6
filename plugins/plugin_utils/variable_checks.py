# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with values in their right type, and is better known before a run than in its middle: change windows, and the folder of the records."""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import urlsplit

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.run import ChangeWindowRun
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.modules.change_window import ARGUMENT_SPEC

WINDOWS = "change_window_"
#: an installed collection; the next installation replaces all of its folder
COLLECTION = re.compile(r"/ansible_collections/([a-z0-9_]+)/([a-z0-9_]+)/")


def more_problems(values: Mapping[str, Any], now: datetime.datetime) -> List[str]:
    """A text for everything that is wrong.

    :param values: as ``variables.judge`` returns them.
    """
    found = [_of_windows(values, now)]
    if "evidence_path" in values:
        found.append(_of_folder("evidence_path", values["evidence_path"]))
    if "evidence_url" in values:
        found.append(_of_address("evidence_url", values))
    return [problem for problem in found if problem]


def _of_windows(values: Mapping[str, Any], now: datetime.datetime) -> Optional[str]:
    """What the module says, which every change asks again."""
    given: Dict[str, Any] = {name[len(WINDOWS) :]: value for name, value in values.items() if name.startswith(WINDOWS)}
    asked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    if not given or asked.error_messages:  # which the types of the variables have reported
        return None
    try:
        ChangeWindowRun.from_params(asked.validated_parameters, RunContext(True, now)).collect()
    except RemediationError as problem:
        return re.sub(r"\b(windows|blackouts|expires|override|wait_limit)\b(?=[\[.:]|$)", WINDOWS + r"\1", str(problem))
    return None


def _of_folder(name: str, path: str) -> Optional[str]:
    """A folder in which files will be created, and which need not exist yet."""
    collection = COLLECTION.search(os.path.realpath(path) + "/")
    if collection:
        words = "%s is in the collection %s.%s, whose next installation removes it" % (path, *collection.groups())
        return "%s: %s. Give a folder outside of it." % (name, words)
    there = path
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.exists(there):
        return "%s: %s is a link to %s, which does not exist. Create that folder, or give another one." % (name, there, os.readlink(there))
    if not os.path.isdir(there):
        return "%s: %s is a file and not a folder. Give a folder; it is created if it does not exist." % (name, there)
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return "%s: the user of the controller cannot write in %s. Give a folder of this user, or let this user write in it." % (name, there)
    return None


def _of_address(name: str, values: Mapping[str, Any]) -> Optional[str]:
    """Where the record is sent: it has the names of hosts, and is sent with a password."""
    try:
        address = urlsplit(str(values[name]))
        host, _port = address.hostname or "", address.port  # a port that is no number raises
        if re.search(r"[\x00-\x20\x7f]", str(values[name])):
            raise ValueError
    except ValueError:
        return "%s: it is no address. Give one such as https://evidence.corp.example/records." % name
    if "@" in address.netloc or address.query or address.fragment:
        return "%s: it has more than a host and a folder. Give an account as %s_username and %s_password, and a token in %s_headers." % ((name,) * 4)
    if not host or address.scheme != "https" and not (address.scheme == "http" and _is_here(host)):
        return "%s: it does not begin with https://. Give an address such as https://evidence.corp.example/records." % name
    if name + "_password" in values and name + "_username" not in values:
        return "%s_username: it is not set, and %s_password is. Set both, or none." % (name, name)
    return None if "evidence_path" in values else "evidence_path: it is not set, and %s is. Set it to the folder from which the record is sent." % name


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
