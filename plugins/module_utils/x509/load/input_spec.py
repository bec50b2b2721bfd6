# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of the options that name a file or text with certificates (doc fragment ``certificate_input``)."""

from __future__ import annotations

from typing import Any, Dict

#: which of them may be given together is for the module to say
CERTIFICATE_INPUT_SPEC: Dict[str, Dict[str, Any]] = dict(
    path=dict(type="path"),
    content=dict(type="str"),
    content_base64=dict(type="str"),
    password=dict(type="str", no_log=True),
)
