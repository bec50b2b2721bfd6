# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real modules of awx.awx, which come with the package ``ansible`` (make .venv-bench/.made)."""

from __future__ import annotations

import pathlib
from typing import Optional

from ansible_collections.certmend.tls.tests.support.clone import repository

MISSING = "awx.awx is not there; make .venv-bench/.made installs it"


def collections() -> Optional[pathlib.Path]:
    """The folder that holds ansible_collections with awx.awx; None if it is not installed."""
    top = repository()
    found = sorted(top.glob(".venv-bench/lib/python3*/site-packages/ansible_collections/awx/awx")) if top else []
    return found[0].parents[2] if found else None
