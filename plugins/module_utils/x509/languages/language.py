# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The language of findings. The catalogue of a language is imported only if it is asked for."""

from __future__ import annotations

from typing import Iterable, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding


class Language(StringEnum):
    """The language of findings."""

    ENGLISH = "en"
    FRENCH = "fr"


def findings_in(language: Language, findings: Iterable[Finding]) -> Tuple[Finding, ...]:
    """The findings in a language; a text that its catalogue does not have stays as it is."""
    if language is Language.ENGLISH:
        return tuple(findings)
    from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.french import in_french

    return tuple(in_french(finding) for finding in findings)


def text_in(language: Language, text: str) -> str:
    """A text in a language; as it is if the catalogue of the language does not have it."""
    if language is Language.ENGLISH:
        return text
    from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.french import translated

    return translated(text)
