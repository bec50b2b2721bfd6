# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of playbooks and roles, as laws look at them."""

from __future__ import annotations

from typing import Any, Dict, Iterator


def tasks_in(node: Any) -> Iterator[Dict[str, Any]]:
    """All tasks of plays, blocks and lists of tasks."""
    for task in node if isinstance(node, list) else []:
        yield task
        for part in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks"):
            yield from tasks_in(task.get(part))
