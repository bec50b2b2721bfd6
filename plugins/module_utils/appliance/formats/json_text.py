# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read JSON (RFC 8259) that somebody else wrote. Standard library only: appliances run this."""

from __future__ import annotations

import json
from typing import Any

#: digits; a longer integer is quadratic work for the Pythons that have no limit of their own
LONGEST_INTEGER = 4000
#: levels of objects and lists; what is read here has 8
DEEPEST = 100


def parse_json(data: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    :raises ValueError: it is not JSON, or is nested too deeply. Nothing else, whatever the bytes are.
    """
    try:
        value = DECODER.decode(data.decode("utf-8"))
        if isinstance(value, (dict, list)):
            _check_depth(value)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("it has an integer of %d digits" % len(digits))
    return int(digits)


DECODER = json.JSONDecoder(parse_int=_integer)


def _check_depth(value: Any) -> None:
    """Whoever walks through the value does not run out of stack either."""
    level = [value]
    for _depth in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, (dict, list)) for inner in (outer.values() if isinstance(outer, dict) else outer)]
        if not level:
            return
    raise ValueError("it is nested too deeply")
