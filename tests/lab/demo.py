# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job, from end to end, before your eyes: make demo.

A depot whose certificate says CN = IP address becomes one that the VCF installer accepts, on real sshd, nginx, Java keystores and TLS.
Runs inside the lab (labctl enter); ends with 0 where everything went as it says.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from lab import Lab  # noqa: E402 - the line above makes it importable

FQDN = "depot.corp.example"
HANDSHAKE = """
- name: The depot, as the installer's Java sees it
  hosts: installers
  become: true
  gather_facts: false
  tasks:
    - name: Handshake by the FQDN, with the anchors of the installer's keystore
      certmend.tls.tls_handshake:
        host: depot.corp.example
        address: "{{ address | default(omit) }}"
        java_keystore:
          path: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
          password_file: /etc/vmware/vcf/commonsvcs/trusted_certificates.key
        expect: any
      register: seen
    - name: Tell
      ansible.builtin.debug:
        msg: "{{ 'VERIFIED, ' ~ seen.protocol ~ ', at ' ~ seen.address if seen.verified else 'REFUSED, ' ~ seen.error.code ~ ': ' ~ seen.error.message }}"
"""


class Demo:
    """The steps, and what they share."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        collections = folder / "collections" / "ansible_collections" / "certmend"
        collections.mkdir(parents=True)
        (collections / "tls").symlink_to(HERE.parent.parent)
        (folder / "handshake.yml").write_text(HANDSHAKE, encoding="utf-8")
        self.environment = dict(
            os.environ,
            ANSIBLE_COLLECTIONS_PATH=str(folder / "collections"),
            ANSIBLE_HOME=str(folder / "ansible"),
            ANSIBLE_DISPLAY_SKIPPED_HOSTS="false",
            ANSIBLE_CALLBACK_RESULT_FORMAT="yaml",
            ANSIBLE_FORCE_COLOR="true" if sys.stdout.isatty() else "false",
        )

    def play(self, playbook: str, *arguments: str, fails: bool = False) -> str:
        """Run a playbook on the estate and show it; what it printed.

        :param fails: whether the run must fail; otherwise it must not.
        """
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(self.lab.inventory), playbook, *arguments]
        print("$ %s\n" % " ".join(["ansible-playbook", "-i", "inventory", Path(playbook).name, *arguments]), flush=True)
        lines, shown = [], Shown()
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for line in process.stdout or ():
                lines.append(line)
                shown.take(line)
        print()
        if bool(process.returncode) != fails:
            sys.exit("demo: that should have %s, but it ended with %d" % ("failed" if fails else "ended with 0", process.returncode))
        return re.sub(r"\x1b\[[0-9;]*m", "", "".join(lines))

    def offline_depot(self, *more: str, fails: bool = False) -> str:
        """The playbook that repairs it."""
        pki = self.lab.state / "pki"
        given = ["offline_depot_fqdn=" + FQDN, "offline_depot_signing_ca_path=%s/ca.pem" % pki]
        given += ["offline_depot_signing_ca_private_key_path=%s/ca.key" % pki]
        return self.play("certmend.tls.offline_depot", *(word for one in given for word in ("-e", one)), *more, fails=fails)

    def handshake(self, *more: str) -> str:
        """The proof."""
        return self.play(str(self.folder / "handshake.yml"), *more)


class Shown:
    """Prints the lines of a run; a task of which there is nothing to see, because it merely went well, is left out."""

    MERELY_OK = re.compile(r"(\x1b\[[0-9;]*m)*(ok: \[[^]]*\]( => \(item=.*\) ?)?|included: .*)(\x1b\[[0-9;]*m)*$")

    def __init__(self) -> None:
        self.task = ""

    def take(self, line: str) -> None:
        """The next line."""
        if line.startswith("TASK ["):
            self.task = line
        elif line.strip() and not self.MERELY_OK.match(line.rstrip()):
            print("".join("    " + one for one in (self.task, line) if one), end="", flush=True)
            self.task = ""


def chapter(title: str, text: str) -> None:
    """A heading and what there is to see."""
    print("\n== %s\n%s\n" % (title, textwrap.fill(text, 110)), flush=True)


def expect(holds: bool, what: str) -> None:
    """The demo proves what it says, or ends."""
    if not holds:
        sys.exit("demo: expected that " + what)


def main() -> None:
    """All the steps."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab.current()
        chapter("The estate", "A depot (nginx) and a VCF installer (user vcf, root by su, Java) start as small machines of their own.")
        lab.up()
        demo = Demo(lab, Path(folder))

        chapter("1. Before", "The installer refuses the depot. The audit says which rules are broken, by which article, and what repairs them.")
        seen = demo.handshake("-e", "address=%s" % lab["depot"].address)
        expect("REFUSED" in seen, "the handshake is refused before")
        audit = ["-e", "audit_hosts=depots", "-e", "audit_profiles=vcf_installer", "-e", "audit_fqdn=" + FQDN]
        report = demo.play("certmend.tls.audit", *audit)
        expect("NAME-CN-IS-IP" in report and "KB 429301" in report, "the audit finds CN = IP address and cites KB 429301")

        before = files(lab)
        chapter("2. A change that is refused", "The installer cannot be reached, so nobody could verify the depot. The run stops before its first change.")
        lab["installer"].stop()
        refused = demo.offline_depot(fails=True)
        lab["installer"].start()
        expect("installer cannot be reached" in refused and "Nothing was changed on any host" in refused, "the preflight says which host it cannot reach")
        expect(files(lab) == before, "nothing was changed")

        chapter("3. A change that is rolled back", "The very last step fails: the installer refuses the password of the depot. Both hosts are as before.")
        rolled_back = demo.offline_depot(*api(demo, password="a wrong one"), fails=True)
        expect("depot: rolled back /etc/nginx/tls/depot.pem" in rolled_back, "the depot says what was rolled back")
        expect(files(lab) == before, "every file on both hosts is as before")

        chapter("4. What a run would change", "Check mode, with the diff. Nothing is touched.")
        predicted = demo.offline_depot("--check", "--diff")

        chapter("5. The change", "The same diff, applied, proved from the installer's side, and rolled back automatically if the proof fails.")
        made = demo.offline_depot("--diff")
        expect(diffs(predicted) == diffs(made) != [], "the diffs of check mode and run are the same")
        expect("VERIFIED depot.corp.example:443 from installer" in made, "the last lines say who verified the depot")

        chapter("6. After", "The installer reaches the depot by its FQDN and verifies it with its own keystore.")
        expect("VERIFIED" in demo.handshake(), "the handshake is verified after")

        chapter("7. Once more", "A second run changes nothing on any host.")
        recap = re.findall(r"^(\w+) +: ok=\d+ +changed=(\d+)", demo.offline_depot("--diff"), re.MULTILINE)
        expect(bool(recap) and all(count == "0" for _host, count in recap), "a second run reports changed=0 on every host")

        chapter("8. Another appliance", "A vCenter's certificate was replaced; its Lookup Service still hands out the old one (KB 322835).")
        lookup_service(demo)

        chapter("9. A migration", "Two OpenManage Enterprise appliances with self-signed certificates get chains of one CA (Dell's article).")
        migration(demo)
    print("Done in %.0f s: refused, explained, rolled back, repaired, verified, and changed=0 on every host." % (time.monotonic() - started))


