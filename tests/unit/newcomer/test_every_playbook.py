# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook with --check and without variables, on hosts at which nothing listens: it says what is missing, and leaves no trace in the collection."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.newcomer import in_one_line
from ansible_collections.certmend.tls.tests.support.source import ROOT
from ansible_collections.certmend.tls.tests.support.web_servers import own_address

GROUPS = {"depots": "depot", "installers": "installer", "webservers": "www", "pinned": "vault", "vcenters": "vc", "omes": "ome1"}
#: how each playbook ends, and what it says is missing
ENDS = {
    "audit": (2, "There is nothing to audit. Set audit_hosts or audit_vcenters (patterns of inventory hosts), or audit_endpoints (host:port)."),
    "awx_setup": (2, "awx_setup_url: it is required, and not set."),
    "offline_depot": (2, "set offline_depot_fqdn to the name in the depot's url"),
    "ome_migration": (2, "ome_chain_folder: it is required, and not set."),
    "pins": (2, "pins_path: it is required, and not set."),
    "remediate": (0, "www:8443: error (CONNECT-REFUSED)"),
    "restore": (2, "www cannot be reached: "),
    "server_chain": (2, "Set server_chain_path (a host variable, the PEM file that the server on www reads) and server_chain_trusted_path"),
    "ssl_trust": (2, "The Lookup Service of vc cannot be read."),
}


@pytest.fixture(scope="module")
def newcomer(newcomer):
    at = {"ansible_host": own_address(), "ansible_port": 8443, "tls_port": 8443, "ansible_connection": "ssh"}
    groups = {group: {"hosts": {host: at}} for group, host in GROUPS.items()}
    (newcomer.start / "inventory.yml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    return newcomer


@pytest.mark.parametrize("playbook", sorted(path.stem for path in ROOT.glob("playbooks/*.yml")))
def test_check_mode_without_variables_ends_with_what_is_missing(newcomer, core, playbook):
    done = newcomer.play(core, playbook, {}, "--check")
    text = in_one_line(done)
    assert (done.returncode, ENDS[playbook][1] in text) == (ENDS[playbook][0], True), text[-3000:]
    assert "Traceback" not in text and "changed=0" in text and "has no attribute" not in text and "is undefined" not in text
    assert newcomer.picture() == newcomer.shipped
