# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths that an operator names, wherever the operator started the playbook. Standard library only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import List, Tuple


@dataclass(frozen=True)
class Folders:
    """Where a relative path leads.

    :param start: the folder in which the playbook was started; the path is relative to it.
    :param beside: the folders that Ansible would search, beside the playbook. A file there makes the path ambiguous.
    """

    start: str
    beside: Tuple[str, ...] = ()


def split_paths(value: str, folders: Folders) -> List[str]:
    """The paths of a text: separated by commas or line breaks, unless there is a file of that whole name."""
    text = value.strip()
    if not text or os.path.lexists(os.path.join(folders.start, os.path.expanduser(text))):
        return [text] if text else []
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
