# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back up registrations to a file, and plan how to restore them."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass
from typing import List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, differences
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.plan import RegistrationChange
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import endpoint_trusts

FORMAT = "certmend.tls lookup_ssl_trust backup 1"


@dataclass(frozen=True)
class Backup:
    """The registrations of an SSO domain before a change.

    :param domain: the SSO domain.
    :param hostname: the node that listed them.
    """

    domain: str
    hostname: str
    registrations: Tuple[Registration, ...]


def path_for(folder: str, hostname: str, now: datetime.datetime) -> str:
    """The path of a backup that is written now."""
    stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
    return os.path.join(os.path.realpath(folder), "ssl_trust-%s-%s.json" % (hostname.replace(":", "_"), stamp))


def check_folder(path: str, option: str) -> None:
    """Find out before any change whether a backup can be written. A folder that does not exist is created later.

    :raises RemediationError: the folder cannot be written to.
    """
    if os.path.isdir(os.path.dirname(path)):
        check_writable([Replacement(path, b"", option, secret=True)])


def write(path: str, backup: Backup, now: datetime.datetime, option: str) -> None:
    """Write a backup that only its owner can read.

    :raises RemediationError: naming the option, if the backup cannot be written.
    """
    content = {
        "format": FORMAT,
        "sso_domain": backup.domain,
        "hostname": backup.hostname,
        "taken_at": timestamp(now),
        "registrations": [registration.as_dict() for registration in backup.registrations],
    }
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    except OSError as error:
        raise path_error(option, os.path.dirname(path), "cannot be created", error) from error
    data = json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8") + b"\n"
    Transaction([Replacement(path, data, option, secret=True)], backup=False).commit()


def load(path: str, option: str) -> Backup:
    """Read a backup.

    :raises RemediationError: the file is not a backup, or was edited into something else.
    """
    try:
        content = json.loads(read_file(path, option).decode("utf-8"))
        if content["format"] != FORMAT:
            raise ValueError("its format is %r" % content["format"])
        registrations = tuple(Registration.from_dict(registration) for registration in content["registrations"])
        return Backup(str(content["sso_domain"]), str(content["hostname"]), registrations)
    except (KeyError, TypeError, ValueError) as error:
        raise RemediationError(
            "%s: %s is not a backup of lookup_ssl_trust: %s" % (option, path, error), "Give the file that an update returned as its backup_path."
        ) from error


def plan_restore(registrations: Sequence[Registration], backup: Backup, domain: str) -> List[Step[RegistrationChange]]:
    """A step for each registration that differs from the backup.

    :param domain: the SSO domain of the registrations.
    :raises RemediationError: the backup is of another SSO domain, or a service of it is no longer registered.
    """
    if backup.domain.lower() != domain.lower():
        raise RemediationError(
            "backup_path: the backup is of the SSO domain %s, and this node is of %s" % (backup.domain or "(unknown)", domain or "(unknown)"),
            "Give a node of that SSO domain as hostname, or a backup of this one. Nothing was changed.",
        )
    current = {registration.service_id: registration for registration in registrations}
    missing = [registration.title for registration in backup.registrations if registration.service_id not in current]
    if missing:
        raise RemediationError(
            "backup_path: no longer registered: %s" % ", ".join(missing),
            "A restore cannot register services again. If they were removed on purpose, delete them from a copy of the backup. Nothing was changed.",
        )
    pairs = [(current[registration.service_id], registration) for registration in backup.registrations]
    return [_step(now, then) for now, then in pairs if now.mutable != then.mutable]


def _step(current: Registration, backed_up: Registration) -> Step[RegistrationChange]:
    after = Registration.from_dict(dict(current.as_dict(), mutable=backed_up.as_dict()["mutable"]))
    old_text, new_text = (_fingerprints(registration) for registration in (current, after))
    if old_text == new_text:  # other elements differ
        old_text, new_text = "", "".join("%s\n" % line for line in differences(current, after))
    return Step(current.title, old_text, new_text, RegistrationChange(current, after))


def _fingerprints(registration: Registration) -> str:
    """The urls and the fingerprints of their trust entries, for a diff."""
    return "".join("%s  %s\n" % (trust.endpoint.url, entry.fingerprint) for trust in endpoint_trusts([registration]) for entry in trust.entries)
