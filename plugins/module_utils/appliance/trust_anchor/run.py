# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``trust_anchor`` does: compare by SHA-256, plan, and change one store.

Standard library only: appliances run this.
"""

from __future__ import annotations

import contextlib
import os
from typing import Iterator, List, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import alias_for, pem_of, read_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore, check_files
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.java_store import JavaStore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.system_store import SystemStore, layout_of
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

Store = Union[SystemStore, JavaStore]


class Trust:
    """One run of the module."""

    def __init__(self, params: dict, facts: dict, check_only: bool) -> None:
        self.params = params
        self.facts = facts
        facts.update(store=None, anchors=[], added=[], removed=[], backup_files={}, created_files=[])
        self.pending = params["pending"] and check_only and params["state"] == "present"
        self.anchors = self._anchors()

    def _anchors(self) -> List[CertificateOutline]:
        content, option = self.params["content"], "content"
        if self.params["path"] is not None:
            content, option = read_file(self.params["path"], "path").decode("latin-1"), "path"
        if self.pending and not (content or "").strip():
            return []
        anchors = read_anchors(content, option)
        if not anchors:
            raise RemediationError("%s: there is no certificate in it" % option, "Give the CA's certificate as PEM.")
        if self.params["state"] == "present" and not self.params["allow_leaf"]:
            raise_all([_leaf(anchor, option) for anchor in anchors if not anchor.is_ca])
        self.facts["anchors"] = [as_dict(anchor) for anchor in anchors]
        return anchors

    def plan(self, store: Store) -> List[Step]:
        """Which anchors are missing, or are still there. The caller holds the store's lock."""
        self.store = store
        self.facts["store"] = store.target
        adding = self.params["state"] == "present"
        concerned = [one for one in self.anchors if (not store.holds(one) if adding else store.keeps(one))]
        label = self.params["label"]
        lines = [label or "%s (sha256 %s)" % (anchor.subject, anchor.sha256) for anchor in concerned]
        if self.pending and not self.anchors:
            lines = [label]
        if not lines:
            return []
        several = len(self.anchors) > 1
        named = [(anchor, alias_for(anchor, self.params["name"], several)) for anchor in concerned]
        payload = (named, []) if adding else ([], concerned)
        store.check(*payload)
        there = "".join(line + "\n" for line in lines)
        self.facts["added" if adding else "removed"] = [as_dict(anchor) for anchor in concerned]
        return [Step("trust store %s" % store.target, "" if adding else there, there if adding else "", payload)]

    def apply(self, step: Step) -> Undo:
        """Change the store."""
        undo, transaction = self.store.change(*step.payload, self.params["backup"])
        self.facts.update(backup_files=transaction.backups, created_files=transaction.created)
        return undo


def as_dict(anchor: CertificateOutline) -> dict:
    """An anchor in the module's result."""
    return {
        "subject": anchor.subject,
        "fingerprint_sha256": anchor.sha256,
        "is_ca": anchor.is_ca,
        "pem": pem_of(anchor).decode("ascii"),
    }


def _leaf(anchor: CertificateOutline, option: str) -> RemediationError:
    return RemediationError(
        "%s: %s is no CA (basic constraints): as an anchor it would vouch for itself alone" % (option, anchor.subject),
        "Give the CA that signed it; for a self-signed certificate set allow_leaf.",
    )


@contextlib.contextmanager
def opened(params: dict) -> Iterator[Store]:
    """The store that the options name, for this process alone: two that change it at once would lose one's change."""
    if params["store"] == "java":
        given = params["keystore"]
        keystore = Keystore(given["path"], given["password_file"])
        check_files(keystore)
        with locked(keystore.path, "keystore.path"):
            yield JavaStore(keystore)
    else:
        layout = layout_of(params["store"])
        with locked(os.path.join(layout.folder, "any"), "store"):
            yield SystemStore(layout)
