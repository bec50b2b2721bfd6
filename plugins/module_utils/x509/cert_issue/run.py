# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``cert_issue``: read the present state, plan, and write all the files of a certificate or none."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any, ContextManager, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import sweep_beside
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.place import places_refused
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement, describe_attributes
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction, check_possible
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.chain_sources import ChainSources, read_chain_sources
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Change, DiscardKey, Plan, SetAttributes
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing, read_existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import keep
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import FileKind, Target
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.pending_files import PendingFiles, make_pending_files, remove_unneeded
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan import make_plan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import authority_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_pem

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store


class CertIssueRun(Run[Change]):
    """The payload of a step says what is made. A certificate with all its files is a single step."""

    def __init__(self, options: Options, now: datetime.datetime) -> None:
        super().__init__()
        self.options = options
        self.now = now
        self.spec = options.spec
        self.existing = Existing()
        self.sources = ChainSources()
        self.store: Optional[Store] = None
        self.outcome = Plan()
        self.pins_broken: Tuple[str, ...] = ()
        self.pending = PendingFiles()
        self.transactions: List[Transaction] = []

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> CertIssueRun:
        """A run of the module's parameters."""
        require()
        return cls(Options.from_params(params, context), context.now)

    def collect(self) -> None:
        """Read what the options name: trust anchors, candidates for a chain, a pin store."""
        self.sources = read_chain_sources(self.options)
        self.warnings += self.sources.warnings
        if self.options.pins_path is not None or self.options.pins_content is not None:
            from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.pin_impact import read_store

            self.store = read_store(self.options.pins_path, self.options.pins_content)

    def prepare(self) -> None:
        """Remove the temporary files of a run that was killed."""
        sweep_beside(*self.options.spec.paths.all)

    def lock(self) -> ContextManager[None]:
        """Other runs wait: two that write the same files at once would leave the key of one with the certificate of the other."""
        paths = [path for path in self.options.spec.paths.all if os.path.isdir(os.path.dirname(os.path.realpath(path)))]
        return locked_all(paths, FileKind.PRIVATE_KEY)

    def plan(self) -> Sequence[Step[Change]]:
        """Read the present state, and decide what must be made; if nothing is, which files need another mode or owner."""
        raise_all(places_refused([self._replacement(target) for target in self.options.spec.paths.secrets]))
        self.existing = read_existing(self.options.spec.paths)
        if self.existing.certificate is not None:
            # without a certificate nothing is judged: then the rules are not loaded
            from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.judge import judge_existing

            self.existing = judge_existing(self.options, self.existing, self.sources, self.now)
        self.spec = keep(self.options.spec, self.existing)
        self.outcome = make_plan(self.options, self.spec, self.existing, self.sources, self.now)
        if self.outcome.steps:
            self._check_pins()
        steps = tuple(self._discarding_steps()) + (self.outcome.steps or tuple(self._attribute_steps()))
        if steps:
            check_possible([self._replacement(target) for step in steps for target in step.payload.targets], self.options.journal)
        return steps

    def _check_pins(self) -> None:
        """Warn if the planned key breaks pins of the store."""
        if self.store is None:
            return
        from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.pin_impact import broken_endpoints, warning_about

        names = tuple(self.spec.request.names)
        self.pins_broken = broken_endpoints(self.store, self.existing.certificate, self.outcome.pin, names)
        if self.pins_broken:
            self.warnings.append(warning_about(self.pins_broken, self.options.spec.reuse_key))

    def _discarding_steps(self) -> List[Step[Change]]:
        """The removal of a waiting key that is in use already."""
        path = self.existing.duplicate_key
        if path is None:
            return []
        return [diff.step_of(path, diff.existing_key_lines(path, self.existing.key), diff.existing_key_lines(path, None), DiscardKey((path,)))]

    def _attribute_steps(self) -> List[Step[Change]]:
        """The files whose content can stay, but whose mode or owner must change."""
        steps: List[Step[Change]] = []
        for target in self.options.spec.paths.targets(*FileKind):
            if os.path.exists(target.path):
                before, after = describe_attributes(self._replacement(target, same_secret=True))
                if before != after:
                    steps.append(Step(target.path, before, after, SetAttributes((target,))))
        return steps

    def apply(self, step: Step[Change]) -> Undo:
        """Make what the step describes and write all its files, or none."""
        pending = make_pending_files(step.payload, self.spec, self.now)
        same = isinstance(step.payload, SetAttributes)
        replacements = [self._replacement(file.target, file.content, same) for file in pending.files]
        # of a key that is in use already no further copy is made
        backup = self.options.backup and not isinstance(step.payload, DiscardKey)
        transaction = self.transaction = Transaction(replacements, backup=backup, journal=self.options.journal)
        self.transactions.append(transaction)
        undo = transaction.commit(remove=pending.obsolete)
        remove_unneeded(pending.unneeded, undo)
        self.pending = pending
        return undo

    def _replacement(self, target: Target, content: bytes = b"", same_secret: bool = False) -> Replacement:
        options = self.options
        if not target.kind.secret:
            return Replacement(target.path, content, target.kind, mode=options.mode, owner=options.owner, group=options.group)
        if options.spec.paths.keeps_for_later(target.path):
            return Replacement(target.path, content, target.kind, 0o600, str(os.geteuid()), str(os.getegid()), secret=True)
        owner, group = options.private_key_owner, options.private_key_group
        given_by = ("private_key_mode", "owner" if owner == options.owner else "private_key_owner", "group" if group == options.group else "private_key_group")
        return Replacement(target.path, content, target.kind, options.private_key_mode, owner, group, True, same_secret, given_by)

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        previous = self.existing.certificate
        certificate = self.pending.certificates[0] if self.pending.certificates else previous
        return {
            "certificate": certificate.as_dict(self.now) if certificate else None,
            "previous": previous.as_dict(self.now) if previous else None,
            "renewed_because": list(self.outcome.reasons),
            "pin_changed": self.outcome.pin_changed,
            "names_added": list(self.outcome.names.added),
            "names_dropped": list(self.outcome.names.dropped),
            "replaced_self_signed": previous.fingerprint() if previous and previous.self_signed and self.outcome.replaces_certificate else None,
            "pins_broken": list(self.pins_broken),
            "csr": self._csr(),
            "signing_ca_content": authority_pem(self.options.spec.authority),
            "backup_files": {path: kept for transaction in self.transactions for path, kept in transaction.backups.items()},
            "created_files": [path for transaction in self.transactions for path in transaction.created],
        }

    def _csr(self) -> Optional[str]:
        if self.pending.csr:
            return self.pending.csr.decode("ascii")
        return csr_pem(self.existing.csr) if self.existing.csr is not None else None
