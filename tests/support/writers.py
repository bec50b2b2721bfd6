# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that write a file of which a task gives the path."""

from __future__ import annotations

import base64

from . import mint
from .clock import REAL

CA = mint.authority("Root", **REAL.days())
LEAF = mint.mint("depot.corp.example", issuer=CA, **REAL.days())
#: the option of the file that each module writes, and what else it needs
MODULES = {
    "cert_chain_build": ("dest", {"content": LEAF.pem, "trusted_content": CA.pem, "include_root": True}),
    "cert_issue": ("certificate_path", {"provider": "self_signed", "fqdn": "depot.corp.example", "key_type": "EC", "private_key_path": "depot.key"}),
    "cert_pin": ("pins_path", {"host": "depot.corp.example", "presented": [base64.b64encode(LEAF.der).decode()], "state": "pinned", "create": True}),
    "hosts_entry": ("path", {"address": "192.0.2.1", "names": ["depot.corp.example"]}),
}
