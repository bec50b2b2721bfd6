# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What kills.py kills: for each role a playbook of one host, its start state, and how to find out whether its change is complete."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import socket
import ssl
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.run import run_in_process

FQDN = "depot.corp.example"
COMPUTERS = ["SRV-FILE01", "SRV-FILE02"]
CERTIFICATE, KEY = "/etc/nginx/tls/depot.pem", "/etc/nginx/tls/depot.key"
JOURNALS = "/var/lib/certmend"
KEYSTORE = "/etc/vmware/vcf/commonsvcs/trusted_certificates.store"
#: a line for each file and link: path, mode, owner, group, ACL and extended attributes, and then the content
PICTURE = r"""
import hashlib, os, sys
for top in sys.argv[1:]:
    for folder, folders, files in os.walk(top) if os.path.isdir(top) else [(os.path.dirname(top), [], [os.path.basename(top)])]:
        for path in sorted(os.path.join(folder, name) for name in files + [name for name in folders if os.path.islink(os.path.join(folder, name))]):
            if os.path.islink(path):
                print("%s -> %s" % (path, os.readlink(path)))
            elif os.path.exists(path):
                status = os.stat(path)
                attributes = ["%s=%s" % (name, os.getxattr(path, name).hex()) for name in sorted(os.listxattr(path))]
                content = hashlib.sha256(open(path, "rb").read()).hexdigest()
                print("%s %o %d:%d %s %s" % (path, status.st_mode, status.st_uid, status.st_gid, ",".join(attributes), content))
"""
#: temporary files of a change, journals without a record, and private keys that are neither in use nor in a journal
LEFTOVERS = r"""
find /etc /usr/local /opt /tmp /root /home /var/lib -xdev -name '.certmend*' 2>/dev/null
for journal in /var/lib/certmend/journal/*/; do test ! -d "$journal" || test -e "$journal/journal.json" || echo "$journal has no record"; done
grep -rlE 'BEGIN ([A-Z]+ )?PRIVATE KEY' /etc/nginx /tmp /root /home 2>/dev/null | grep -vx '%s'
true
"""


class Case:
    """A role on a host. Files that are new at each run (certificates) are compared by their attributes only.

    :param folders: what a run may change; everything in them is restored before the next trial. ``files`` likewise.
    """

    name, host_name, become, local = "", "depot", False, False
    folders, files, new_each_time = (), (), ()

    def __init__(self, lab, folder):
        self.host, self.folder = lab[self.host_name], folder
        self.ca = (lab.state / "pki" / "ca.pem").read_text(encoding="ascii")
        self.ca_key = (lab.state / "pki" / "ca.key").read_text(encoding="ascii")
        self.prepare()
        if not self.local:
            self.host.run("sh", "-c", "tar --xattrs --acls -C / -cpf /run/start.tar %s" % " ".join(path[1:] for path in (*self.folders, *self.files)))
        self.start = self.picture()
        self.reference = []

    def prepare(self):
        """Bring the host into the state from which each run starts."""

    def variables(self):
        """The variables of the role."""
        raise NotImplementedError

    def unserved(self):
        """Why clients do not see the change, although its files are complete; empty: they do."""
        return []

    def play(self):
        """The playbook."""
        role = {"role": "certmend.tls." + self.name, "vars": self.variables()}
        return json.dumps([{"hosts": self.host_name, "gather_facts": False, "become": self.become, "roles": [role]}])

    def picture(self):
        """Everything that a run may change, the journals aside."""
        return self.host.run("python3", "-c", PICTURE, *self.folders, *self.files).stdout.splitlines()

    def restore(self):
        """The start state again."""
        script = "rm -rf %s; find %s -mindepth 1 -delete 2>/dev/null; tar --overwrite --xattrs --acls -C / -xpf /run/start.tar"
        self.host.run("sh", "-c", script % (JOURNALS, " ".join(self.folders) or "/nowhere"))
        self.reload()

    def reload(self):
        """Have the service read the start state."""

    def journals(self):
        """The states of all journals."""
        script = "cat %s/journal/*/journal.json 2>/dev/null; true" % JOURNALS
        return re.findall(r'"state": "(\w+)"', self.host.run("sh", "-c", script).stdout)

    def comparable(self, picture):
        """A picture without what differs between two undisturbed runs."""
        return [line.rpartition(" ")[0] if line.startswith(self.new_each_time or "//") else line for line in picture]

    def incomplete(self):
        """Why the change is not complete, proved and cleaned up; empty: it is."""
        now, wanted = set(self.comparable(self.picture())), set(self.comparable(self.reference))
        problems = ["differs: %s" % line for line in sorted(now ^ wanted)] + self.unserved() + self.leftovers()
        return problems + ["journal: %s" % state for state in self.journals() if state != "proved"]

    def not_as_before(self):
        """Why the host is not as it was before the first run; empty: it is."""
        problems = ["differs: %s" % line for line in sorted(set(self.picture()) ^ set(self.start))]
        return problems + self.leftovers() + ["journal: %s" % state for state in self.journals()]

    def leftovers(self):
        """What a run must not leave."""
        return self.host.run("sh", "-c", LEFTOVERS % KEY).stdout.splitlines()


