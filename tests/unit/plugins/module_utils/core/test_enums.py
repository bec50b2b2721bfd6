# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerations are the words that users see."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State, StringEnum


class Colour(StringEnum):
    RED = "red"
    DARK_BLUE = "dark blue"


def test_a_member_is_its_value_wherever_it_is_written():
    assert Colour.RED == "red" and str(Colour.RED) == "red" and "%s" % Colour.RED == "red" and f"{Colour.DARK_BLUE:>10}" == " dark blue"
    assert json.dumps({"colour": Colour.DARK_BLUE}) == '{"colour": "dark blue"}'


def test_a_member_is_found_by_its_value_and_nothing_else_is():
    assert Colour("red") is Colour.RED and {"red": 1}[Colour.RED] == 1
    with pytest.raises(ValueError):
        Colour("green")


def test_states_are_those_of_the_modules():
    assert [state.value for state in State] == ["present", "absent"]
