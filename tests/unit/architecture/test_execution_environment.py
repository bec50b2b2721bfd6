# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an execution environment gets is what the collection is developed and tested with, also if it is built as docs/awx.md says.

The image itself is not built, which needs a container engine: what its Containerfile runs is run here, in the build context of ansible-builder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.clone import bare_environment, program_of, repository
from ansible_collections.certmend.tls.tests.support.source import ROOT

ARTEFACT = "certmend-tls.tar.gz"


class Built:
    """The build context that ansible-builder makes of the example in docs/awx.md and of the artefact."""

    def __init__(self, folder):
        builder = program_of("ansible-builder", ".venv-lint")
        self.folder, self.context, self.environment = folder, folder / "context", bare_environment(folder)
        guide = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
        [example] = re.findall(r"^```yaml\n# execution-environment.yml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
        (folder / "execution-environment.yml").write_text(example, encoding="utf-8")
        self.galaxy("build", "--output-path", str(folder), where=repository() or ROOT)
        next(folder.glob("certmend-tls-*.tar.gz")).rename(folder / ARTEFACT)
        self.run(str(builder), "create")
        [self.recipe] = [path.read_text(encoding="utf-8") for name in ("Containerfile", "Dockerfile") for path in self.context.glob(name)]
        # as the stage "galaxy" of the recipe does it, and then the stage "builder"
        self.galaxy("install", "--offline", "-r", "requirements.yml", "--collections-path", str(folder / "installed"), where=self.context / "_build")
        files = ["--write-pip", "pip", "--write-bindep", "bindep"]
        self.run(sys.executable, str(self.context / "_build/scripts/introspect.py"), "introspect", str(folder / "installed"), *files)

    def galaxy(self, *arguments, where):
        self.run(sys.executable, "-m", "ansible", "galaxy", "collection", *arguments, where=where)

    def run(self, *command, where=None):
        done = subprocess.run(command, cwd=where or self.folder, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def lines(self, name):
        """What the image gets, without the remark which collection wants it."""
        return [line.partition("  #")[0] for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return Built(tmp_path_factory.mktemp("image"))


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


def asked(name):
    """The lines of a file in ``meta`` that are no remarks."""
    return [line for line in (ROOT / "meta" / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_an_image_gets_the_packages_that_the_artefact_asks_for(built):
    assert built.lines("pip") == asked("ee-requirements.txt") and len(built.lines("pip")) > 3


def test_an_image_gets_the_programs_that_the_artefact_asks_for(built):
    assert built.lines("bindep") == asked("ee-bindep.txt") and "openssl" in built.lines("bindep")


def test_an_image_has_the_collection_and_an_ansible_core_that_it_runs_on(built):
    assert (built.folder / "installed/ansible_collections/certmend/tls/playbooks/remediate.yml").is_file()
    assert os.listdir(built.context / "_build/files") == [ARTEFACT]
    oldest = re.search(r'requires_ansible: ">=(\d+\.\d+)', (ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))[1]
    assert "ansible-core>=%s" % oldest in built.recipe and "introspect.py introspect" in built.recipe
