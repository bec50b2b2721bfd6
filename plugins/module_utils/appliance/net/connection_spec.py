# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that connect to a service over HTTPS; documented in the fragment ``certmend.tls.connection``. Standard library only."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.certmend.tls.plugins.module_utils.core.old_names import formerly

#: whom to trust, with the names that these options had before; also of modules that only shake hands
TRUSTED_SPEC: Dict[str, Dict[str, Any]] = {
    "trusted_path": formerly("ca_path", type="path"),
    "trusted_content": formerly("ca_content", type="str"),
}
#: the argument spec of a connection; a module merges it with its own options
CONNECTION_SPEC: Dict[str, Dict[str, Any]] = {
    "hostname": {"type": "str"},
    "port": {"type": "int", "default": 443},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    **TRUSTED_SPEC,
    "server_fingerprint": {"type": "list", "elements": "str"},
    "validate_certs": {"type": "bool", "default": True},
}
#: the two ways to verify the server, for ``mutually_exclusive``
TRUST_OPTIONS = ("trusted_path", "trusted_content", "server_fingerprint")
