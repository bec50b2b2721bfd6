# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep a copy of a file beside it, under a hidden name. Standard library only: appliances run this.

A server that reads all files of a folder (HAProxy's ``crt``, an ``Include`` with a wildcard) leaves hidden files out.
"""

from __future__ import annotations

import itertools
import os

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import NewFile
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now


def back_up(snapshot: Snapshot, option: str, private: bool = False) -> str:
    """Keep a copy beside the file, with its metadata.

    :param private: only its owner may read the copy.
    :returns: the path of the backup.
    :raises RemediationError: it cannot be written; the message names the option.
    """
    try:
        with snapshot.copy(private) as new:
            return _link_backup(new, snapshot.path)
    except OSError as error:
        raise path_error(option, snapshot.path, "cannot be backed up", error) from error


def _link_backup(new: NewFile, path: str) -> str:
    """Give a copy the first free name: ``.FILE.20261120T120000Z.bak``, else with a number. No other backup is replaced."""
    folder, file = os.path.split(path)
    time = utc_now().strftime("%Y%m%dT%H%M%SZ")
    for number in itertools.count():
        name = ".%s.%s%s.bak" % (file, time, "_%02d" % number if number else "")
        try:
            new.link(name)
            return os.path.join(folder, name)
        except FileExistsError:
            continue
    raise AssertionError("unreachable")