def files(lab: Lab) -> list:
    """The files that the run may change, with mode, owner and content; and the anchors in Java's own keystore.

    Debian's update-ca-certificates writes that keystore anew each time: the same anchors, with another salt.
    """
    script = "find %s -xdev -type f ! -path '*/java/cacerts' -printf '%%p %%m %%u %%g ' -exec sha256sum {} ';' | sort"
    anchors = "keytool -list -keystore /etc/ssl/certs/java/cacerts -storepass changeit 2>/dev/null | grep -o 'SHA-256.*' | sort"
    watched = {"depot": "/etc/nginx", "installer": "/etc/hosts /etc/vmware /usr/local/share/ca-certificates /etc/ssl/certs"}
    kept = [lab[host].run("sh", "-c", script % folders).stdout for host, folders in watched.items()]
    held = lab["installer"].run("sh", "-c", anchors).stdout
    assert held, "keytool lists no anchors"
    return [*kept, held]


def api(demo: Demo, password: str) -> list:
    """The variables that have the installer's API take the depot, in a file, so that no password is on a command line."""
    given = {
        "offline_depot_configure_installer": True,
        "offline_depot_username": "depot",
        "offline_depot_password": password,
        "offline_depot_installer_password": "AdminPw1!Admin",
    }
    (demo.folder / "api.yml").write_text(json.dumps(given), encoding="utf-8")
    return ["-e", "@%s" % (demo.folder / "api.yml")]


