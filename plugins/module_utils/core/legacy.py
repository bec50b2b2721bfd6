# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules that are not yet a Run use; goes away with the last of them."""

from __future__ import annotations

import contextlib

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import apply_all, diff_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time, utc_now


def converge(module, steps, apply):
    if not module.check_mode:
        apply_all(steps, apply)
    return {"changed": bool(steps), "diff": diff_of(steps)}


@contextlib.contextmanager
def reporting(module, facts, warnings=None):
    failed = None
    try:
        yield
    except RemediationError as error:
        failed = error
    for warning in warnings or []:
        module.warn(warning)
    if failed:
        module.fail_json(msg=str(failed), advice=failed.advice, **facts)


def is_rehearsal(module):
    return bool(module.check_mode)


def moment(text, option="at"):
    return parse_time(text, option, utc_now())
