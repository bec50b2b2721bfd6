# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests with file systems of their own: full, read-only, or mounted onto a single file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest


def may_mount() -> bool:
    """Whether this user can mount file systems."""
    return bool(shutil.which("unshare")) and subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


#: of tests that mount file systems, in a mount namespace of their own
needs_mounts = pytest.mark.skipif(not may_mount(), reason="needs a mount namespace of its own (root)")
#: what the scripts begin with
PRELUDE = """
import errno, os, signal, sys
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction, check_writable
def refused(action):
    try:
        action()
    except RemediationError as error:
        return str(error)
    raise SystemExit("nothing was refused")
"""


def with_mounts(folder: Any, mounts: str, script: str) -> str:
    """Run a Python script in a mount namespace in which shell commands have mounted something; return what it prints."""
    shell = 'cd "$0" && %s && exec "$1" -c "$2"' % mounts
    command = ["unshare", "-m", "sh", "-c", shell, str(folder), sys.executable, PRELUDE + script]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
