# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read files; errors name the option of the module. Standard library only: appliances run this."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error


def read_file(path: str, option: str) -> bytes:
    """The content of a file.

    :raises RemediationError: it cannot be read; the message names the option and the reason.
    """
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except OSError as error:
        raise path_error(option, path, "cannot be read", error) from error


def files_in(path: str, option: str) -> List[str]:
    """The files of a folder in the order of their names; of anything else, the path itself.

    :raises RemediationError: the folder cannot be listed.
    """
    if not os.path.isdir(path):
        return [path]
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in sorted(entries, key=lambda entry: entry.name) if entry.is_file()]
    except OSError as error:
        raise path_error(option, path, "cannot be listed", error) from error


def read_path_or_content(params: Mapping[str, Any], path_option: str, content_option: str) -> Tuple[Optional[bytes], str]:
    """The content that is given by path or as text, and the name of the option that gives it.

    :param params: the module's parameters; the two options exclude each other.
    :returns: None as content if neither option is set.
    :raises RemediationError: the file cannot be read.
    """
    if params[content_option] is not None:
        return params[content_option].encode("utf-8"), content_option
    return (None if params[path_option] is None else read_file(params[path_option], path_option)), path_option
