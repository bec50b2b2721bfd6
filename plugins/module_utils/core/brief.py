# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed task returns of the facts that it gathered. Standard library only.

Ansible prints the whole result of a failed task. The facts that a person needs to act must not disappear among certificates. docs/architecture.md
says what is left out.
"""

from __future__ import annotations

import json
from typing import Any, Collection, Dict, List, Mapping, Tuple

#: the most characters of JSON that a fact may have: about four lines of a terminal
LIMIT = 300
#: what a rollback needs and why a handshake failed, whatever the size
KEPT = ("backup_files", "backup_path", "created_files", "error")
#: of longer lists of findings or failures, what leads to each of them
POINTERS = ("endpoint", "about", "code", "severity", "old_pin", "new_pin")
MOST_ITEMS = 5
EMPTY: Tuple[Any, ...] = (None, "", [], {})


def brief(facts: Mapping[str, Any], kept: Collection[str] = ()) -> Dict[str, Any]:
    """The facts that fit on a screen, and under ``omitted`` the names of the others. Empty facts say nothing and are left out too.

    A longer list of findings is reduced to codes and what they are about.

    :param kept: the names of further facts that stay as they are.
    """
    result: Dict[str, Any] = {}
    omitted: List[str] = []
    for name, value in facts.items():
        if value in EMPTY:
            continue
        if name in KEPT or name in kept or len(json.dumps(value, default=str)) <= LIMIT:
            result[name] = value
        elif _has_codes(value):
            result[name] = [{key: item[key] for key in POINTERS if item.get(key)} for item in value[:MOST_ITEMS]]
        else:
            omitted.append(name)
    return dict(result, omitted="%s (shown with -vvv)" % ", ".join(sorted(omitted))) if omitted else result


def _has_codes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and "code" in item for item in value)
