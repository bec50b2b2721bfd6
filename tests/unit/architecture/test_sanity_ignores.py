# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-test shall ignore, for each ansible-core. Only two cores are asked every day; ``make sanity-all`` asks all of them."""

from __future__ import annotations

import re

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

IGNORED = {path.stem[len("ignore-") :]: path.read_text(encoding="utf-8").splitlines() for path in (ROOT / "tests/sanity").glob("ignore-*.txt")}
#: of the tests that ansible-lint permits a collection to ignore
PERMITTED = {"shebang"}


def entries(core):
    return {line.partition("#")[0].strip() for line in IGNORED[core]}


def test_every_supported_core_has_a_file():
    oldest = re.search(r'">=2\.(\d+)', (ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))[1]
    newest = re.search(r"ansible-core==2\.(\d+)", (ROOT / "requirements/newest.txt").read_text(encoding="utf-8"))[1]
    assert set(IGNORED) == {"2.%d" % minor for minor in range(int(oldest), int(newest) + 1)}


@pytest.mark.parametrize("core", sorted(IGNORED))
def test_the_cores_ignore_the_same_in_files_that_exist(core):
    assert entries(core) == entries("2.16") and {line.split()[1] for line in entries(core)} <= PERMITTED
    assert all((ROOT / line.split()[0]).is_file() for line in entries(core))
