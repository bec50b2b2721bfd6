# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerations whose members are the words that users see. Standard library only."""

from __future__ import annotations

import enum


class StringEnum(str, enum.Enum):
    """An enumeration of strings: a member equals, prints and serialises as its value (Python has one of its own from 3.11)."""

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class State(StringEnum):
    """The option ``state`` of modules that add and remove things."""

    PRESENT = "present"
    ABSENT = "absent"
