# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names of parsed certificates as text.

``Name.rfc4514_string`` turned its order round in one release and keeps control characters; reports must read the same
everywhere, so the text is made in dn.py.
"""

from __future__ import annotations

from typing import List

from ansible_collections.certmend.tls.plugins.module_utils import dn
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509

BY_SHORT = {short.lower(): x509.ObjectIdentifier(dotted) for dotted, short in dn.SHORT.items()}


def rfc4514(name: x509.Name) -> str:
    """A name as text, most specific part first."""
    return dn.rfc4514([(part.oid.dotted_string, _text(part)) for part in relative] for relative in name.rdns)


def common_names(name: x509.Name) -> List[str]:
    """The common names, most specific last, as encoded."""
    return [_text(attribute) for attribute in name.get_attributes_for_oid(oid.NameOID.COMMON_NAME)]


def _text(attribute: x509.NameAttribute) -> str:
    value = attribute.value
    return "#" + value.hex() if isinstance(value, bytes) else value
