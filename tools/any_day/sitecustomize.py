# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For Python under faketime: sleep without ``clock_nanosleep``.

Since 3.11 Python sleeps until a moment of the monotonic clock. faketime 0.9.10, which Debian 12 has, then miscounts although it was told
to leave that clock alone, and the call fails with EINVAL (wolfcw/libfaketime issue 426).
"""

from __future__ import annotations

import select
import time


def sleep(seconds: float) -> None:
    """What ``time.sleep`` does."""
    select.select((), (), (), seconds)


time.sleep = sleep
