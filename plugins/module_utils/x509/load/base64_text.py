# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base64 text as options have it."""

from __future__ import annotations

import base64
import binascii

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def decode_base64(text: str, option: str) -> bytes:
    """Decode an option's Base64 text; line breaks and spaces in it do not matter.

    :raises RemediationError: the text is not Base64; the message names the option.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RemediationError("%s is not Base64: %s" % (option, error), "Give the file's bytes, encoded once.") from error
