# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_pin on 1,000 endpoints, and 20 writers at once."""

from __future__ import annotations

import contextlib
import importlib
import json
import selectors
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

SUPPORT = "ansible_collections.certmend.tls.tests.support."
MODULE = "ansible_collections.certmend.tls.plugins.modules.cert_pin"
ENDPOINTS, KEYS, WRITERS = 1000, 50, 20


def pinned_endpoints(bench, programs) -> None:
    """The first use of all of them, the check of all of them, and what is lost where many write."""
    folder = bench.folder / "pins"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        serving = stack.enter_context(servers(folder, bench.environment()))
        endpoints = [{"host": "h%d.corp.example" % number, "port": serving[number % KEYS], "address": "127.0.0.1"} for number in range(ENDPOINTS)]
        task = {"certmend.tls.cert_pin": {"pins_path": str(folder / "store"), "endpoints": endpoints, "timeout": 30}}
        first = {"certmend.tls.cert_pin": dict(task["certmend.tls.cert_pin"], state="pinned", create=True)}
        ours = bench.play(programs, [first], 3, lambda: (folder / "store").unlink(missing_ok=True))
        bench.row("cert_pin, first use of %d endpoints" % ENDPOINTS, "-", "%.2f s" % ours, "-")
        ours = bench.play(programs, [task], 3)
        bench.row("cert_pin, check of %d pinned endpoints" % ENDPOINTS, "<= 6 s", "%.2f s" % ours, "-")
        lost = max(lost_among_writers(bench, programs, endpoints[:WRITERS], folder / ("shared-%d" % run)) for run in range(3))
        bench.row("%d parallel writers to one pin store, endpoints lost" % WRITERS, "0", str(lost), "-")


def lost_among_writers(bench, programs, endpoints: list, path: Path) -> int:
    """One process for each endpoint, all at the same time."""
    processes = []
    for endpoint in endpoints:
        given = {"pins_path": str(path), "endpoints": [endpoint], "state": "pinned", "create": True, "backup": False, "_ansible_remote_tmp": str(bench.folder)}
        process = subprocess.Popen(
            [programs / "python", "-W", "ignore", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(bench.environment(), _ANSIBLE_MODULE_PROFILE="legacy"),
            text=True,
        )
        processes.append((process, json.dumps({"ANSIBLE_MODULE_ARGS": given})))
    for process, text in processes:
        process.stdin.write(text)
        process.stdin.close()
    for process, _text in processes:
        process.wait()
    text = path.read_text(encoding="ascii")
    return sum('"%s"' % endpoint["host"] not in text for endpoint in endpoints)


@contextlib.contextmanager
def servers(folder: Path, environment: dict):
    """TLS servers with a key each, in a process of their own; yields their ports."""
    process = subprocess.Popen([sys.executable, __file__, folder], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait()


def serve(folder: str) -> None:
    """Serve until the standard input ends."""
    mint = importlib.import_module(SUPPORT + "mint")
    days = importlib.import_module(SUPPORT + "clock").REAL.days()
    chosen, ports = selectors.DefaultSelector(), []
    for number in range(KEYS):
        minted = mint.mint("h%d.corp.example" % number, dns=["*.corp.example"], **days)
        path = Path(folder, "server-%d.pem" % number)
        path.write_text(minted.key_pem + minted.pem, encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        ports.append(listening.getsockname()[1])
        chosen.register(listening, selectors.EVENT_READ, context)
    print(json.dumps(ports), flush=True)
    threading.Thread(target=accept, args=(chosen,), daemon=True).start()
    sys.stdin.read()


def accept(chosen) -> None:
    """One handshake after another; whoever asks, asks many at once."""
    while True:
        for key, _events in chosen.select():
            connection, _peer = key.fileobj.accept()
            with contextlib.suppress(OSError), key.data.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)


if __name__ == "__main__":
    serve(sys.argv[1])
