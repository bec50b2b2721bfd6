# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of options that all modules share that write files (doc fragment ``files``). Standard library only."""

from __future__ import annotations

from typing import Any, Dict

#: owner, group and mode of a file
FILE_ATTRIBUTES_SPEC: Dict[str, Dict[str, Any]] = dict(owner=dict(type="str"), group=dict(type="str"), mode=dict(type="raw"))
#: whether a file that is replaced is backed up, and the journal in which its change is recorded
BACKUP_SPEC: Dict[str, Dict[str, Any]] = dict(backup=dict(type="bool", default=True), journal=dict(type="path"))
