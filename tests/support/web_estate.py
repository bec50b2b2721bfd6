# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS servers of an inventory: most do not present the intermediate certificate, and one is in a group that no playbook of this collection repairs."""

from __future__ import annotations

import contextlib
import pathlib
from typing import Any, Dict

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.hosts_here import by_itself
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

ROOT = mint.conforming("Root", ca=True, **REAL.days())
MIDDLE = mint.conforming("Middle", ROOT, ca=True, **REAL.days())
#: of each host, the group, its address, and whether its chain is complete
HOSTS = {
    "cut": ("webservers", "127.0.0.2", False),
    "also": ("webservers", "127.0.0.3", False),
    "good": ("webservers", "127.0.0.4", True),
    "elsewhere": ("printers", "127.0.0.5", False),
}


class WebEstate(Cases):
    """The hosts, each with a server that reads its files for each connection.

    :param servers: what stops the servers at its end.
    """

    def __init__(self, folder: pathlib.Path, servers: contextlib.ExitStack) -> None:
        super().__init__(folder, {name: {} for name in HOSTS})
        self.servers, trusted = servers, self.controller / "root.pem"
        trusted.write_text(ROOT.pem, encoding="ascii")
        common: Dict[str, Any] = {"server_chain_server": "none", "server_chain_path": "{{ here }}/web.pem", "server_chain_become": False}
        common.update(here=str(folder / "hosts") + "/{{ inventory_hostname }}", server_chain_candidates_content=MIDDLE.pem)
        common.update(server_chain_prove_timeout=1, server_chain_trusted_path=str(trusted), audit_trusted_path=str(trusted))
        for name, (_group, address, chained) in HOSTS.items():
            (self.hosts / address).symlink_to(name)  # where a login by the address leads
            self.give(name, fqdn=name + ".corp.example", ansible_host=address, tls_port=self.serve(name, address, chained), **common)
        self.inventory = self.part_with(*HOSTS)
        self.give("cut")

    def serve(self, name: str, address: str, chained: bool) -> int:
        """Start a server; its port."""
        (self[name] / "bin").mkdir(parents=True, exist_ok=True)
        leaf = mint.conforming(name + ".corp.example", MIDDLE, dns=[name + ".corp.example"], **REAL.days())
        (self[name] / "web.pem").write_text(leaf.pem + (MIDDLE.pem if chained else ""), encoding="ascii")
        (self[name] / "web.key").write_text(leaf.key_pem, encoding="ascii")
        return self.servers.enter_context(by_itself(self[name], address))

    def part_with(self, *names: str) -> Dict[str, Any]:
        """The inventory with these hosts alone, as a slice of a job has it: the others are in no group either."""
        groups: Dict[str, Any] = {}
        for name in names:
            groups.setdefault(HOSTS[name][0], {"hosts": {}})["hosts"][name] = {}
        everything = self.inventory["all"]
        return {"all": dict(everything, hosts={name: everything["hosts"][name] for name in names}, children=groups)}
