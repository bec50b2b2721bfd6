# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``trust_anchor``: compare by SHA-256, plan, and change one store under its lock.

Standard library only: appliances run this.
"""

from __future__ import annotations

from typing import Any, ContextManager, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import check_recordable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import pem_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import layout_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.collect import collect_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.java_store import JavaStore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.plan import plan_pending, plan_step
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change, TrustStore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.system_store import SystemStore
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import unwrap
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext


class TrustAnchorRun(Run[Change]):
    """The payload of its only step is what changes in the store."""

    kept_on_failure = ("added",)

    def __init__(self, options: Options, context: RunContext) -> None:
        super().__init__()
        self.options = options
        # a text has no path that could be missing; only the playbook knows that it will have content
        declared = options.pending and options.state is State.PRESENT
        self.pending = declared and context.is_pending(options.path or "", declared)
        self.anchors: Tuple[CertificateOutline, ...] = ()
        self.store: Optional[TrustStore] = None
        self.change = Change()
        #: the alias or file that each added anchor gets, by its fingerprint; None if it had a file already
        self.new_entries: Dict[str, Optional[str]] = {}

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> TrustAnchorRun:
        """A run of the module's parameters."""
        return cls(Options.from_params(params), context)

    def collect(self) -> None:
        """Read the certificates that the task names."""
        self.anchors = collect_anchors(self.options, self.pending)

    def lock(self) -> ContextManager[None]:
        """Other runs wait: two that change the store at once would lose one of the changes."""
        self.store = open_store(self.options)
        return self.store.lock()

    def plan(self) -> Sequence[Step[Change]]:
        """Read the store: which anchors are missing, or still there?"""
        store = self._opened()
        store.read()
        step = plan_step(self.options, store, self.anchors)
        if self.pending and not self.anchors:
            step = plan_pending(self.options, store)
        if step is None:
            return []
        store.check(step.payload)
        check_recordable(self.options.journal)
        self.change = step.payload
        self.new_entries = {anchor.sha256: store.new_entry(anchor, alias) for anchor, alias in self.change.adding}
        return [step]

    def apply(self, step: Step[Change]) -> Undo:
        """Change the store."""
        undo, self.transaction = self._opened().apply(step.payload, self.options.backup, self.options.journal)
        return undo

    def settle(self, step: Step[Change]) -> bool:
        """Reverse the change of the store."""
        return self._opened().settle()

    def _opened(self) -> TrustStore:
        return unwrap(self.store, "the store is opened with its lock")

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        written = self.transaction
        return {
            "store": self.store.path if self.store else None,
            "anchors": _as_dicts(self.anchors),
            "added": [
                dict(added, entry=self.new_entries.get(added["fingerprint_sha256"])) for added in _as_dicts(anchor for anchor, _alias in self.change.adding)
            ],
            "removed": _as_dicts(self.change.removing),
            "backup_files": written.backups if written else {},
            "created_files": written.created if written else [],
        }


def open_store(options: Options) -> TrustStore:
    """The store that the options name.

    :raises RemediationError: this system has no such store.
    """
    return JavaStore(options.keystore) if options.keystore else SystemStore(layout_of(options.store))


def _as_dicts(anchors: Iterable[CertificateOutline]) -> List[Dict[str, Any]]:
    return [
        {"subject": anchor.subject, "fingerprint_sha256": anchor.sha256, "is_ca": anchor.is_ca, "pem": pem_of(anchor).decode("ascii")} for anchor in anchors
    ]
