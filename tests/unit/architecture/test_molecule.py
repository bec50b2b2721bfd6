# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule's scenarios need the machines of the lab: without them they fail, and say how they are run. With them, ``make molecule`` runs them."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.source import ROOT

SCENARIOS = sorted((ROOT / "extensions/molecule").glob("*/molecule.yml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.parent.name)
def test_a_scenario_requires_the_lab_first(scenario):
    plays = yaml.safe_load((scenario.parent / "converge.yml").read_text(encoding="utf-8"))
    assert plays[0]["ansible.builtin.import_playbook"] == "../utils/lab.yml"


@pytest.mark.parametrize("folder, scenario", [(".", "hosts_mapping"), ("extensions", "pins")])
def test_a_scenario_outside_the_lab_fails_and_names_the_command(folder, scenario, tmp_path):
    """Also where molecule does not find the configuration that all scenarios share, and no host matches: below extensions/."""
    pytest.importorskip("molecule")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAB_")}
    environment.update(PATH="%s:%s" % (pathlib.Path(sys.executable).parent, os.environ["PATH"]), ANSIBLE_HOME=str(tmp_path), COLUMNS="500", NO_COLOR="1")
    environment.update(MOLECULE_EPHEMERAL_DIRECTORY=str(tmp_path / "molecule"), ANSIBLE_LOCALHOST_WARNING="false")
    command = [sys.executable, "-m", "molecule", "test", "--scenario-name", scenario]
    done = subprocess.run(command, cwd=ROOT / folder, env=environment, capture_output=True, text=True, check=False)
    told = " ".join((done.stdout + done.stderr).replace("\u2502", " ").split())
    assert done.returncode != 0, told
    assert "The scenario %s needs the machines of the lab" % scenario in told and "make molecule-%s" % scenario.replace("_", "-") in told, told
