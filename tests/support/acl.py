# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A POSIX ACL as Linux keeps it (uapi/linux/posix_acl_xattr.h), for tests on machines without setfacl."""

from __future__ import annotations

import os
import struct
from typing import Any, Optional

ATTRIBUTE = "system.posix_acl_access"
#: user::rw-, user:33:r--, group::r--, mask::r--, other::---
ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 6, 2**32 - 1, 2, 4, 33, 4, 4, 2**32 - 1, 16, 4, 2**32 - 1, 32, 0, 2**32 - 1)


def set_acl(path: Any) -> None:
    """Give a file this ACL."""
    os.setxattr(path, ATTRIBUTE, ACL)


def acl_of(path: Any) -> Optional[bytes]:
    """The ACL of a file; None: it has only a mode."""
    return os.getxattr(path, ATTRIBUTE) if ATTRIBUTE in os.listxattr(path) else None
