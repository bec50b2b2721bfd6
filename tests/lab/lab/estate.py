# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The estate as data: what its hosts are, their certificates and the inventory."""

import ipaddress
import json
import os
import subprocess
from pathlib import Path

from lab import places

SSH = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
REUSE = "-o ControlMaster=auto -o ControlPersist=60s"


def load(folder=places.ESTATE):
    """The hosts of the estate by name; each also knows its name and its network's prefix length."""
    estate = json.loads((folder / "estate.json").read_text(encoding="utf-8"))
    prefix = ipaddress.ip_network(estate["network"]).prefixlen
    return {name: {"name": name, "prefix": prefix, **host} for name, host in estate["hosts"].items()}


def mint(hosts, state):
    """Mint the lab's CA and every host's certificates, once a run, into state/pki."""
    folder = state / "pki"
    if folder.is_dir():
        return
    wanted = {name: host.get("certificates", []) for name, host in hosts.items()}
    script = Path(__file__).with_name("mint.py").read_text(encoding="utf-8")
    command = ["chroot", os.environ["LAB_ROOT"], "/usr/bin/python3", "-I", "-c", script]
    answer = subprocess.run(command, input=json.dumps(wanted), stdout=subprocess.PIPE, text=True, check=True, env=places.ENVIRONMENT)
    minted = json.loads(answer.stdout)
    folder.mkdir()
    write(folder / "ca.pem", minted["ca"])
    write(folder / "ca.key", minted["ca_key"], 0o600)
    write(folder / "hosts.json", json.dumps(minted["hosts"]), 0o600)


def minted_files(host, state):
    """The certificates of one host as {path: text}; two parts with one path are one file, certificate first."""
    texts = json.loads((state / "pki" / "hosts.json").read_text(encoding="utf-8"))[host["name"]]
    files = {}
    for specification, minted in zip(host.get("certificates", []), texts):
        for part in ("certificate", "key"):
            files[specification[part]] = files.get(specification[part], "") + minted[part]
    return files


def make_ssh_keys(state):
    """One key for the person, one for all hosts; made for this run only."""
    for name in ("id", "host_key"):
        if not (state / "ssh" / name).exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(state / "ssh" / name)]
            subprocess.run(command, check=True)


def inventory(hosts, state):
    """The Ansible inventory; JSON, which every YAML reader reads."""
    groups = {}
    for name, host in hosts.items():
        variables = {"ansible_host": host["address"], "fqdn": host["fqdn"], **host.get("inventory", {"ansible_user": "root"})}
        groups.setdefault(host["group"], {"hosts": {}})["hosts"][name] = variables
    common = {
        "ansible_ssh_private_key_file": str(state / "ssh" / "id"),
        "ansible_ssh_args": f"{SSH} {REUSE}",
        "ansible_control_path_dir": str(state / "ssh"),
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    return json.dumps({"all": {"vars": common, "children": groups}}, indent=2) + "\n"


def write(path, text, mode=0o644):
    """Write a file of this mode, private from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as handle:
        handle.write(text)
    path.chmod(mode)
