# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our figures beside those of the peers, in one run: make bench.

Each time is that of a whole ansible-playbook process with a local connection, the best of a few; nothing is asserted here. The peers come
with the ansible package (community.crypto) and with ansible-core (lineinfile).
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pins
import ssl_trust

ROOT = Path(__file__).resolve().parents[2]
OURS, PEERS = ROOT / ".venv" / "bin", ROOT / ".venv-bench" / "bin"
MODULES = "ansible_collections.certmend.tls.plugins.modules."
ENTRIES, WRITERS = 200, 50


class Bench:
    """A folder for the runs, and the rows of the table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list = []
        collections = folder / "collections" / "ansible_collections" / "certmend"
        collections.mkdir(parents=True)
        (collections / "tls").symlink_to(ROOT)

    def environment(self) -> dict:
        """For all the processes."""
        return dict(
            os.environ,
            PYTHONPATH=str(self.folder / "collections"),
            ANSIBLE_COLLECTIONS_PATH="%s:%s" % (self.folder / "collections", self.folder),
            ANSIBLE_HOME=str(self.folder / "home"),
            ANSIBLE_LOCALHOST_WARNING="0",
            ANSIBLE_INVENTORY_UNPARSED_WARNING="0",
        )

    def play(self, programs: Path, tasks: list, runs: int, before=lambda: None) -> float:
        """Seconds of a whole ansible-playbook process that runs these tasks, the best of so many runs."""
        path = self.folder / "play.json"
        path.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        times = []
        for _run in range(runs):
            before()
            started = time.monotonic()
            # the peers' collections lie beside their ansible: they must not be shadowed by a path of ours
            environment = self.environment()
            if programs == PEERS:
                del environment["PYTHONPATH"]
            done = subprocess.run([programs / "ansible-playbook", path], env=environment, capture_output=True, text=True, check=False)
            times.append(time.monotonic() - started)
            if done.returncode:
                sys.exit("bench: %s\n%s" % (done.stdout[-2000:], done.stderr[-2000:]))
        return min(times)

    def row(self, what: str, goal: str, ours: str, peer: str) -> None:
        """Show a line, and keep it."""
        self.rows.append((what, goal, ours, peer))
        print("%-62s goal %-8s ours %-14s peer %s" % (what, goal, ours, peer), flush=True)


def hosts_entry(bench: Bench) -> None:
    """200 entries in one task, beside a lineinfile loop."""
    path = bench.folder / "hosts"
    entries = [{"address": "10.1.0.%d" % number, "names": ["h%d.example" % number]} for number in range(1, ENTRIES + 1)]

    def fresh() -> None:
        path.write_text("127.0.0.1 localhost\n", encoding="ascii")

    ours = bench.play(OURS, [{"certmend.tls.hosts_entry": {"path": str(path), "entries": entries}}], 3, fresh)
    lines = ["%s %s" % (entry["address"], entry["names"][0]) for entry in entries]
    loop = {"ansible.builtin.lineinfile": {"path": str(path), "line": "{{ item }}"}, "loop": lines}
    peer = bench.play(OURS, [loop], 1, fresh)
    bench.row("hosts_entry, %d entries; a lineinfile loop" % ENTRIES, "<= 1.5 s", "%.2f s" % ours, "%.1f s" % peer)


def parallel_writers(bench: Bench) -> None:
    """50 processes that add a line each to one file at the same time; how many lines are lost."""

    def lost(module: str, arguments) -> int:
        path = bench.folder / "shared"
        path.write_text("127.0.0.1 localhost\n", encoding="ascii")
        processes = []
        for number in range(1, WRITERS + 1):
            process = subprocess.Popen(
                [OURS / "python", "-W", "ignore", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(bench.environment(), _ANSIBLE_MODULE_PROFILE="legacy"),
                text=True,
            )
            given = dict(arguments(number), path=str(path), _ansible_remote_tmp=str(bench.folder))
            processes.append((process, json.dumps({"ANSIBLE_MODULE_ARGS": given})))
        for process, text in processes:
            process.stdin.write(text)
            process.stdin.close()
        for process, _text in processes:
            process.wait()
        text = path.read_text(encoding="ascii").split()
        return sum("h%d.example" % number not in text for number in range(1, WRITERS + 1))

    def entry(number: int) -> dict:
        return {"address": "10.1.0.%d" % number, "names": ["h%d.example" % number], "backup": False}

    def line(number: int) -> dict:
        return {"line": "10.1.0.%d h%d.example" % (number, number)}

    ours = max(lost(MODULES + "hosts_entry", entry) for _run in range(3))
    peer = [lost("ansible.modules.lineinfile", line) for _run in range(3)]
    bench.row("%d parallel writers, entries lost; lineinfile (three runs)" % WRITERS, "0", str(ours), ", ".join(map(str, peer)))


def cert_issue(bench: Bench) -> None:
    """RSA-2048, key, request and CA-signed certificate in one task, beside community.crypto's three."""
    pki = bench.folder / "pki"
    pki.mkdir()
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=Bench CA"]
    subprocess.run([*command, "-keyout", pki / "ca.key", "-out", pki / "ca.pem"], check=True, stderr=subprocess.DEVNULL)
    key, csr, certificate = (str(pki / name) for name in ("tls.key", "tls.csr", "tls.pem"))

    def fresh() -> None:
        for path in (key, csr, certificate):
            Path(path).unlink(missing_ok=True)

    ca = {"signing_ca_path": str(pki / "ca.pem"), "signing_ca_private_key_path": str(pki / "ca.key")}
    files = {"private_key_path": key, "csr_path": csr, "certificate_path": certificate}
    ours = bench.play(OURS, [{"certmend.tls.cert_issue": {"provider": "own_ca", "fqdn": "depot.corp.example", **files, **ca}}], 5, fresh)
    names = {"common_name": "depot.corp.example", "subject_alt_name": ["DNS:depot.corp.example"]}
    three = [
        {"community.crypto.openssl_privatekey": {"path": key, "size": 2048}},
        {"community.crypto.openssl_csr": {"path": csr, "privatekey_path": key, **names}},
        {
            "community.crypto.x509_certificate": {
                "path": certificate,
                "csr_path": csr,
                "provider": "ownca",
                "ownca_path": str(pki / "ca.pem"),
                "ownca_privatekey_path": str(pki / "ca.key"),
            }
        },
    ]
    peer = bench.play(PEERS, three, 5, fresh)
    bench.row("cert_issue, RSA-2048 by a CA; community.crypto's three tasks", "<= 1.6 s", "%.2f s" % ours, "%.2f s" % peer)


