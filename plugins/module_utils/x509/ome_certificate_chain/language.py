# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The language of the findings. The catalogue of a language is imported only if it is asked for."""

from __future__ import annotations

import dataclasses
from typing import Iterable, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import Examination
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Language


def findings_in(language: Language, findings: Iterable[Finding]) -> Tuple[Finding, ...]:
    """The findings in a language."""
    if language is Language.ENGLISH:
        return tuple(findings)
    from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.french import in_french

    return tuple(in_french(finding) for finding in findings)


def examination_in(language: Language, examination: Examination) -> Examination:
    """The examination with its findings in a language."""
    return dataclasses.replace(examination, findings=findings_in(language, examination.findings))


def error_in(language: Language, message: str, advice: str) -> RemediationError:
    """An error in a language."""
    if language is Language.ENGLISH:
        return RemediationError(message, advice)
    from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.french import translated

    return RemediationError(translated(message), translated(advice))
