# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newcomer, and the releases of ansible-core: this one, and the oldest one if LAB_OLDEST names the folder of its programs, as make does."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.newcomer import OLDEST, Newcomer


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    return Newcomer(tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="module", params=["this", "oldest"])
def core(request):
    if request.param == "oldest" and not OLDEST:
        pytest.skip("LAB_OLDEST names no folder with the oldest ansible-playbook; make sets it")
    return request.param
