# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the keys that clients have pinned."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import PINNED, Context, rule


@rule(
    "PIN-CHANGED",
    ERROR,
    cites="article 003 (resolve certificate failures); RFC 7469 section 2.6",
    remedy="pins",
    advice="Find out whether the change was expected. Where it was, approve it (role pins) and have the agents re-pinned; where nobody knows of it, tell "
    "your IT security.",
    profiles=(PINNED,),
)
def the_key_is_pinned_or_announced(chain: Chain, context: Context) -> Iterator[str]:
    """The public key is one that was pinned or announced, where any was pinned."""
    known = context.known
    if known and known.pins and chain.leaf.pin not in known.accepted_pins + known.announced_pins:
        last = known.pins[-1]
        yield "the public key is %s, and since %s the pin is %s (%s)" % (
            chain.leaf.pin,
            last.since,
            ", ".join(known.accepted_pins),
            last.certificate["subject"] or "no subject",
        )
