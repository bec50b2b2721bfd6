# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of cert_issue."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.cert_issue import Server


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)
