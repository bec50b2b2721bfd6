# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an execution environment gets is what the collection is developed and tested with. The check ``build`` has ansible-builder read it from the artefact."""

from __future__ import annotations

import re

from ansible_collections.certmend.tls.tests.support.source import ROOT


def requirements(*names):
    """The packages of a file of requirements, each with what is said of its version."""
    lines = ROOT.joinpath(*names).read_text(encoding="utf-8").splitlines()
    return dict(re.fullmatch(r"([a-z-]+)(.*)", line).groups() for line in lines if line and not line.startswith("#"))


def test_it_gets_what_the_controller_needs_beside_ansible_core():
    assert set(requirements("meta/ee-requirements.txt")) == set(requirements("requirements/run.txt")) - {"ansible-core"}


def test_no_version_is_allowed_that_is_older_than_the_oldest_that_is_tested():
    floor = requirements("requirements/floor.txt")
    asked = {name: version for name, version in requirements("meta/ee-requirements.txt").items() if version}
    assert "cryptography" in asked
    assert asked == {name: floor[name].replace("==", ">=") for name in asked}