class HostsMapping(Case):
    """A name in /etc/hosts."""

    name, files = "hosts_mapping", ("/etc/hosts",)

    def variables(self):
        return {"hosts_mapping_entries": [{"address": "10.77.0.12", "names": ["web.corp.example"]}]}


class WebServer(Case):
    """Files that nginx serves."""

    folders = ("/etc/nginx/tls",)

    def reload(self):
        self.host.run("service", "nginx", "reload")
        self.wait_until_served()

    def in_file(self):
        return [ssl.PEM_cert_to_DER_cert(pem) for pem in re.findall("-----BEGIN CERTIFICATE.*?END CERTIFICATE-----\n", self.host.read(CERTIFICATE), re.DOTALL)]

    def wait_until_served(self):
        """After a graceful reload an old worker may still answer."""
        deadline = time.monotonic() + 120
        while self.presented() != self.in_file():
            if time.monotonic() > deadline:
                raise RuntimeError("nginx does not serve its start state")

    def presented(self):
        """The certificates as they are sent, to a client that verifies nothing."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.host.address, 443), 30) as plain, context.wrap_socket(plain, server_hostname=FQDN) as tls:
            return [certificate.public_bytes(ssl._ssl.ENCODING_DER) for certificate in tls._sslobj.get_unverified_chain()]

    def verified_by(self, anchors):
        """Why a client with these CA certificates refuses the server."""
        try:
            with socket.create_connection((self.host.address, 443), 30) as plain:
                ssl.create_default_context(cadata=anchors).wrap_socket(plain, server_hostname=FQDN).close()
        except ssl.SSLError as error:
            return ["a client refuses the server: %s" % error]
        return [] if self.presented() == self.in_file() else ["other certificates are served than the file has"]


class FqdnCertificate(WebServer):
    """A certificate with the depot's name, signed by the lab's CA."""

    name, new_each_time = "fqdn_certificate", (CERTIFICATE, KEY)

    def variables(self):
        signed = {"fqdn_certificate_signing_ca_content": self.ca, "fqdn_certificate_signing_ca_private_key_content": self.ca_key}
        paths = {"fqdn_certificate_reuse_key": False, "fqdn_certificate_path": CERTIFICATE, "fqdn_certificate_private_key_path": KEY}
        return dict(signed, **paths, fqdn_certificate_provider="own_ca", fqdn_certificate_fqdn=FQDN, fqdn_certificate_prove_from=["localhost"])

    def unserved(self):
        return self.verified_by(self.ca)


class ServerChain(WebServer):
    """Two intermediate certificates that are missing in the served file."""

    name = "server_chain"

    def prepare(self):
        self.pki = Pki(self.folder)
        leaf = self.pki.leaf(FQDN)
        self.host.write(KEY, leaf.key_pem)
        self.host.write(CERTIFICATE, leaf.pem)
        self.reload()

    def variables(self):
        chain = {"server_chain_candidates_content": self.pki.pool.read_text(encoding="ascii"), "server_chain_trusted_content": self.pki.root.pem}
        return dict(chain, server_chain_name=FQDN, server_chain_path=CERTIFICATE, server_chain_prove_from=["localhost"])

    def unserved(self):
        return self.verified_by(self.pki.root.pem)


class TrustAnchor(Case):
    """A CA in the installer's Java keystore and in its system store; the service that reads them is restarted."""

    name, host_name, become = "trust_anchor", "installer", True
    folders, files = ("/usr/local/share/ca-certificates", "/etc/ssl/certs"), (KEYSTORE,)
    new_each_time = (KEYSTORE, "/etc/ssl/certs/java/cacerts")
    anchor = mint.authority("Killed Root CA")

    def variables(self):
        keystore = {"path": KEYSTORE, "password_file": KEYSTORE.replace(".store", ".key")}
        stores = [{"store": "auto"}, {"store": "java", "keystore": keystore}]
        return {"trust_anchor_content": self.anchor.pem, "trust_anchor_stores": stores, "trust_anchor_restart": ["lcm"]}

    def unserved(self):
        """The anchor is in the keystore, and the service was started after the keystore was written."""
        script = "keytool -list -keystore %s -storepass:file %s; stat -c %%Y %s; stat -c %%Y /proc/$(pgrep -f vcf-installer-api | head -1)"
        lines = self.host.run("sh", "-c", script % (KEYSTORE, KEYSTORE.replace(".store", ".key"), KEYSTORE)).stdout.splitlines()
        digest = hashlib.sha256(self.anchor.der).hexdigest().upper()
        fingerprint = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
        problems = [] if any(fingerprint in line for line in lines) else ["the anchor is not in the keystore"]
        return problems if int(lines[-1]) >= int(lines[-2]) else [*problems, "the service reads its keystore only when it starts, and was not restarted"]


