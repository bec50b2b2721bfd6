# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fill a pool from files and folders, each read once, and from text."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import files_in, read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.old_names import formerly
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.detect import MAXIMUM_WARNINGS, encoded_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool

#: the options of every module that asks whom the clients trust; documented in the fragment trust_sources
TRUST_SOURCES_SPEC: Dict[str, Any] = {
    "trusted_path": formerly("trusted", type="list", elements="path"),
    "trusted_content": {"type": "str"},
    "trust_system": {"type": "bool", "default": False},
}
#: warnings that an error repeats
QUOTED = 3


@dataclass(frozen=True)
class TrustSources:
    """The trust anchors of the clients, as the options name them.

    :param paths: files and folders.
    :param content: text; None if there is none.
    :param system: whether to add those that this machine's OpenSSL trusts.
    :param password: of the PKCS#12 files among them.
    """

    paths: Tuple[str, ...] = ()
    content: Optional[str] = None
    system: bool = False
    password: Optional[str] = field(default=None, repr=False)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> TrustSources:
        """From the options ``trusted_path``, ``trusted_content``, ``trust_system`` and ``password``."""
        return cls(tuple(params["trusted_path"] or ()), params["trusted_content"], params["trust_system"], params["password"])

    def __bool__(self) -> bool:
        """Whether any source was named."""
        return bool(self.paths) or self.content is not None or self.system

    def add_to(self, pool: Pool) -> None:
        """Add the anchors to a pool.

        :raises RemediationError: a path cannot be opened, or the sources contain no certificate at all.
        """
        before = len(pool.warnings)
        paths = list(self.paths) + (system_paths() if self.system else [])
        add_paths(pool, paths, "trusted_path", trusted=True, password=self.password)
        if self.content is not None:
            add_content(pool, self.content.encode("utf-8"), "trusted_content", trusted=True, password=self.password)
        if self and not pool.trusted():
            reasons = "".join("; " + warning for warning in pool.warnings[before:][:QUOTED])
            raise RemediationError(
                "trusted_path: no certificate in %s%s" % (", ".join(paths) or "trusted_content", reasons),
                "Give the certificates of the CAs that the client trusts, as PEM, DER, PKCS#7 or PKCS#12.",
            )


def load_anchors(sources: TrustSources) -> Tuple[Optional[List[Certificate]], List[str]]:
    """The anchors, or None if no source was named; and warnings about what could not be read.

    :raises RemediationError: as ``TrustSources.add_to``.
    """
    pool = Pool()
    sources.add_to(pool)
    return [entry.certificate for entry in pool] if sources else None, pool.warnings


def add_paths(pool: Pool, paths: Optional[Iterable[str]], option: str, trusted: bool = False, password: Optional[str] = None) -> None:
    """Add the certificates of files and folders; what cannot be read becomes a warning of the pool.

    :param option: the module's option that named the paths.
    :param password: of the PKCS#12 files among them.
    :raises RemediationError: a path cannot be opened.
    """
    for path in paths or []:
        for name in files_in(path, option):
            add_content(pool, read_file(name, option), name, trusted, password)


def add_content(pool: Pool, data: bytes, source: str, trusted: bool = False, password: Optional[str] = None) -> int:
    """Add the certificates of a file's content; return their number."""
    encoded = encoded_certificates(data, password)
    pool.warnings += ["%s: %s" % (source, warning) for warning in encoded.warnings]
    before = len(pool.warnings)
    for der, where in encoded.ders:
        pool.add(der, "%s, %s" % (source, where), trusted)
        if len(pool.warnings) - before > MAXIMUM_WARNINGS:
            pool.warnings.append("%s: there are so many problems that nothing after them was read" % source)
            break
    return len(encoded.ders)


def system_paths() -> List[str]:
    """Where this machine's OpenSSL reads its anchors; the bundle holds the same as the folder, so either is enough."""
    import ssl  # here, because few tasks need it

    where = ssl.get_default_verify_paths()
    return [path for path in (where.cafile, where.capath) if path and os.path.exists(path)][:1]
