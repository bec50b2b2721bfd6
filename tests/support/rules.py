# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rules are tested: a chain is judged, the codes that were found are compared.

Each rule has a case marked with ``fails`` and one marked with ``passes``; a law counts them.
"""

from __future__ import annotations

import datetime
from typing import Any, Callable, List, Optional, Sequence

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support.mint import NOW, Minted


def fails(code: str) -> Callable:
    """Mark a test that sees a rule report something."""
    return pytest.mark.fails(code)


def passes(code: str) -> Callable:
    """Mark a test that sees a rule report nothing."""
    return pytest.mark.passes(code)


def findings(
    *presented: Minted,
    trusted: Optional[Sequence[Minted]] = None,
    profiles: Sequence[str] = ("generic",),
    now: datetime.datetime = NOW,
    **more: Any,
) -> List[Finding]:
    """Judge the presented certificates (the server's own first) and return all the findings."""
    anchors = None if trusted is None else [from_x509(minted.x509) for minted in trusted]
    chain = chain_of([from_x509(minted.x509) for minted in presented], anchors, first_is_leaf=True)
    return judge(chain, JudgementContext(now=now, profiles=frozenset(profiles), **more), "test")


def codes(*presented: Minted, **more: Any) -> List[str]:
    """The codes that were found, sorted."""
    return sorted({finding.code for finding in findings(*presented, **more)})


def severity(code: str, *presented: Minted, **more: Any) -> str:
    """The severity with which a code was found."""
    return next(finding.severity for finding in findings(*presented, **more) if finding.code == code)
