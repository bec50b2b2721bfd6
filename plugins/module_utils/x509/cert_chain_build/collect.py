# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect what a chain is built from: the certificate, and the pool of candidates and anchors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.options import Options, Source
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import parse_pem_file, refuse_foreign_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.leaf import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.base64_text import decode_base64
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.private_key import find_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_content, add_paths


@dataclass(frozen=True)
class Subject:
    """The certificate that the chain is built for, and what was found beside it.

    :param source: where it was read from, for messages.
    :param key: the private key for a PKCS#12; None if none is written.
    """

    leaf: Certificate
    certificates: Tuple[Certificate, ...]
    source: str
    warnings: Tuple[str, ...]
    key: Any = field(default=None, repr=False)


def read_subject(source: Source, with_key: bool = False) -> Subject:
    """Read the certificate.

    :param with_key: whether its private key is needed too.
    :raises RemediationError: it cannot be read, its private key is missing, or the private key belongs to another certificate.
    """
    option, data = _bytes_of(source)
    name = source.path or option
    reading = read_certificates(data, source.password)
    if not reading.certificates:
        raise RemediationError(
            "%s: it contains no certificate: %s" % (name, "; ".join(reading.warnings)),
            "Give the server's certificate as PEM, DER, PKCS#7 or PKCS#12.",
        )
    key = _private_key(source, data, name) if with_key else parse_pem_file(data).private_key(name)
    leaf = leaf_among(reading.certificates, key)
    refuse_foreign_key(leaf, key, source.private_key_path or name if with_key else name)
    warnings = tuple("%s: %s" % (name, warning) for warning in reading.warnings)
    return Subject(leaf, reading.certificates, name, warnings, key if with_key else None)


def _private_key(source: Source, data: bytes, name: str) -> Any:
    path = source.private_key_path
    key = find_private_key(data if path is None else read_file(path, "private_key_path"), path or name, source.password)
    if key is None:
        raise RemediationError("%s: contains no private key, which the PKCS#12 needs" % (path or name), "Give the file of the private key in private_key_path.")
    return key


def _bytes_of(source: Source) -> Tuple[str, bytes]:
    """The name of the option that was given, and the bytes behind it."""
    if source.path is not None:
        return "path", read_file(source.path, "path")
    if source.content is not None:
        return "content", source.content.encode("utf-8")
    return "content_base64", decode_base64(source.content_base64 or "", "content_base64")


def fill_pool(subject: Subject, options: Options) -> Pool:
    """Everything from which the chain may be built; a folder is read once, whatever the number of certificates beside the leaf.

    :raises RemediationError: a path cannot be read, or no trusted certificate is given and the chain must not be partial.
    """
    pool = Pool()
    pool.add_certificates(subject.certificates, subject.source)
    add_paths(pool, options.candidates, "candidates", password=options.source.password)
    if options.candidates_content is not None:
        add_content(pool, options.candidates_content.encode("utf-8"), "candidates_content", password=options.source.password)
    if not options.trust and not options.partial:
        raise RemediationError(
            "trusted_path: no trusted certificate is given",
            "Give trusted_path, trusted_content or trust_system with the CAs that the clients trust; or partial: true to accept an unknown root.",
        )
    options.trust.add_to(pool)
    return pool


def fetch_issuers(certificate: Certificate, pool: Pool, fetcher: Any) -> bool:
    """Whether asking the addresses in a certificate brought anything new. What comes back is never trusted."""
    before = len(pool)
    for url in certificate.ca_issuers:
        data = fetcher.fetch(url)
        if data is not None and not add_content(pool, data, url):
            fetcher.log[-1]["error"] = "the answer contains no certificate"
    return len(pool) > before


def fetch_log(fetcher: Any) -> List[Any]:
    """Every address that was asked, in order."""
    return list(fetcher.log) if fetcher else []