def pools(bench: Bench) -> None:
    """One chain from folders of 500 and of 10,000 CAs, beside community.crypto."""
    for size, goal in ((500, "<= 1.0 s"), (10_000, "<= 2.5 s")):
        folder = bench.folder / ("pool-%d" % size)
        mint_pool(folder, size)
        where = {"path": str(folder / "leaf.pem"), "candidates": [str(folder / "cas")], "trusted_path": [str(folder / "root.pem")]}
        ours = bench.play(OURS, [{"certmend.tls.cert_chain_build": dict(where, dest=str(folder / "chain.pem"))}], 5)
        leaf = "{{ lookup('file', %r) }}" % where["path"]
        peer = {"input_chain": leaf, "root_certificates": where["trusted_path"], "intermediate_certificates": where["candidates"]}
        theirs = bench.play(PEERS, [{"community.crypto.certificate_complete_chain": peer}], 3)
        bench.row("cert_chain_build, a pool of %d CAs; community.crypto's" % size, goal, "%.2f s" % ours, "%.2f s" % theirs)
        seconds = subprocess.run([OURS / "python", __file__, "search", folder], env=bench.environment(), capture_output=True, text=True, check=True)
        bench.row("the search itself, after loading %d CAs" % size, "< 100 ms", "%.1f ms" % (1000 * float(seconds.stdout)), "-")


def mint_pool(folder: Path, size: int) -> None:
    """A leaf, two intermediates above it, and their root among so many other CAs, one file each."""
    mint = importlib.import_module("ansible_collections.certmend.tls.tests.support.mint")
    days = importlib.import_module("ansible_collections.certmend.tls.tests.support.clock").REAL.days()
    root = mint.authority("Bench Root", **days)
    one = mint.authority("Bench Intermediate 1", issuer=root, **days)
    two = mint.authority("Bench Intermediate 2", issuer=one, **days)
    key = mint.new_key()
    crowd = [mint.authority("Pool CA %d" % number, organization="Corp %d" % (number % 50), key=key, **days) for number in range(size - 2)]
    crowd[size // 3 : size // 3] = [two]
    crowd[size // 2 : size // 2] = [one]
    (folder / "cas").mkdir(parents=True)
    for number, each in enumerate(crowd):
        (folder / "cas" / ("%05d.pem" % number)).write_text(each.pem, encoding="ascii")
    leaf = mint.mint("www.corp.example", dns=["www.corp.example"], issuer=two, **days)
    (folder / "leaf.pem").write_text(leaf.pem, encoding="ascii")
    (folder / "root.pem").write_text(root.pem, encoding="ascii")


def search_alone(folder: str) -> None:
    """Print the seconds of a search in a pool that is loaded; run in a process of its own."""
    package = "ansible_collections.certmend.tls.plugins.module_utils.x509."
    names = ("path.pool_sources", "path.builder", "path.pool", "load.reader", "path.requirements")
    candidates, path, pool, reader, requirements = (importlib.import_module(package + name) for name in names)
    clock = importlib.import_module("ansible_collections.certmend.tls.tests.support.clock")
    loaded = pool.Pool()
    candidates.add_paths(loaded, [folder + "/cas"], "candidates")
    candidates.add_paths(loaded, [folder + "/root.pem"], "trusted_path", trusted=True)
    (leaf,) = reader.read_certificates(Path(folder, "leaf.pem").read_bytes()).certificates
    started = time.monotonic()
    found = path.find_path(leaf, loaded, requirements.Requirements(clock.now(), "server"))
    seconds = time.monotonic() - started
    if not found.path.anchor:
        sys.exit("no chain was found")
    print(seconds)


def version(programs: Path, what: str) -> str:
    """A package's release in an environment."""
    code = "import importlib.metadata as m; print(m.version(%r))" % what
    return subprocess.run([programs / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """All of them."""
    for name, programs in (("ours", OURS), ("peers", PEERS)):
        print("%s: ansible-core %s, cryptography %s" % (name, version(programs, "ansible-core"), version(programs, "cryptography")))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        sys.path.insert(0, str(bench.folder / "collections"))
        for measure in (pools, cert_issue, parallel_writers, hosts_entry):
            measure(bench)
        ssl_trust.audit_and_update(bench, OURS)
        pins.pinned_endpoints(bench, OURS)
    print("peak memory of a process: %d MiB" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))


if __name__ == "__main__":
    search_alone(sys.argv[2]) if sys.argv[1:2] == ["search"] else main()
