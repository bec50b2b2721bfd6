# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``cert_chain_build``: build a certificate's chain from a pool, and write it to a file."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import sweep_beside
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.collect import Subject, fetch_issuers, fetch_log, fill_pool, read_subject
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.judge import judged, refuse
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.options import Destination, Options, Output
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.plan import FilePlan, plan_file, plan_intermediates
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.plan_pkcs12 import plan_pkcs12
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.report import BuiltChain
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import SearchResult, find_path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool


class CertChainBuildRun(Run[Replacement]):
    """The payload of its only step is the new content of the file."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.fetcher = _fetcher(options.aia)
        self.built: Optional[BuiltChain] = None
        self.key: Any = None
        self.file = FilePlan()

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> CertChainBuildRun:
        """A run of the module's parameters."""
        require()
        return cls(Options.from_params(params, context))

    def collect(self) -> None:
        """Read, search and have the chain verified.

        :raises RemediationError: no chain was found, or it must not be written; the facts say what was found.
        """
        subject = read_subject(self.options.source, with_key=self.options.destination.output is Output.PKCS12)
        self.key = subject.key
        self.warnings += subject.warnings
        pool = fill_pool(subject, self.options)
        try:
            self.built = judged(self._search(subject, pool), self.options)
        finally:
            self.warnings += pool.warnings
        self.warnings += self.built.warnings()
        refuse(self.built, self.options)

    def _search(self, subject: Subject, pool: Pool) -> SearchResult:
        """Search; if an issuer is missing and may be fetched, fetch it and search again."""
        found = find_path(subject.leaf, pool, self.options.requirements)
        for _fetched in range(self.fetcher.limits.depth if self.fetcher else 0):
            if not found.path.needs_issuer or not fetch_issuers(found.path.top, pool, self.fetcher):
                break
            found = find_path(subject.leaf, pool, self.options.requirements)
        return found

    def prepare(self) -> None:
        """Remove the temporary files of a run that was killed."""
        sweep_beside(self.options.destination.path)

    def plan(self) -> Sequence[Step[Replacement]]:
        """The file with the chain; nothing if no file is asked for, or it is right already."""
        chain = self.built.chain if self.built else ()
        plan = {Output.CHAIN: plan_file, Output.INTERMEDIATES: plan_intermediates, Output.PKCS12: self._plan_pkcs12}[self.options.destination.output]
        self.file = plan(self.options.destination, chain)
        return self.file.steps

    def _plan_pkcs12(self, destination: Destination, chain: Sequence[Certificate]) -> FilePlan:
        return plan_pkcs12(destination, chain, self.key)

    def apply(self, step: Step[Replacement]) -> Undo:
        """Put the file in place."""
        transaction = self.transaction = Transaction([step.payload], self.options.destination.backup, self.options.destination.journal)
        return transaction.commit()

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        facts: Dict[str, Any] = {
            "backup_files": self.transaction.backups if self.transaction else {},
            "created_files": self.transaction.created if self.transaction else [],
            "fetched": fetch_log(self.fetcher),
        }
        if self.built:
            facts.update(self.built.as_dict(self.options.now))
        if self.file.path is not None:
            facts.update(dest=self.file.path, reasons=list(self.file.reasons))
        return facts


def _fetcher(aia: Optional[Mapping[str, Any]]) -> Any:
    """What fetches issuers, if that is asked for. Its import brings an HTTP client, which few runs need."""
    if aia is None:
        return None
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.aia import Fetcher, limits_of

    return Fetcher(limits_of(aia))
