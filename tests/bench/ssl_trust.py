# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lookup_ssl_trust on an estate of 15 vCenters, 70 registrations each, two endpoints in each registration."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import socket
import ssl
import threading
from pathlib import Path

SUPPORT = "ansible_collections.certmend.tls.tests.support."
VCENTERS = 15


def audit_and_update(bench, programs) -> None:
    """The audit, and the update of the tenth of the endpoints that is stale."""
    folder = bench.folder / "vcenters"
    folder.mkdir()
    mint, estate, server, sts = (importlib.import_module(SUPPORT + name) for name in ("mint", "vsphere.estate", "vsphere.server", "vsphere.sts"))
    days = importlib.import_module(SUPPORT + "clock").REAL.days()
    names = ["vc%02d.corp.example" % number for number in range(1, VCENTERS + 1)]
    old, new = ([mint.mint(name, dns=[name], **days) for name in names] for _time in range(2))
    files = [write(folder, name, one) for name, one in zip(names, new)]
    with contextlib.ExitStack() as stack:
        vcenter = stack.enter_context(server.VCenter(*files[0]))
        addresses = {name: "127.0.0.%d" % number for number, name in enumerate(names, 1)}
        for name, pair in list(zip(names, files))[1:]:
            stack.enter_context(presenting(addresses[name], vcenter.port, pair))
        registered = estate.large([(name, vcenter.port) for name in names], old, new)
        expected = [hashlib.sha256(one.der).hexdigest() for one in new]
        options = {"hostname": names[0], "port": vcenter.port, "server_fingerprint": expected[:1], "addresses": addresses}
        account = {"username": "administrator@vsphere.local", "password": sts.ACCOUNTS["administrator@vsphere.local"], "backup_dir": str(folder)}
        update = {"state": "updated", "hosts": names, "live": True, "live_port": vcenter.port, "expected_fingerprint": expected, **account}
        ours = bench.play(programs, [{"certmend.tls.lookup_ssl_trust": options}], 3, lambda: vcenter.register(registered))
        bench.row("lookup_ssl_trust, audit of %d endpoints" % (2 * len(registered)), "<= 5 s", "%.2f s" % ours, "-")
        ours = bench.play(programs, [{"certmend.tls.lookup_ssl_trust": {**options, **update}}], 3, lambda: vcenter.register(registered))
        stale = vcenter.lookup.counts["Set"] // 3 * 2
        bench.row("lookup_ssl_trust, update of %d stale endpoints" % stale, "<= 10 s", "%.2f s" % ours, "-")


def write(folder: Path, name: str, minted) -> tuple:
    """Certificate and key as files."""
    paths = folder / (name + ".pem"), folder / (name + ".key")
    paths[0].write_text(minted.pem, encoding="ascii")
    paths[1].write_text(minted.key_pem, encoding="ascii")
    return tuple(map(str, paths))


@contextlib.contextmanager
def presenting(address: str, port: int, pair: tuple):
    """A TLS server that presents a certificate and says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)

    def accept(listening) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = listening.accept()
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)

    with socket.create_server((address, port)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        yield
        listening.shutdown(socket.SHUT_RDWR)
