# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names as text (RFC 4514)."""

from __future__ import annotations

from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509

NameOID = oid.NameOID

SHORT = {
    NameOID.COMMON_NAME: "CN",
    NameOID.COUNTRY_NAME: "C",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.EMAIL_ADDRESS: "emailAddress",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.USER_ID: "UID",
}
BY_SHORT = {short.lower(): oid for oid, short in SHORT.items()}


def _escaped(value: str) -> str:
    """RFC 4514 section 2.4; control characters too, so that a name stays on its line."""
    out = "".join(
        "\\" + char if char in '"+,;<>\\' else ("\\%02X" % ord(char) if ord(char) < 0x20 or char == "\x7f" else char)
        for char in value
    )
    if out[:1] in ("#", " "):
        out = "\\" + out
    if value != " " and out.endswith(" "):
        out = out[:-1] + "\\ "
    return out


def rfc4514(name: x509.Name) -> str:
    """A name as text, most specific part first.

    ``Name.rfc4514_string`` turned this order round in one release and keeps control characters; reports must read the
    same everywhere.
    """
    parts = []
    for relative in reversed(name.rdns):
        parts.append("+".join("%s=%s" % (SHORT.get(at.oid, at.oid.dotted_string), _escaped(_text(at))) for at in relative))
    return ",".join(parts)


def _text(attribute: x509.NameAttribute) -> str:
    value = attribute.value
    return "#" + value.hex() if isinstance(value, bytes) else value


def common_names(name: x509.Name) -> List[str]:
    """The common names, most specific last, as encoded."""
    return [_text(attribute) for attribute in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
