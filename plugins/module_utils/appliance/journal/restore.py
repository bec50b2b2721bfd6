# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore the files of a journal, the newest change first. Standard library only: appliances run this."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import remove_if_present
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import FileChange, Journal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

NOT_OURS = "somebody else changed it after this run"


class Now(StringEnum):
    """A file, compared with its recorded change."""

    AS_BEFORE = "as_before"
    AS_WRITTEN = "as_written"
    #: neither: somebody else has changed it since
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True)
class Restoration:
    """How the files of a journal were restored.

    :param restored: paths.
    :param left: paths that were not restored, each with its reason.
    """

    restored: Tuple[str, ...]
    left: Tuple[Tuple[str, str], ...]


def state_of(change: FileChange) -> Now:
    """How a file is now. What cannot be read, or is no file, is not what this run wrote."""
    try:
        now = Snapshot.of(change.path)
    except RemediationError:
        return Now.CHANGED_SINCE
    before = change.before
    if now is None:
        return Now.AS_BEFORE if before is None else Now.AS_WRITTEN if change.after is None else Now.CHANGED_SINCE
    if before is not None and now.digest == before.digest and not now.metadata.differences(before.metadata):
        return Now.AS_BEFORE
    return Now.AS_WRITTEN if now.digest == change.after else Now.CHANGED_SINCE


def current_digest(path: str) -> Optional[str]:
    """The SHA-256 of a file as it is now; None if there is none."""
    now = Snapshot.of(path)
    return now.digest if now else None


def to_restore(changes: Sequence[FileChange]) -> List[FileChange]:
    """The first recorded change of each file: what it was before the run. The newest file comes first.

    If somebody else has changed a file in between, it is the first change after that: what somebody else wrote is not lost.
    """
    first: Dict[str, FileChange] = {}
    for change in changes:
        if change.path not in first or first[change.path].foreign:
            first[change.path] = change
    return list(reversed(list(first.values())))


def is_gone_again(change: FileChange) -> bool:
    """Whether a run made a file for itself and removed it: there is nothing to restore or to name."""
    return change.before is None and not os.path.lexists(change.path)


def is_ours(change: FileChange, changes: Sequence[FileChange]) -> bool:
    """Whether a file is as the run left it, after any of its changes, and not as somebody else left it."""
    return any(state_of(other) is not Now.CHANGED_SINCE for other in changes if other.path == change.path)


def marked_if_foreign(changes: Sequence[FileChange]) -> Iterator[FileChange]:
    """The changes of a run that was lost; those of files that somebody else has changed since are marked."""
    return (dataclasses.replace(change, foreign=change.foreign or not is_ours(change, changes)) for change in changes)


def restore_all(journal: Journal, changes: Sequence[FileChange]) -> Restoration:
    """Restore all files that are as this run left them, each on its own, and read them again."""
    restored, left = [], []
    for change in to_restore(changes):
        if state_of(change) is Now.AS_BEFORE:
            continue
        reason = _restore(journal, change) if is_ours(change, changes) else NOT_OURS
        if reason is None:
            restored.append(change.path)
        else:
            left.append((change.path, reason))
    return Restoration(tuple(restored), tuple(left))


def obstacles(journal: Journal, changes: Sequence[FileChange]) -> Tuple[Tuple[str, str], ...]:
    """The files that cannot be restored, each with the reason: it is not as this run left it, or its old content is lost or damaged."""
    found = []
    for change in to_restore(changes):
        if state_of(change) is not Now.AS_BEFORE:
            found.append((change.path, _obstacle(journal, change) if is_ours(change, changes) else NOT_OURS))
    return tuple((path, reason) for path, reason in found if reason)


def _obstacle(journal: Journal, change: FileChange) -> str:
    try:
        if change.before is not None:
            journal.saved_content(change.before)
    except (OSError, RemediationError) as error:
        return str(error)
    return ""


def _restore(journal: Journal, change: FileChange) -> Optional[str]:
    """Restore a file; return why it is not as before, or None."""
    try:
        if change.before is None:
            remove_if_present(change.path)
        else:
            Snapshot(change.path, journal.saved_content(change.before), change.before.metadata).restore()
    except (OSError, RemediationError) as error:
        return str(error)
    if state_of(change) is Now.AS_BEFORE:
        return None
    now = Snapshot.of(change.path)
    if now is None or change.before is None:
        return "it is %s" % ("still there" if os.path.lexists(change.path) else "missing")
    differences = now.metadata.differences(change.before.metadata)
    return "it has %s" % differences if now.digest == change.before.digest else "its content differs"
