# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things lie."""

import os
from pathlib import Path

ESTATE = Path(__file__).resolve().parent.parent / "estate"
CHECKOUT = ESTATE.parents[2]
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
"""What commands on a host find, whoever started them."""

INSIDE = "LAB_STATE"
"""Set within `enter`, to the folder of this very run."""


def home():
    """What outlives a run: the hosts' root filesystem."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("LAB_HOME") or cache / "certmend-lab").absolute()


def mount_point():
    """The folder on which each run mounts a tmpfs of its own, so that runs side by side do not meet."""
    return home() / "run"


def inside():
    """Whether this process runs within `enter`."""
    return INSIDE in os.environ


def state():
    """What lives as long as a run: keys, certificates, the inventory, the hosts' process ids."""
    return Path(os.environ[INSIDE])
