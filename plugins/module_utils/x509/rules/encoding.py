# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the encoding of a file."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME, JudgementContext, ProfileOutcome, rule_by_profile

EXPORT = "Export it again as Base64 (PEM), without anything else in the file; cert_chain_build writes such files."


@rule_by_profile(
    "FORMAT-NOT-PEM",
    cites="Dell's article on OME migrations, CSEC9002: wrong encoding",
    outcomes=dict.fromkeys(OME, ProfileOutcome(ERROR, "", EXPORT, str(answers.FILE))),
)
def the_file_is_pem(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The file contains certificates as PEM and nothing else."""
    if context.form:
        yield "the file %s" % context.form
