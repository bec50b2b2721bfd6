# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the client trusts: anchors from files, folders, text and the system's store."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_trusted
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool


def load_anchors(
    paths: Optional[Sequence[str]], content: Optional[str], system: bool
) -> Tuple[Optional[List[Certificate]], List[str]]:
    """The anchors, and warnings about what could not be read; None where nobody said whom to trust.

    :raises RemediationError: a path cannot be read, or something was given and holds no certificate at all.
    """
    pool = Pool()
    given = add_trusted(pool, {"trusted": paths, "trusted_content": content, "trust_system": system})
    return [entry.certificate for entry in pool] if given else None, pool.warnings
