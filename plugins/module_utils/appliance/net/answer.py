# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answer to an HTTPS request, and what of it a message may show. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Dict, FrozenSet, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.core.secrets import forms_of, without
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import shown
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC


@dataclass(frozen=True)
class Answer:
    """The server's answer to a request; the names of ``headers`` are in lower case.

    :param secrets: what the session was told to keep; the server may have sent it back.
    """

    status: int
    body: bytes
    headers: Dict[str, str]
    secrets: FrozenSet[str] = frozenset()

    def excerpt(self, length: int) -> str:
        """The beginning of the body for a message. Secrets are hidden before it is cut: no part of one stays."""
        return self.hide(self.body.decode("utf-8", "replace"))[:length]

    def told(self) -> Any:
        """The body as JSON for a message, with secrets hidden in each of its texts.

        :raises ValueError: it is not JSON.
        """
        return shown(parse_json(self.body), self.hide)

    def hide(self, text: str) -> str:
        """A text of the answer without secrets, in whatever form the server sent them back."""
        return without(text, {form for secret in self.secrets for form in forms_of(secret)})

    def moment(self) -> Optional[datetime.datetime]:
        """The server's time, from the Date header; None if the header is absent or is not a date."""
        try:
            moment = parsedate_to_datetime(self.headers.get("date", ""))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)  # -0000: UTC, from an unknown zone (RFC 5322 section 3.3)
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
