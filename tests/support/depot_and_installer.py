# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A depot with a web server and an installer, as folders of this machine, and a run that changes both."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.hosts_here import Hosts, web_server

RESTORE = "certmend.tls.restore"
NAME = "depot.corp.example"


def step(role, **variables):
    """A task that includes a role."""
    return {"ansible.builtin.include_role": {"name": "certmend.tls." + role}, "vars": variables}


class Estate(Hosts):
    """A depot and an installer; ``run`` is the id of the run that has changed both."""

    def __init__(self, folder, old=None):
        super().__init__(folder, ["depot", "installer"])
        depot = self["depot"]
        self.old = old or mint.mint("10.77.0.10", **REAL.days())
        (depot / "web.pem").write_text(self.old.pem, encoding="ascii")
        (depot / "web.key").write_text(self.old.key_pem, encoding="ascii")
        shutil.copyfile(depot / "web.pem", depot / "loaded.pem")
        with open(depot / "loaded.pem", "a", encoding="ascii") as stream:
            stream.write(self.old.key_pem)
        (self["installer"] / "hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")

    def certificate(self, **more):
        """The task that replaces the depot's certificate."""
        depot = str(self["depot"])
        return step(
            "fqdn_certificate",
            fqdn_certificate_fqdn=NAME,
            fqdn_certificate_provider="self_signed",
            fqdn_certificate_path=depot + "/web.pem",
            fqdn_certificate_private_key_path=depot + "/web.key",
            fqdn_certificate_reuse_key=True,
            fqdn_certificate_drop_names=["10.77.0.10"],
            fqdn_certificate_server="nginx",
            fqdn_certificate_service="web",
            fqdn_certificate_check_command=["test", "!", "-e", depot + "/invalid"],
            fqdn_certificate_port=self.port,
            fqdn_certificate_prove_timeout=1,
            fqdn_certificate_prove_address="127.0.0.1",
            fqdn_certificate_prove_from=["installer"],
            **more,
        )

    def mapping(self, name=NAME):
        """The task that maps a name on the installer."""
        entries = [{"address": "10.77.0.10", "names": [name]}]
        return step("hosts_mapping", hosts_mapping_path=str(self["installer"] / "hosts"), hosts_mapping_entries=entries, hosts_mapping_check_resolution=False)

    def change(self):
        """Replace the depot's certificate, then map its name on the installer."""
        tasks = {"depot": self.certificate(), "installer": self.mapping()}
        done = self.playbook([{"hosts": host, "gather_facts": False, "tasks": [task]} for host, task in tasks.items()])
        assert done.returncode == 0, done.stdout
        (self.run,) = self.runs("depot")

    def restore(self, *arguments, run=None, **variables):
        return self.playbook(RESTORE, *arguments, restore_run=self.run if run is None else run, restore_become=False, **variables)

    def presented(self):
        """What a client receives from the depot."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port)) as connection, context.wrap_socket(connection) as secured:
            return fingerprint_of(secured.getpeercert(True))

    def is_served(self):
        """Whether the old certificate is."""
        return self.presented() == fingerprint_of(self.old.der)

    def is_restored(self):
        """Whether all files are as before, and the old certificate is served."""
        return self.is_served() and self.picture() == self.before


@contextlib.contextmanager
def estate_in(folder, old=None):
    """An estate before any change, whose web server runs."""
    estate = Estate(folder, old)
    with web_server(estate["depot"]) as estate.port:
        estate.before = estate.picture()
        try:
            yield estate
        finally:
            estate.kill()
