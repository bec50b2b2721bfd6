# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath expressions over a result."""

from __future__ import annotations

from typing import Any

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

try:
    import jmespath
except ImportError:
    jmespath = None


def select(expression: str, result: dict) -> Any:
    """What the expression chooses from the result.

    :raises RemediationError: jmespath is missing, or the expression is malformed.
    """
    if jmespath is None:
        raise RemediationError("query: the Python library jmespath is missing", "Install jmespath on the controller.")
    try:
        return jmespath.search(expression, result)
    except jmespath.exceptions.JMESPathError as error:
        raise RemediationError(
            "query: %s" % " ".join(str(error).split()), "See the JMESPath specification for the grammar."
        ) from error
