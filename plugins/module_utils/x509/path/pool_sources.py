# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fill a pool from files and folders, each read once, and from text."""

from __future__ import annotations

import os
import ssl
from typing import Iterable, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import encoded_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool


def add_paths(pool: Pool, paths: Optional[Iterable[str]], option: str, trusted: bool = False) -> None:
    """Add the certificates of files and folders; what cannot be read as one becomes a warning of the pool.

    :param option: the module's option that named the paths.
    :raises RemediationError: a path cannot be opened.
    """
    for path in paths or []:
        for name in files_of(path):
            add_content(pool, read_file(name, option), name, trusted)


def add_content(pool: Pool, data: bytes, source: str, trusted: bool = False) -> int:
    """Add the certificates of a file's content; how many it held."""
    encoded = encoded_certificates(data)
    pool.warnings += ["%s: %s" % (source, warning) for warning in encoded.warnings]
    for der, where in encoded.ders:
        pool.add(der, "%s, %s" % (source, where), trusted)
    return len(encoded.ders)


def add_trusted(pool: Pool, params: dict) -> bool:
    """Add the trust anchors that the options ``trusted``, ``trusted_content`` and ``trust_system`` name.

    :returns: whether anybody said whom to trust.
    :raises RemediationError: a path cannot be opened, or something was given and holds no certificate at all.
    """
    before = len(pool.warnings)
    paths = list(params["trusted"] or []) + (system_paths() if params["trust_system"] else [])
    add_paths(pool, paths, "trusted", trusted=True)
    if params["trusted_content"] is not None:
        add_content(pool, params["trusted_content"].encode("utf-8"), "trusted_content", trusted=True)
    given = bool(params["trusted"] or params["trusted_content"] is not None or params["trust_system"])
    if given and not pool.trusted():
        raise RemediationError(
            "trusted: no certificate in %s%s" % (
                ", ".join(paths) or "trusted_content",
                "".join("; " + warning for warning in pool.warnings[before:][:3]),
            ),
            "Give PEM or DER files of the CAs that the client trusts.",
        )
    return given


def files_of(path: str) -> List[str]:
    """The files of a folder in the order of their names; of anything else, the path itself."""
    if not os.path.isdir(path):
        return [path]
    return [entry.path for entry in sorted(os.scandir(path), key=lambda entry: entry.name) if entry.is_file()]


def system_paths() -> List[str]:
    """Where this machine's OpenSSL looks; the bundle is the folder in one file, so one of the two is enough."""
    where = ssl.get_default_verify_paths()
    return [path for path in (where.cafile, where.capath) if path and os.path.exists(path)][:1]


def load_anchors(
    paths: Optional[Sequence[str]], content: Optional[str], system: bool
) -> Tuple[Optional[List[Certificate]], List[str]]:
    """The anchors, and warnings about what could not be read; None where nobody said whom to trust.

    :raises RemediationError: a path cannot be read, or something was given and holds no certificate at all.
    """
    pool = Pool()
    given = add_trusted(pool, {"trusted": paths, "trusted_content": content, "trust_system": system})
    return [entry.certificate for entry in pool] if given else None, pool.warnings