class Pins(Case):
    """An approved change of the depot's key, recorded in a pin store on the controller, with worklists."""

    name, local = "pins", True

    def prepare(self):
        self.store = self.folder / "store" / "pins"
        self.store.parent.mkdir()
        self.old = self.serve_new_key()
        endpoints = [{"host": FQDN, "port": 443, "address": self.host.address, "computers": COMPUTERS}]
        options = {"pins_path": str(self.store), "endpoints": endpoints, "audit_log": "%s.log" % self.store}
        result = run_in_process("cert_pin", dict(options, state="pinned", first_use="pin", create=True))
        if not result["changed"]:
            raise RuntimeError("the first pin was not stored: %s" % result["msg"])
        self.new = self.serve_new_key()
        shutil.copytree(self.store.parent, self.folder / "start")

    def serve_new_key(self):
        """Have nginx serve a certificate with a new key; the key's pin."""
        minted = mint.mint(FQDN, dns=[FQDN], key=mint.new_key(), **REAL.days())
        self.host.write(KEY, minted.key_pem)
        self.host.write(CERTIFICATE, minted.pem)
        WebServer.reload(self)
        spki = minted.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")

    in_file, wait_until_served, presented = WebServer.in_file, WebServer.wait_until_served, WebServer.presented

    def play(self):
        return json.dumps([dict(play, connection="local") for play in json.loads(super().play())])

    def variables(self):
        approval = {"host": FQDN, "ticket": "CHG-1", "old_pin": self.old, "new_pin": self.new, "expires": "2099-12-31T00:00:00Z"}
        return {"pins_path": str(self.store), "pins_computers": COMPUTERS, "pins_approvals": [approval]}

    def picture(self):
        """The pins, the events of the audit log, and the worklists; backups aside."""
        lines = [json.loads(line) for line in self.store.read_text(encoding="ascii").splitlines()[1:]]
        pins = ["pinned: %s" % pin["pin"] for line in lines for pin in line.get("pins", [])]
        log = Path("%s.log" % self.store).read_text(encoding="ascii").splitlines()
        return pins + sorted({"logged: %s" % json.loads(line)["event"] for line in log}) + sorted(path.name for path in self.store.parent.glob("repin-*"))

    def restore(self):
        shutil.rmtree(self.store.parent)
        shutil.copytree(self.folder / "start", self.store.parent)

    def journals(self):
        return []

    def leftovers(self):
        return [str(path) for path in self.store.parent.glob(".certmend-*")]


