# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about public keys that clients have pinned."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import PINNED, JudgementContext, rule


@rule(
    "PIN-CHANGED",
    ERROR,
    cites="EVault, Resolve certificate failures; RFC 7469 section 2.6",
    remedy="pins",
    advice="Find out whether the change was expected. If it was, approve it (role pins) and have the agents re-pinned; if nobody knows of it, inform "
    "your IT security.",
    profiles=(PINNED,),
)
def the_key_is_pinned_or_announced(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The public key was pinned or announced, if the server has any pin."""
    record = context.pin_record
    if record and record.pins and chain.leaf.pin not in record.accepted_pins + record.announced_pins:
        last = record.pins[-1]
        yield "the public key is %s, and since %s the pin is %s (%s)" % (
            chain.leaf.pin,
            last.since,
            ", ".join(record.accepted_pins),
            last.certificate["subject"] or "no subject",
        )
