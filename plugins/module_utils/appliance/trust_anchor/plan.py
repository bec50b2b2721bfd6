# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which anchors change, and the step that shows it. Pure, standard library only: appliances run this."""

from __future__ import annotations

from typing import List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import alias_for
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change, TrustStore
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State


def plan_step(options: Options, store: TrustStore, anchors: Sequence[CertificateOutline]) -> Optional[Step[Change]]:
    """The step that adds or removes anchors; None if the store is as it must be."""
    if options.state is State.ABSENT:
        removing = tuple(anchor for anchor in anchors if store.contains(anchor, options.entries))
        return _step(store, _lines(removing, options.label), Change(removing=removing, entries=options.entries)) if removing else None
    missing = [anchor for anchor in anchors if not store.trusts(anchor)]
    adding = tuple((anchor, alias_for(anchor, options.name, several=len(anchors) > 1)) for anchor in missing)
    return _step(store, _lines(missing, options.label), Change(adding=adding)) if adding else None


def plan_pending(options: Options, store: TrustStore) -> Step[Change]:
    """The step that adds a certificate to be issued in this run: it is known by its label only."""
    return _step(store, [options.label], Change())


def _lines(anchors: Sequence[CertificateOutline], label: str) -> List[str]:
    """What the diff shows of anchors. A label replaces what is not known before the certificate is issued."""
    return [label or "%s (sha256 %s)" % (anchor.subject, anchor.sha256) for anchor in anchors]


def _step(store: TrustStore, lines: Sequence[str], change: Change) -> Step[Change]:
    text = "".join(line + "\n" for line in lines)
    before, after = (text, "") if change.removing else ("", text)
    return Step("trust store %s" % store.path, before, after, change)
