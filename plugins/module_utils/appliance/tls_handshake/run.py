# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``tls_handshake``: read the anchors, make one handshake, and judge it. Standard library only: appliances run this."""

from __future__ import annotations

import base64
import time
from dataclasses import asdict
from typing import Any, Dict, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import Handshake
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.collect import Anchors, Outcome, collect_anchors, shake_hands
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.judge import Problem, judge, presents
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.options import Expect, Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.proof import Proof, prove
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext

SECONDS_BETWEEN_HANDSHAKES = 0.5


class TlsHandshakeRun(Run[None]):
    """It changes nothing, so its plan has no step."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.anchors = Anchors("", 0)
        self.outcome: Optional[Outcome] = None
        self.problem: Optional[Problem] = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any], _context: RunContext) -> TlsHandshakeRun:
        """A run of the module's parameters."""
        return cls(Options.from_params(params))

    def collect(self) -> None:
        """Read the anchors and make the handshake; again, if it has not the expected outcome yet and there is time."""
        self.anchors = collect_anchors(self.options)
        last = time.monotonic() + self.options.wait_timeout
        while True:
            self.outcome = shake_hands(self.options, self.anchors)
            self.problem = self._judge(self.outcome)
            if not self._unexpected() or time.monotonic() >= last:
                return
            time.sleep(SECONDS_BETWEEN_HANDSHAKES)

    def _judge(self, outcome: Outcome) -> Optional[Problem]:
        return judge(outcome, self.options.expected_fingerprints, self.options.previous_fingerprints, trusting=not self.options.trusts_nothing)

    def _unexpected(self) -> bool:
        """Whether the outcome is not the expected one; with ``any``, whether there is a problem."""
        if self.options.expect is Expect.PRESENTED:
            return not (isinstance(self.outcome, Handshake) and presents(self.outcome, self.options.expected_fingerprints))
        return self.problem is not None

    def plan(self) -> Sequence[Step[None]]:
        """Nothing is changed."""
        return []

    def verify(self, steps: Sequence[Step[None]]) -> None:
        """Fail if the handshake has not the outcome that the task expects."""
        if self.problem and self._unexpected() and self.options.expect is not Expect.ANY:
            server = "%s:%d as %s" % (self.options.host, self.options.port, self.options.name)
            raise RemediationError("%s: %s: %s" % (server, self.problem.code, self.problem.message), self.problem.advice)

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        handshake = self.outcome if isinstance(self.outcome, Handshake) else None
        verified = handshake is not None and self.problem is None and not self.options.trusts_nothing
        return dict(
            _facts_of(handshake),
            **asdict(prove(handshake.chain, self.anchors.pem) if handshake and verified else Proof()),
            host=self.options.host,
            port=self.options.port,
            name=self.options.name,
            verified=verified,
            error=asdict(self.problem) if self.problem else None,
            anchors=self.anchors.count,
        )


def _facts_of(handshake: Optional[Handshake]) -> Dict[str, Any]:
    """The part of the result that the server determines; empty values if there was no handshake."""
    chain = handshake.chain if handshake else ()
    return {
        "addresses": list(handshake.addresses) if handshake else [],
        "address": handshake.address if handshake else None,
        "protocol": handshake.protocol if handshake else "",
        "cipher": handshake.cipher if handshake else "",
        "presented": [base64.b64encode(der).decode("ascii") for der in chain],
        "chain_fingerprints": [fingerprint_of(der) for der in chain],
        "fingerprints": {algorithm: fingerprint_of(chain[0], algorithm) for algorithm in ("sha1", "sha256")} if chain else {},
        "duration_ms": int(handshake.seconds * 1000) if handshake else 0,
    }