def lookup_service(demo: Demo) -> None:
    """Stale anchors: reported, replaced after a backup, and reported again."""
    vcenter = demo.lab["vcenter"]
    old = hashlib.sha1(ssl.PEM_cert_to_DER_cert(vcenter.read("/etc/vmware-lab/old.pem"))).hexdigest()
    new = demo.folder / "new_machine.crt"
    new.write_text(vcenter.read("/etc/vmware-lab/machine.pem"), encoding="ascii")
    (demo.folder / "vcenter.yml").write_text(
        json.dumps(
            {
                "ssl_trust_trusted_path": "%s/pki/ca.pem" % demo.lab.state,
                "ssl_trust_addresses": dict.fromkeys(["vcenter.corp.example", "vc2.corp.example", "srm.corp.example", "nsx.corp.example"], vcenter.address),
                "ssl_trust_username": "administrator@vsphere.local",
                "ssl_trust_password": "Secret-Pw1!<&>",
                "ssl_trust_backup_dir": str(demo.folder / "backups"),
                "ssl_trust_snapshot_taken": True,
            }
        ),
        encoding="utf-8",
    )
    known = ["-e", "@%s" % (demo.folder / "vcenter.yml")]
    update = ["-e", "ssl_trust_old_fingerprint=" + old, "-e", "ssl_trust_new_certificate=%s" % new]
    expect("5 stale" in demo.play("certmend.tls.ssl_trust", *known), "the audit finds five stale endpoints")
    predicted = demo.play("certmend.tls.ssl_trust", *known, *update, "--check", "--diff")
    made = demo.play("certmend.tls.ssl_trust", *known, *update, "--diff")
    expect(diffs(predicted) == diffs(made) != [], "the diffs of check mode and run are the same")
    recap = re.findall(r"changed=(\d+)", demo.play("certmend.tls.ssl_trust", *known, *update))
    expect(set(recap) == {"0"}, "a second run changes nothing")


def migration(demo: Demo) -> None:
    """Requests, a CA's signature, chains examined and uploaded, and mutual TLS in both directions."""
    served = [ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((demo.lab[name].address, 443))) for name in ("ome-source", "ome-target")]
    (demo.folder / "ome").mkdir()
    (demo.folder / "migration.yml").write_text(
        json.dumps(
            {
                "ome_chain_folder": str(demo.folder / "ome"),
                "ome_chain_trusted_path": ["%s/pki/ca.pem" % demo.lab.state],
                "ome_chain_signing_ca_path": "%s/pki/ca.pem" % demo.lab.state,
                "ome_chain_signing_ca_private_key_path": "%s/pki/ca.key" % demo.lab.state,
                "ome_chain_username": "admin",
                "ome_chain_password": "Lab-Ome-Pw7",
                "ome_chain_server_fingerprint": [hashlib.sha256(der).hexdigest() for der in served],
                "ome_chain_snapshot_taken": True,
            }
        ),
        encoding="utf-8",
    )
    known = ["-e", "@%s" % (demo.folder / "migration.yml")]
    predicted = demo.play("certmend.tls.ome_migration", *known, "--check", "--diff")
    made = demo.play("certmend.tls.ome_migration", *known, "--diff")
    expect(sorted(diffs(predicted)) == sorted(diffs(made)) != [], "the diffs of check mode and run are the same")
    again = demo.play("certmend.tls.ome_migration", *known)
    verified = [name for name in ("ome-source", "ome-target") if "%s: its web server was verified" % name in again]
    expect(len(verified) == 2 and "both authenticated each other" in again, "each appliance authenticates the other")
    expect(set(re.findall(r"changed=(\d+)", again)) == {"0"}, "a second run changes nothing")


def diffs(output: str) -> list:
    """The lines of all the diffs."""
    return [line for line in output.splitlines() if line.startswith(("+", "-", "@"))]


if __name__ == "__main__":
    main()
