# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``trust_anchor`` does: compare by SHA-256, plan, and change one store.

Standard library only: appliances run this.
"""

from __future__ import annotations

from typing import List, Union

from ansible_collections.certmend.tls.plugins.module_utils.anchors import alias_for, pem_of, read_anchors
from ansible_collections.certmend.tls.plugins.module_utils.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.der import Outline
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError, all_of
from ansible_collections.certmend.tls.plugins.module_utils.files import read
from ansible_collections.certmend.tls.plugins.module_utils.java_store import JavaStore
from ansible_collections.certmend.tls.plugins.module_utils.keystore import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.system_store import LAYOUTS, SystemStore, family_here


class Trust:
    """One run of the module."""

    def __init__(self, params: dict, facts: dict, check_only: bool) -> None:
        self.params = params
        self.facts = facts
        facts.update(store=None, anchors=[], added=[], removed=[], backup_files={}, created_files=[])
        self.pending = params["pending"] and check_only
        self.anchors = self._anchors()
        self.store = open_store(params)
        facts["store"] = self.store.target

    def _anchors(self) -> List[Outline]:
        content, option = self.params["content"], "content"
        if self.params["path"] is not None:
            content, option = read(self.params["path"], "path").decode("latin-1"), "path"
        if self.pending and not (content or "").strip():
            return []
        anchors = read_anchors(content, option)
        if not anchors:
            raise RemediationError("%s: there is no certificate in it" % option, "Give the CA's certificate as PEM.")
        if self.params["state"] == "present" and not self.params["allow_leaf"]:
            all_of([_leaf(anchor, option) for anchor in anchors if not anchor.is_ca])
        self.facts["anchors"] = [as_dict(anchor) for anchor in anchors]
        return anchors

    def plan(self) -> List[Step]:
        """Which anchors are missing, or are still there."""
        adding = self.params["state"] == "present"
        concerned = [anchor for anchor in self.anchors if self.store.holds(anchor) != adding]
        label = self.params["label"]
        lines = [label or "%s (sha256 %s)" % (anchor.subject, anchor.sha256) for anchor in concerned]
        if self.pending and not self.anchors:
            lines = [label]
        if not lines:
            return []
        several = len(self.anchors) > 1
        named = [(anchor, alias_for(anchor, self.params["name"], several)) for anchor in concerned]
        payload = (named, []) if adding else ([], concerned)
        self.store.check(*payload)
        there = "".join(line + "\n" for line in lines)
        self.facts["added" if adding else "removed"] = [as_dict(anchor) for anchor in concerned]
        return [Step("trust store %s" % self.store.target, "" if adding else there, there if adding else "", payload)]

    def apply(self, step: Step) -> Undo:
        """Change the store."""
        undo, transaction = self.store.change(*step.payload, self.params["backup"])
        self.facts.update(backup_files=transaction.backups, created_files=transaction.created)
        return undo


def as_dict(anchor: Outline) -> dict:
    """An anchor in the module's result."""
    return {
        "subject": anchor.subject,
        "fingerprint_sha256": anchor.sha256,
        "is_ca": anchor.is_ca,
        "pem": pem_of(anchor).decode("ascii"),
    }


def _leaf(anchor: Outline, option: str) -> RemediationError:
    return RemediationError(
        "%s: %s is no CA (basic constraints): as an anchor it would vouch for itself alone" % (option, anchor.subject),
        "Give the CA that signed it; for a self-signed certificate set allow_leaf.",
    )


def open_store(params: dict) -> Union[SystemStore, JavaStore]:
    """The store that the options name."""
    if params["store"] == "java":
        given = params["keystore"]
        return JavaStore(Keystore(given["path"], given["password_file"]))
    return SystemStore(LAYOUTS[family_here() if params["store"] == "auto" else params["store"]])
