# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No file of a task overwrites another one: neither one that the task writes too, nor one that it reads, as the key of a CA."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import NEXT, SIGNING

#: what a task writes; a combined file may be the file of the key or of the certificate
WRITTEN = ("private_key_path", "csr_path", "certificate_path")
#: what a task reads and must leave as it is
READ = ("ca_certificate_path", "ca_private_key_path", "request_path")


def check_distinct(params: Mapping[str, Any]) -> None:
    """Each file has a path of its own.

    :raises RemediationError: two options name the same file; the message names them.
    """
    written = _resolved(params, WRITTEN)
    if written.get("private_key_path"):
        waiting = {"%s of private_key_path" % suffix: written["private_key_path"] + suffix for suffix in (NEXT, SIGNING)}
        written.update(waiting)
    _refuse_same(written, "Give each its own path. A file with the certificate, its chain and the key is written with combined_path.")
    combined = _resolved(params, ("combined_path",))
    others = {option: path for option, path in written.items() if option not in ("private_key_path", "certificate_path")}
    _refuse_same({**others, **combined}, "Give each its own path.")
    for option, path in {**written, **combined}.items():
        _refuse_same({option: path, **_resolved(params, READ)}, "The task would overwrite a file that it reads. Give each its own path.", option)


def _resolved(params: Mapping[str, Any], options: Any) -> Dict[str, str]:
    return {option: os.path.realpath(params[option]) for option in options if params.get(option)}


def _refuse_same(paths: Mapping[str, str], advice: str, only: str = "") -> None:
    """Refuse paths that are given twice.

    :param only: an option that must be one of them; empty: any two.
    """
    counted = list(paths.values())
    same = [option for option, path in paths.items() if counted.count(path) > 1]
    if same and (not only or only in same):
        raise RemediationError("%s: the same file is given for each of them" % ", ".join(same), advice)