class SslTrust(Case):
    """Stale trust anchors in the vCenter's registrations, replaced over the network."""

    name, host_name, local = "ssl_trust", "vcenter", True
    names = ("vcenter.corp.example", "vc2.corp.example", "srm.corp.example", "nsx.corp.example")

    def prepare(self):
        self.new, self.anchors, self.backups = (self.folder / name for name in ("new.pem", "ca.pem", "backups"))
        self.new.write_text(self.host.read("/etc/vmware-lab/machine.pem"), encoding="ascii")
        self.anchors.write_text(self.ca, encoding="ascii")
        self.addresses = dict.fromkeys(self.names, self.host.address)

    def variables(self):
        old = hashlib.sha1(ssl.PEM_cert_to_DER_cert(self.host.read("/etc/vmware-lab/old.pem"))).hexdigest()
        account = {"ssl_trust_username": "administrator@vsphere.local", "ssl_trust_password": "Secret-Pw1!<&>", "ssl_trust_snapshot_taken": True}
        where = {"ssl_trust_trusted_path": str(self.anchors), "ssl_trust_addresses": self.addresses, "ssl_trust_backup_dir": str(self.backups)}
        return dict(account, **where, ssl_trust_old_fingerprint=old, ssl_trust_new_certificate=str(self.new))

    def picture(self):
        """The audit of each endpoint."""
        audit = run_in_process("lookup_ssl_trust", {"hostname": self.names[0], "trusted_path": str(self.anchors), "addresses": self.addresses})
        return sorted("%(service_id)s %(url)s %(status)s" % endpoint for endpoint in audit["endpoints"])

    def restore(self):
        self.host.reset()
        shutil.rmtree(self.backups, ignore_errors=True)

    def journals(self):
        return []

    def leftovers(self):
        return [str(path) for path in self.folder.rglob(".certmend-*")]


class OmeChain(Case):
    """A chain of the operator's own CA on an OME appliance: request, signature and upload, over the network."""

    name, host_name, local = "ome_chain", "ome-source", True
    fqdn = "ome-source.corp.example"

    def prepare(self):
        self.pki, self.work = Pki(self.folder), self.folder / "ome"
        (self.folder / "issuer.pem").write_text(self.pki.two.pem + self.pki.one.pem, encoding="ascii")
        (self.folder / "issuer.key").write_text(self.pki.two.key_pem, encoding="ascii")
        (self.folder / "root.pem").write_text(self.pki.root.pem, encoding="ascii")
        self.work.mkdir()

    def play(self):
        return json.dumps([dict(play, connection="local") for play in json.loads(super().play())])

    def variables(self):
        issuer = {"ome_chain_signing_ca_path": str(self.folder / "issuer.pem"), "ome_chain_signing_ca_private_key_path": str(self.folder / "issuer.key")}
        account = {"ome_chain_username": "admin", "ome_chain_password": "Lab-Ome-Pw7", "ome_chain_snapshot_taken": True}
        # each reset gives the appliance another self-signed certificate, so no fingerprint is known
        where = {"ome_chain_address": self.host.address, "ome_chain_validate_certs": False, "ome_chain_folder": str(self.work)}
        return dict(issuer, **account, **where, ome_chain_trusted_path=[str(self.folder / "root.pem")], ome_chain_wait_timeout=60)

    def picture(self):
        """What is served, and which files the operator has; backups aside."""
        ends = ["served: %s" % name for certificate in self.presented() for name in (certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string())]
        return ends + sorted(path.name for path in self.work.iterdir() if not path.name.startswith("."))

    def presented(self):
        """The certificates as they are sent, to a client that verifies nothing."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.host.address, 443), 30) as plain, context.wrap_socket(plain, server_hostname=self.fqdn) as tls:
            chain = tls._sslobj.get_unverified_chain()
            return [x509.load_der_x509_certificate(certificate.public_bytes(ssl._ssl.ENCODING_DER)) for certificate in chain]

    def unserved(self):
        """A client that has the root alone refuses the appliance."""
        try:
            with socket.create_connection((self.host.address, 443), 30) as plain:
                ssl.create_default_context(cadata=self.pki.root.pem).wrap_socket(plain, server_hostname=self.fqdn).close()
        except ssl.SSLError as error:
            return ["a client refuses the appliance: %s" % error]
        return []

    def restore(self):
        self.host.reset()
        shutil.rmtree(self.work)
        self.work.mkdir()

    def journals(self):
        return []

    def leftovers(self):
        return [str(path) for path in self.work.glob(".certmend-*")]


CASES = {case.name: case for case in (HostsMapping, FqdnCertificate, ServerChain, TrustAnchor, Pins, SslTrust, OmeChain)}
