# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``journal``, validated. Standard library only: appliances run this."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import default_folder
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


class Wanted(StringEnum):
    """The option ``state``."""

    OPENED = "opened"
    WRITTEN = "written"
    PROVED = "proved"
    RESTORED = "restored"
    CLOSED = "closed"
    LISTED = "listed"


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param name: the journal's name; empty if all journals are listed.
    :param folder: the folder of all journals.
    :param run: which run this is: ``id``, ``controller``, ``process``.
    :param only_run: restore a journal only if this run wrote it; empty: whichever wrote it.
    :param certificates_of: files whose certificates are returned after ``restored``.
    :param lost_run: the run that is known to have ended without closing its journal.
    :param lease_minutes: after how long without a sign of life a run counts as ended.
    :param keep: how many proved journals of this name are kept.
    """

    state: Wanted
    name: str
    folder: str
    run: Mapping[str, Any]
    notes: Mapping[str, Any]
    only_run: str
    lost_run: Optional[str]
    lease_minutes: int
    keep: int
    certificates_of: Tuple[str, ...]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: with what is wrong in them.
        """
        state, name = Wanted(params["state"]), params["name"] or ""
        if state is not Wanted.LISTED and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", name):
            raise RemediationError("name: %r is not a name for a journal" % name, "Use letters, digits, dots, hyphens and underscores.")
        if "/" in (params["only_run"] or ""):
            raise RemediationError("only_run: %r is not the id of a run" % params["only_run"], "Copy the id from the last lines of the run.")
        folder = os.path.abspath(params["folder"] or default_folder())
        run = params["run"] or {"id": "by-hand", "controller": "", "process": ""}
        only_run, lost_run, certificates_of = params["only_run"] or "", params["lost_run"], tuple(params["certificates_of"] or ())
        return cls(state, name, folder, run, params["notes"] or {}, only_run, lost_run, params["lease_minutes"], params["keep"], certificates_of)
