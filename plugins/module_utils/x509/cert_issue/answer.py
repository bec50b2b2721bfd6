# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA returned, to be imported: certificates in any form, and the private key if it is a PKCS#12 (PFX) with its key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.base64_text import decode_base64
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import private_key_in, read_certificates

BASE64 = "certificate_content_base64"


@dataclass(frozen=True)
class Answer:
    """The certificates that are imported.

    :param option: the option that they came by, for messages.
    :param key: the private key of a PKCS#12; None if there is none.
    """

    certificates: Tuple[Certificate, ...]
    option: str
    key: Any = field(default=None, repr=False)


def read_answer(params: Mapping[str, Any]) -> Answer:
    """Read what the options of the provider import name.

    :raises RemediationError: a file cannot be read, or there is no certificate in it.
    """
    data, option = _read(params)
    reading = read_certificates(data, params["password"])
    if not reading.certificates:
        problem = "; ".join(reading.warnings) or "contains no certificate"
        raise RemediationError("%s: %s" % (option, problem), "Give the certificate as PEM, DER, PKCS#7 or PKCS#12 (with its password).")
    return Answer(reading.certificates, option, private_key_in(data, params["password"]))


def _read(params: Mapping[str, Any]) -> Tuple[bytes, str]:
    """The bytes, and the name of the option; the argument spec requires one of them."""
    if params[BASE64] is not None:
        return decode_base64(params[BASE64], BASE64), BASE64
    data, option = read_path_or_content(params, "import_path", "certificate_content")
    return data or b"", option
