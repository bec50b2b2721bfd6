# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way out of a module: its result, its log and its warnings, without secrets and escaped. Standard library only.

Ansible itself hides the values of options with ``no_log``. It refuses wrong options and writes its log before a module's own code runs, so
this is a part of the module's class. docs/security.md says what is promised.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Type

from ansible_collections.certmend.tls.plugins.module_utils.core.secrets import (
    NOT_LOGGED,
    forms_of,
    no_log_texts,
    secrets_in_options,
    without,
    without_keys,
    without_no_log,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable, shown


class _Discreet:
    """Mixed into AnsibleModule."""

    argument_spec: Dict[str, Any]
    params: Dict[str, Any]
    no_log_values: Any
    #: the secrets whose other forms are among no_log_values already
    _known: FrozenSet[str] = frozenset()

    def _log_invocation(self) -> None:
        """The system's log has the options, private keys among them."""
        self._find_secrets()
        super()._log_invocation()  # type: ignore[misc]

    def log(self, msg: Any, log_args: Any = None) -> None:
        """Write a line to the system's log, and not two. Since Python 3.12, the log refuses a NUL, which would end the module before its own checks."""
        super().log(printable(msg) if isinstance(msg, str) else msg, log_args)  # type: ignore[misc]

    def exit_json(self, **result: Any) -> None:
        """Return a result."""
        super().exit_json(**self._shown(result))  # type: ignore[misc]

    def fail_json(self, msg: Any, **result: Any) -> None:
        """Return an error."""
        result = self._shown(dict(result, msg=str(msg)))
        super().fail_json(result.pop("msg"), **result)  # type: ignore[misc]

    def warn(self, warning: str, **more: Any) -> None:
        """Show a warning after the task."""
        super().warn(shown(warning, self._hide), **more)  # type: ignore[misc]

    def _shown(self, result: Dict[str, Any]) -> Dict[str, Any]:
        self._find_secrets()
        invocation = {"module_args": without_no_log(self.argument_spec, self.params)}
        hidden: Dict[str, Any] = shown(dict({"invocation": invocation}, **result), self._hide)
        return hidden

    def _find_secrets(self) -> None:
        """Called again before the end, because a run may have added a token."""
        options = () if self._known else secrets_in_options(self.params) | set(no_log_texts(self.argument_spec, self.params))
        for value in {str(value) for value in self.no_log_values} - self._known:
            self.no_log_values.update(forms_of(value))
        self.no_log_values.update(options)
        self._known = frozenset(str(value) for value in self.no_log_values)

    def _hide(self, text: str) -> str:
        secrets = {str(value) for value in self.no_log_values}
        return NOT_LOGGED if text in secrets else without_keys(without(text, secrets))


def discreet_text(text: str, given: Any) -> str:
    """A message of a plugin that is not a module.

    :param given: the values of the plugin's options; the passwords among them are a mapping's ``password``.
    """
    password = given.get("password") if isinstance(given, dict) else None
    secrets = secrets_in_options(given) | (forms_of(str(password)) if password else set())
    return str(shown(text, lambda plain: without_keys(without(plain, secrets))))


def discreet(base: Type[Any]) -> Type[Any]:
    """AnsibleModule, with results that may be shown.

    :param base: AnsibleModule; the module passes it, because core/ imports nothing of Ansible.
    """
    return type(base.__name__, (_Discreet, base), {})
