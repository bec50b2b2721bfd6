# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the client trusts: anchors from files, folders, text and the system's store."""

from __future__ import annotations

import os
import ssl
from typing import List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.reader import read_certificates


def load_anchors(
    paths: Optional[Sequence[str]], content: Optional[str], system: bool
) -> Tuple[Optional[List[Certificate]], List[str]]:
    """The anchors, and warnings about what could not be read; None where nobody said whom to trust.

    :raises RemediationError: a path cannot be read, or something was given and holds no certificate at all.
    """
    if not paths and content is None and not system:
        return None, []
    sources = [("trusted_content", content.encode("utf-8"))] if content is not None else []
    for path in list(paths or []) + (_system_paths() if system else []):
        sources += [(name, _read(name)) for name in _files(path)]
    anchors: dict = {}
    warnings = []
    for name, data in sources:
        reading = read_certificates(data)
        anchors.update((one, None) for one in reading.certificates)
        warnings += ["%s: %s" % (name, warning) for warning in reading.warnings]
    if not anchors:
        raise RemediationError(
            "trusted: no certificate in %s" % (", ".join(name for name, _data in sources) or "the given paths"),
            "Give PEM or DER files of the CAs that the client trusts.",
        )
    return list(anchors), warnings


def _files(path: str) -> List[str]:
    if not os.path.isdir(path):
        return [path]
    return [entry.path for entry in sorted(os.scandir(path), key=lambda entry: entry.name) if entry.is_file()]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except OSError as error:
        raise RemediationError(
            "trusted: %s cannot be read: %s" % (path, error.strerror), "Check the path and its permissions."
        ) from error


def _system_paths() -> List[str]:
    """Where this machine's OpenSSL looks; the bundle is the folder in one file, so one of the two is enough."""
    where = ssl.get_default_verify_paths()
    return [path for path in (where.cafile, where.capath) if path and os.path.exists(path)][:1]
