# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers, paths and texts that no module can use, refused before a run begins. Standard library only.

Ansible checks the type of an option only: ``nan``, a billion days and a path of a NUL byte pass. An option has the same bounds in all modules.
"""

from __future__ import annotations

import os
import re
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

DAY = 24 * 60 * 60
MINUTES_OF_A_WEEK = 7 * 24 * 60
PORT = (1, 65535)
#: seconds within which a handshake or a request can succeed
SHORTEST_TIMEOUT = 0.001
#: a certificate of a hundred years; the calendar of Python ends in 9999
MOST_DAYS = 36500
#: the lowest and the highest value of every option that is a number, by its name
BOUNDS: Dict[str, Tuple[float, float]] = {
    "cutoff_minutes": (0, MINUTES_OF_A_WEEK),
    "duration_minutes": (1, 31 * 24 * 60),
    "estimated_minutes": (0, MINUTES_OF_A_WEEK),
    "expires_within": (0, MOST_DAYS),
    "keep": (0, 1000),
    "lease_minutes": (0, 365 * 24 * 60),
    "live_port": PORT,
    "maximum_bytes": (1, 64 << 20),
    "maximum_depth": (1, 100),
    "port": PORT,
    "probe_timeout": (SHORTEST_TIMEOUT, DAY),
    "renew_before_days": (0, MOST_DAYS),
    "timeout": (SHORTEST_TIMEOUT, DAY),
    "valid_days": (1, MOST_DAYS),
    "verify_timeout": (0, DAY),
    "wait": (0, DAY),
    "wait_limit": (0, MINUTES_OF_A_WEEK),
    "wait_timeout": (0, DAY),
    "waiver_days": (0, MOST_DAYS),
    "workers": (1, 1024),
}

#: of a part of a dictionary, or of a variable of a role, that no module has
UNBOUNDED = (float("-inf"), float("inf"))

#: half of a character of UTF-16, which alone is none; UTF-8 cannot encode it
SURROGATE = re.compile(r"[\ud800-\udfff]")

Spec = Mapping[str, Any]


def problems_in(spec: Spec, params: Mapping[str, Any], prefix: str = "") -> Iterator[RemediationError]:
    """What is wrong with the numbers and paths of a module's options, suboptions included.

    :param spec: the argument specification.
    :param prefix: the option that the parameters are suboptions of, with a final dot; empty: they are options.
    """
    for name, kind in spec.items():
        for option, value in _values(prefix + name, kind, params.get(name)):
            problem = _problem(name, kind, value)
            if problem is not None:
                yield RemediationError("%s: %s" % (option, problem[0]), problem[1])
            if isinstance(value, Mapping) and kind.get("options"):
                yield from problems_in(kind["options"], value, option + ".")


def _values(option: str, kind: Spec, value: Any) -> List[Tuple[str, Any]]:
    """The values of an option, each with its name: those of a list, and any other one alone."""
    if kind.get("type") == "list" and isinstance(value, (list, tuple)):
        return [("%s[%d]" % (option, index), item) for index, item in enumerate(value)]
    return [(option, value)]


def _problem(name: str, kind: Spec, value: Any) -> Optional[Tuple[str, str]]:
    """What is wrong with a value, and what to do about it; None if nothing is."""
    wanted = kind.get("elements") if kind.get("type") == "list" else kind.get("type")
    if value is None or kind.get("choices"):
        return None
    if wanted in ("str", "raw", "dict") and not kind.get("options") and not _is_unicode(value):
        return "contains a character that is not Unicode (a surrogate, U+D800 to U+DFFF)", "Give the text without it, encoded as UTF-8."
    if wanted in ("int", "float"):
        lowest, highest = BOUNDS.get(name, UNBOUNDED)
        advice = "Give a number within these bounds, or leave the option out for its default."
        return None if lowest <= value <= highest else ("%s is not between %s and %s" % (short(value), short(lowest), short(highest)), advice)
    return _path_problem(value) if wanted == "path" else None


def _path_problem(path: str) -> Optional[Tuple[str, str]]:
    if not path:
        return "the path is empty", "Give a path, or leave the option out."
    try:
        usable = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        usable = False
    return None if usable else ("%r contains a character that no path can have" % path, "Give the path without it.")


def _is_unicode(value: Any) -> bool:
    """Whether all the texts in a value can be encoded."""
    if isinstance(value, Mapping):
        return all(_is_unicode(name) and _is_unicode(item) for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_unicode, value))
    return not (isinstance(value, str) and SURROGATE.search(value))


def short(value: Any) -> str:
    """A number in a few characters, however large it is; any other value as it is."""
    if isinstance(value, float):
        return "%g" % value
    return "a number of more than 15 digits" if isinstance(value, int) and abs(value) >= 10**15 else str(value)
