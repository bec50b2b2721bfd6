# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup of registrations, and what putting it back would change."""

from __future__ import annotations

import datetime
import json
import os
from typing import List, NamedTuple, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, differences
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import lines_of

FORMAT = "certmend.tls lookup_ssl_trust backup 1"


class Backup(NamedTuple):
    """:param domain: the SSO domain that the registrations belong to."""

    domain: str
    hostname: str
    registrations: Tuple[Registration, ...]


def path_in(folder: str, hostname: str, now: datetime.datetime) -> str:
    """Where a backup that is taken now is kept."""
    stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
    return os.path.join(os.path.realpath(folder), "ssl_trust-%s-%s.json" % (hostname.replace(":", "_"), stamp))


def check_folder(path: str, option: str) -> None:
    """Find out beforehand whether a backup can be written; its folder may be made yet."""
    if os.path.isdir(os.path.dirname(path)):
        check_writable([Replacement(path, b"", option, secret=True)])


def write(path: str, backup: Backup, now: datetime.datetime, option: str) -> None:
    """Write a backup that only its owner reads, before anything is changed.

    :raises RemediationError: naming the option, where it cannot be written.
    """
    content = {
        "format": FORMAT,
        "sso_domain": backup.domain,
        "hostname": backup.hostname,
        "taken_at": timestamp(now),
        "registrations": [one.as_dict() for one in backup.registrations],
    }
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    except OSError as error:
        raise path_error(option, os.path.dirname(path), "cannot be made", error) from error
    data = json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8") + b"\n"
    Transaction([Replacement(path, data, option, secret=True)], backup=False).commit()


def load(path: str, option: str) -> Backup:
    """Read a backup.

    :raises RemediationError: it is none, or was changed by hand into something else.
    """
    try:
        content = json.loads(read_file(path, option).decode("utf-8"))
        if content["format"] != FORMAT:
            raise ValueError("its format is %r" % content["format"])
        registrations = tuple(Registration.from_dict(one) for one in content["registrations"])
        return Backup(str(content["sso_domain"]), str(content["hostname"]), registrations)
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise RemediationError(
            "%s: %s is no backup of this module: %s" % (option, path, error), "Give the file that an update named as its backup_path."
        ) from error


def plan(registrations: Sequence[Registration], backup: Backup, domain: str) -> List[Step]:
    """A step for each registration that is not as it was.

    :raises RemediationError: the backup belongs elsewhere, or a service of it is gone.
    """
    if backup.domain.lower() != domain.lower():
        raise RemediationError(
            "backup_path: it was taken in the SSO domain %s, and this is %s" % (backup.domain or "(unknown)", domain or "(unknown)"),
            "Give a node of that domain as hostname, or a backup of this one. Nothing was changed.",
        )
    now = {one.service_id: one for one in registrations}
    gone = [one.title for one in backup.registrations if one.service_id not in now]
    if gone:
        raise RemediationError(
            "backup_path: no longer registered: %s" % ", ".join(gone),
            "Set cannot register them again. Where they are rightly gone, take them out of a copy of the file. Nothing was changed.",
        )
    return [_step(now[one.service_id], one) for one in backup.registrations if now[one.service_id].mutable != one.mutable]


def _step(now: Registration, then: Registration) -> Step:
    after = Registration.from_dict(dict(now.as_dict(), mutable=then.as_dict()["mutable"]))
    old, new = (_anchors(one) for one in (now, after))
    if old == new:  # something else differs
        old, new = "", "".join("%s\n" % line for line in differences(now, after))
    return Step(now.title, old, new, (now, after))


def _anchors(registration: Registration) -> str:
    lines = lines_of([registration])
    return "".join("%s  %s\n" % (line.endpoint.url, one.fingerprint) for line in lines for one in line.held)
