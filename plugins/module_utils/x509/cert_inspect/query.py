# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath expressions over a result."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: a parsed expression
Query = Any


def parse_query(expression: str) -> Query:
    """Read the option ``query``.

    :raises RemediationError: jmespath is missing, or the expression is malformed.
    """
    try:
        import jmespath
    except ImportError:
        raise RemediationError("query: the Python library jmespath is missing", "Install jmespath on the controller.") from None
    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise _query_error(error) from error


def select(query: Query, result: Mapping[str, Any]) -> Any:
    """The values of the result that the query selects.

    :raises RemediationError: the expression cannot be evaluated, for example because a function gets a value of another type.
    """
    from jmespath.exceptions import JMESPathError

    try:
        return query.search(result)
    except JMESPathError as error:
        raise _query_error(error) from error


def _query_error(error: Exception) -> RemediationError:
    return RemediationError("query: %s" % " ".join(str(error).split()), "See the JMESPath specification.")
