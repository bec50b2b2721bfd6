# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build a certificate's chain from a pool: options in, the documented result and the step out."""

from __future__ import annotations

import base64
import binascii
from typing import Any, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import Joined, joined
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.plan import plan_file, refuse_foreign_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.report import Built, no_chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.leaf import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Found, find_path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_content, add_paths, add_trusted
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import ANY, Requirements
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.verifiers import judgements


class ChainBuilding:
    """One run of ``cert_chain_build``. ``facts`` and ``warnings`` are what the module returns, filled as they become known."""

    def __init__(self, params: dict, facts: dict, warnings: List[str]) -> None:
        self.params = params
        self.facts = facts
        facts.update(backup_files={}, created_files=[])
        self.now = moment(params["at"])
        self.requirements = Requirements(self.now, params["purpose"])
        self.pool = Pool()
        self.warnings = warnings

    def plan(self) -> List[Step]:
        """Build, judge, and plan the one file.

        :raises RemediationError: an option is wrong, no chain was found, or no verifier accepts it; nothing is planned then.
        """
        fetcher = _fetcher(self.params["aia"])
        source, reading, parts = self._given()
        key = parts.private_key(source)
        leaf = leaf_among(reading.certificates, key)
        refuse_foreign_key(leaf, key, source)
        self._fill(reading, source)
        found = self._search(leaf, fetcher)
        built = self._judged(found)
        self.facts.update(built.as_dict(self.now))
        self.warnings += built.warnings()
        self._refuse(built)
        steps, facts = plan_file(self.params, built.chain)
        self.facts.update(facts)
        return steps

    def apply(self, step: Step) -> Undo:
        """Put the file in place."""
        transaction = Transaction([step.payload], self.params["backup"])
        undo = transaction.commit()
        self.facts.update(backup_files=transaction.backups, created_files=transaction.created)
        return undo

    def _given(self) -> Tuple[str, Reading, Joined]:
        """The certificates that the chain is for: where they came from, and what else stands there."""
        option = next(name for name in ("path", "content", "content_base64") if self.params[name] is not None)
        data = self._data(option)
        reading = read_certificates(data, self.params["password"])
        source = self.params["path"] if option == "path" else option
        self.warnings += ["%s: %s" % (source, warning) for warning in reading.warnings]
        if not reading.certificates:
            raise RemediationError(
                "%s: there is no certificate in it: %s" % (source, "; ".join(reading.warnings)),
                "Give the server's certificate as PEM, DER, PKCS#7 or PKCS#12.",
            )
        return source, reading, joined(data)

    def _data(self, option: str) -> bytes:
        value = self.params[option]
        if option == "path":
            return read_file(value, option)
        if option == "content":
            return value.encode("utf-8")
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise RemediationError("%s is not Base64: %s" % (option, error), "Give the file's bytes, encoded once.") from error

    def _fill(self, reading: Reading, source: str) -> None:
        """Everything from which the chain may be built; a folder is read once, whatever the number of leaves."""
        params = self.params
        self.pool.add_certificates(reading.certificates, source)
        add_paths(self.pool, params["candidates"], "candidates")
        if params["candidates_content"] is not None:
            add_content(self.pool, params["candidates_content"].encode("utf-8"), "candidates_content")
        if not add_trusted(self.pool, params) and not params["partial"]:
            raise RemediationError(
                "trusted: nobody was named whom the clients trust",
                "Give trusted, trusted_content or trust_system; or partial: true for a chain whose root is not known here.",
            )
        self.warnings += self.pool.warnings

    def _search(self, leaf: Certificate, fetcher: Any) -> Found:
        """Search; where an issuer is missing and may be fetched, fetch it and search again."""
        found = find_path(leaf, self.pool, self.requirements)
        fetched = 0
        while fetcher and found.path.needs_issuer and fetched < fetcher.limits.depth:
            fetched += 1
            if not self._fetch(found.path.top, fetcher):
                break
            found = find_path(leaf, self.pool, self.requirements)
        self.facts["fetched"] = fetcher.log if fetcher else []
        return found

    def _fetch(self, certificate: Certificate, fetcher: Any) -> bool:
        """Whether anything new came of asking the addresses that a certificate names. What comes is never trusted."""
        before = len(self.pool)
        for url in certificate.ca_issuers:
            data = fetcher.fetch(url)
            warnings = len(self.pool.warnings)
            if data is not None and not add_content(self.pool, data, url):
                fetcher.log[-1]["error"] = "there is no certificate in the answer"
            self.warnings += self.pool.warnings[warnings:]
        return len(self.pool) > before

    def _judged(self, found: Found) -> Built:
        path = found.path
        chain = path.certificates
        if len(chain) > 1 and path.top.self_signed and not self.params["include_root"]:
            chain = chain[:-1]
        judged = judgements(path.certificates, path.anchor, self.requirements, self.params["name"] or "") if path.anchor else []
        return Built(found, chain, judged)

    def _refuse(self, built: Built) -> None:
        path = built.found.path
        if built.found.objections:
            raise RemediationError(
                "the certificate %s %s" % (path.certificates[0].subject, "; ".join(built.found.objections)),
                "Reissue it (cert_issue), or give the moment or purpose that it is for in at or purpose.",
            )
        leaf, name = path.certificates[0], self.params["name"]
        if name and not any_covers(leaf.dns_names, leaf.ip_addresses, name):
            raise RemediationError(
                "name: the certificate is for %s, not for %s" % (", ".join(leaf.dns_names + leaf.ip_addresses) or "no name", name),
                "Reissue it with that name (cert_issue), or use one that it has.",
            )
        if path.anchor is None and not self.params["partial"]:
            raise no_chain(built.found)
        if path.weak and self.params["purpose"] != ANY and not self.params["accept_weak"]:
            raise RemediationError(
                "the only chain relies on signatures that can be forged: %s" % "; ".join(built.weaknesses),
                "Ask the CA for certificates signed with SHA-256; or accept_weak: true where old clients leave no choice.",
            )
        if not built.accepted and not path.weak:
            raise RemediationError(
                "a chain was built, and no verifier accepts it: %s"
                % "; ".join("%s: %s" % (one.judge, one.reason) for one in built.judged),
                "Compare the judgements; the chain is in the result.",
            )


def _fetcher(aia: Any) -> Any:
    """What fetches issuers, where that was asked for. Its import brings an HTTP client, which few runs need."""
    if aia is None:
        return None
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.aia import Fetcher, limits_of

    return Fetcher(limits_of(aia))
