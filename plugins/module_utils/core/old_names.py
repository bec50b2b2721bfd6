# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that had another name. Standard library only."""

from __future__ import annotations

from typing import Any, Dict

#: the release that no longer has the old names
REMOVED_IN = {"version": "2.0.0", "collection_name": "certmend.tls"}


def formerly(name: str, **option: Any) -> Dict[str, Any]:
    """An option of an argument specification that also has its old name, with which Ansible prints a deprecation warning."""
    return dict(option, aliases=[name], deprecated_aliases=[dict(REMOVED_IN, name=name)])
