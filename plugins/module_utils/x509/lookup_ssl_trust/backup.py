# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back up registrations to a file: as they were, and as the update sets them."""

from __future__ import annotations

import datetime
import errno
import json
import os
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp

FORMAT = "certmend.tls lookup_ssl_trust backup 2"
#: of certmend.tls up to 0.4: without the registrations that the update wrote
FORMAT_1 = "certmend.tls lookup_ssl_trust backup 1"


@dataclass(frozen=True)
class Backup:
    """The registrations of an SSO domain before a change.

    :param domain: the SSO domain.
    :param hostname: the node that listed them.
    :param written: the same registrations as the change sets them; None if the backup does not record that.
    """

    domain: str
    hostname: str
    registrations: Tuple[Registration, ...]
    written: Optional[Tuple[Registration, ...]] = None


def path_for(folder: str, hostname: str, now: datetime.datetime) -> str:
    """The path of a backup that is written now."""
    stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
    return os.path.join(os.path.realpath(folder), "ssl_trust-%s-%s.json" % (hostname.replace(":", "_"), stamp))


def check_folder(path: str, option: str) -> None:
    """Find out before any change whether a backup can be written. A folder that does not exist is created later.

    :raises RemediationError: the folder cannot be written to, or cannot be created.
    """
    folder = os.path.dirname(path)
    existing = folder
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        raise path_error(option, folder, "cannot be created", OSError(errno.ENOTDIR, "%s is not a folder" % existing))
    check_writable([Replacement(os.path.join(existing, os.path.basename(path)), b"", option, secret=True)])


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
        "written": None if backup.written is None else [registration.as_dict() for registration in backup.written],
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
        content = parse_json(read_file(path, option))
        if content["format"] not in (FORMAT, FORMAT_1):
            raise ValueError("its format is %r" % content["format"])
        registrations = _registrations(content["registrations"])
        written = content["written"] if content["format"] == FORMAT else None
        return Backup(str(content["sso_domain"]), str(content["hostname"]), registrations, None if written is None else _registrations(written))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RemediationError(
            "%s: %s is not a backup of lookup_ssl_trust: %s" % (option, path, error), "Give the file that an update returned as its backup_path."
        ) from error


def _registrations(values: Sequence[Mapping[str, Any]]) -> Tuple[Registration, ...]:
    registrations = tuple(Registration.from_dict(value) for value in values)
    if len({registration.service_id for registration in registrations}) < len(registrations):
        raise ValueError("two registrations have the same id")
    return registrations
