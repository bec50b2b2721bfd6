# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer in words, for a person. Standard library only."""

from __future__ import annotations

import datetime
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.judge import Answer, Gate
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.options import Expiry, Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import sentences
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import relative_day

MINUTE = datetime.timedelta(minutes=1)


def reason_of(answer: Answer, options: Options) -> str:
    """Why a change may start now, or why not and when it may, without a final full stop."""
    if answer.is_open:
        return _open(answer, options)
    now = _zone(answer).text(answer.at)
    return sentences("No change may start now, %s: %s" % (now, _closed(answer, options)), next_of(answer))


def next_of(answer: Answer) -> str:
    """When the next change may start, without a final full stop."""
    if answer.next_open is None:
        return "There is no further change window in the next nine years"
    return "The next change may start on %s" % answer.next_zone.text(answer.next_open)


def expiry_warnings(answer: Answer, options: Options) -> List[str]:
    """A text for each certificate that expires before the next change may start."""
    return [] if answer.is_open else [_expires(expiry, answer) for expiry in expiring(answer, options)]


def expiring(answer: Answer, options: Options) -> List[Expiry]:
    """The certificates that expire before the next change may start."""
    return [expiry for expiry in options.expires if answer.next_open is None or expiry.not_after < answer.next_open]


def _zone(answer: Answer) -> Zone:
    """The zone of the nearest bound that a person knows."""
    if answer.window is not None:
        return answer.window.end_zone
    return answer.blackout.end_zone if answer.blackout is not None else answer.next_zone


def _open(answer: Answer, options: Options) -> str:
    if answer.closes is None or answer.last_start is None:
        return "A change may start now, at any time" if not options.windows else "A change may start now; the change windows have no end in sight"
    zone = _zone(answer)
    until = "until " + zone.text(answer.closes)
    last = "; none may start after " + zone.text(answer.last_start) if answer.last_start < answer.closes else ""
    names = ", ".join(answer.window.names) if answer.window is not None else ""
    return "A change may start now, %s%s%s" % (until, " (%s)" % names if names else "", last)


def _closed(answer: Answer, options: Options) -> str:
    if answer.gate is Gate.BLACKOUT and answer.blackout is not None:
        return "a blackout lasts until %s (%s)" % (answer.blackout.end_zone.text(answer.blackout.end), ", ".join(answer.blackout.names))
    if answer.closes is None:
        return "it is outside of all change windows"
    until = "the change window ends on %s" % _zone(answer).text(answer.closes)
    if answer.gate is Gate.CUTOFF:
        return "%s, and none starts in its last %d minutes" % (until, options.cutoff // MINUTE)
    return "%s, and the change is estimated to take %d minutes" % (until, options.estimate // MINUTE)


def _expires(expiry: Expiry, answer: Answer) -> str:
    zone = answer.next_zone
    when = "%s, %s" % (zone.text(expiry.not_after), relative_day(expiry.not_after, answer.at))
    return sentences("The certificate of %s expires before the next change window: on %s" % (expiry.name, when), next_of(answer) + ".")
