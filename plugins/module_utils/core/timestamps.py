# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments as the options write them."""

from __future__ import annotations

import datetime
from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

UTC = datetime.timezone.utc


def moment(text: Optional[str], option: str = "at") -> datetime.datetime:
    """``2026-11-20T12:00:00Z``, ``2026-11-20`` or nothing (now), in UTC where no offset is given."""
    if not text:
        return datetime.datetime.now(UTC)
    try:
        parsed = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise RemediationError(
            "%s: %r is not a moment" % (option, text), "Write it as 2026-11-20T12:00:00Z."
        ) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
