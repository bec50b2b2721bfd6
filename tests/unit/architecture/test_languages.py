# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of the roles are complete in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.rendered import render

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/ome_chain"
TEXTS = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["ome_chain_texts_by_language"]


def test_the_languages_are_those_of_the_option():
    options = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    assert sorted(TEXTS) == sorted(options["ome_chain_language"]["choices"])


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_every_text_exists_in_every_language_with_the_same_values(language):
    english = TEXTS["en"]
    assert {name: re.findall(r"%[sd]", text) for name, text in TEXTS[language].items()} == {name: re.findall(r"%[sd]", text) for name, text in english.items()}
    assert language == "en" or not [name for name, text in TEXTS[language].items() if text == english[name]]


def test_every_text_that_a_task_uses_exists_and_no_other():
    used = set()
    for path in (*ROLE.glob("tasks/*.yml"), ROLE / "vars/main.yml"):
        used |= set(re.findall(r"ome_chain_texts\.(\w+)", path.read_text(encoding="utf-8")))
    assert used == set(TEXTS["en"])


def test_no_task_of_the_role_has_a_text_of_its_own_for_a_person():
    for path in ROLE.glob("tasks/*.yml"):
        for message in re.findall(r"^ +(?:fail_)?msg: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert message == "|-" or "ome_chain_texts." in message, (path, message)


@pytest.mark.parametrize(
    "locale, given, language",
    [
        ({"LANGUAGE": "fr:en"}, {}, "fr"),
        ({"LANGUAGE": "de:fr"}, {}, "en"),
        ({"LANGUAGE": ""}, {}, "en"),
        ({"LANGUAGE": "fr"}, {"certmend_language": "en"}, "en"),
    ],
)
def test_the_language_is_the_operator_s_unless_the_inventory_has_one(locale, given, language, monkeypatch, tmp_path):
    # a French LC_ALL would have the same effect, but Ansible starts only if the machine has that locale
    for name, value in {"LC_ALL": "C.UTF-8", **locale}.items():
        monkeypatch.setenv(name, value)
    found = render(tmp_path, "roles/ome_chain/vars/main.yml", {"cases": {"hosts": {"ome": {"ome_chain_folder": "csr", **given}}}}, ["ome_chain_spoken"])
    assert found["ome"]["ome_chain_spoken"] == language
