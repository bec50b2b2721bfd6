# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a record of a run may contain: texts without secrets, which a terminal and a browser show as they are."""

from __future__ import annotations

import re
from typing import Any, Iterable, List, Mapping, Set

from ansible_collections.certmend.tls.plugins.module_utils.core.secrets import (
    ACCOUNT,
    HIDDEN,
    SHORTEST_SECRET,
    forms_of,
    key_parts,
    without,
    without_keys,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable, printable_lines

#: the last part of the name of what is secret, whatever its value is; also Ansible's own variables of that kind
SECRET_NAME = re.compile(r"(?:^|[._])(?:password|passwd|pass|passphrase|token|secret|private_key|private_key_content|content_base64)$", re.IGNORECASE)
#: values of the record with lines of their own
LINES = ("diff", "said")
#: words of the record itself, which a password may happen to be
WORDS = ("phase", "verdict", "outcome", "severity", "code")
NAME = re.compile(r"[a-z_]{0,40}\Z")
WORD = re.compile(r"[A-Za-z0-9-]{0,40}\Z")


def secret_forms(secrets: Iterable[Any]) -> Set[str]:
    """All texts to hide: the secrets, and the forms in which a server sends them back. Shorter ones are found everywhere, and stay."""
    return {form for secret in secrets for form in forms_of(str(secret)) if len(str(secret)) >= SHORTEST_SECRET}


def cleaned(value: Any, secrets: Set[str], name: str = "") -> Any:
    """A value without secrets, escaped.

    :param secrets: what ``secret_forms`` returns.
    :param name: the key of the value. One that names a secret hides the value.
    """
    if isinstance(value, Mapping):
        return {_key(str(key), secrets): cleaned(item, secrets, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item, secrets, name) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return HIDDEN if value is not None and SECRET_NAME.search(name) else value
    return _text(str(value), secrets, name)


def escaped(value: Any, name: str = "") -> Any:
    """A value of a record as ``cleaned`` leaves it, whoever wrote it; what is secret was hidden when the role wrote it."""
    if isinstance(value, str):
        return printable_lines(value) if name in LINES else printable(value)
    if isinstance(value, dict):
        return {printable(key): escaped(item, key) for key, item in value.items()}
    return [escaped(item, name) for item in value] if isinstance(value, list) else value


def _key(key: str, secrets: Set[str]) -> str:
    """The name of a value: those of the record stay, even if a password happens to be one of them."""
    return key if NAME.match(key) else _text(key, secrets, "")


def _text(text: str, secrets: Set[str], name: str) -> str:
    if SECRET_NAME.search(name):
        return HIDDEN if text else text
    if name in WORDS and WORD.match(text):
        return text
    text = without_keys(without(text, secrets))
    text = without(text, {*key_parts(text), *ACCOUNT.findall(text)})
    return printable_lines(text) if name in LINES else printable(text)


def secrets_among(values: Mapping[str, Any]) -> List[Any]:
    """The values with the name of a secret, in dictionaries and lists too, as they are: Ansible may have to evaluate them."""
    found: List[Any] = []
    level: List[Any] = [values]
    while level:
        value = level.pop()
        if isinstance(value, Mapping):
            for key, item in value.items():
                (found if SECRET_NAME.search(str(key)) else level).append(item)
        elif isinstance(value, (list, tuple)):
            level.extend(value)
    return found


def texts_of(value: Any) -> List[str]:
    """The texts of an evaluated secret, which may be a dictionary or a list."""
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in texts_of(item)]
    return [] if value is None or isinstance(value, bool) else [str(value)]
