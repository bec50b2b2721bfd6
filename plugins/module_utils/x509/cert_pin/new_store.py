# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a new pin store may be made. A store that was lost is no first use: the keys of that moment would be trusted unseen."""

from __future__ import annotations

import os

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.audit_log import last_entries
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.log_entries import NOT_STORED
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.options import Options


def check_new_store(options: Options) -> None:
    """Compare the absence of a store with the audit log and the option ``create``.

    :raises RemediationError: the store was lost, or nobody asked for a new one.
    """
    if os.path.exists(options.pins_path) or not options.state.accepts:
        return
    path = os.path.realpath(options.pins_path)
    logged = last_entries(options.audit_log, path).values() if options.audit_log else ()
    if any(entry.get("event") != NOT_STORED for entry in logged):
        raise RemediationError(
            "pins_path: %s does not exist, but the audit log %s has changes of it, so the store was lost" % (options.pins_path, options.audit_log),
            "Restore it from a backup with state=restored and backup_path; to begin anew, move the audit log to another place as well.",
        )
    if not options.create:
        raise RemediationError(
            "pins_path: %s does not exist, and create is false" % options.pins_path,
            "Check the path; set create to true for a new store, which trusts the first key of each endpoint (first_use).",
        )
