# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small machines made of Linux namespaces, for tests that need real servers.

The controller and every host have their own network, mount, process, UTS and IPC namespace.
Nothing is visible from the machine outside, and nothing is left when the controller ends.
Standard library only; Python 3.9 and later.
"""

from lab.errors import LabError
from lab.machines import Host, Lab

__all__ = ["Host", "Lab", "LabError"]
