# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the unit tests: run a module as its target runs it, and small TLS servers on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
from importlib.util import find_spec

import pytest

from ansible_collections.certmend.tls.tests.support.clock import PATIENCE

#: where the collection is imported from
TREE = pathlib.Path(find_spec("ansible_collections.certmend.tls").submodule_search_locations[0]).parents[2]
#: where modules import from: the collection, then what the tests were started with
PATH = os.pathsep.join([str(TREE), *filter(None, [os.environ.get("PYTHONPATH")])])
MODULE = "ansible_collections.certmend.tls.plugins.modules."
#: the modules' own timeouts, unless a test is about one: no test depends on the machine's speed
PATIENT = {
    "cert_inspect": {"timeout": PATIENCE},
    "cert_pin": {"timeout": PATIENCE},
    "lookup_ssl_trust": {"timeout": PATIENCE, "probe_timeout": PATIENCE},
    "ome_certificate_chain": {"timeout": PATIENCE, "wait_timeout": PATIENCE},
    "tls_handshake": {"timeout": PATIENCE},
}


def module_process(name, params, check=False, python=sys.executable):
    """A module in a process of its own, with its parameters on standard input, as ansible starts it."""
    arguments = dict(PATIENT.get(name, {}), **params, _ansible_check_mode=check, _ansible_diff=True, _ansible_remote_tmp="/tmp")
    process = subprocess.Popen(
        [python, "-W", "ignore", "-m", MODULE + name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=PATH, _ANSIBLE_MODULE_PROFILE="legacy"),
    )
    process.ask = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
    return process


@pytest.fixture
def run_module():
    """run_module(name, params, check=False): the module's result as a dict."""

    def run(name, params, check=False):
        process = module_process(name, params, check)
        out, err = process.communicate(process.ask)
        assert out.strip(), err
        return json.loads(out.strip().splitlines()[-1])

    return run


@contextlib.contextmanager
def listening(serve, at=("127.0.0.1", 0)):
    """A TCP server on loopback; ``serve(connection)`` handles each connection in a thread. Yields its port."""
    with socket.create_server(at) as server:
        kept = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _address = server.accept()
                    kept.append(connection)
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in kept:
            connection.close()


@pytest.fixture
def tls_server(tmp_path):
    """tls_server(chain_pem, key_pem, at=address and port, **context attributes) -> port of a real TLS server with that chain."""
    with contextlib.ExitStack() as stack:

        def start(chain, key, at=("127.0.0.1", 0), **attributes):
            path = tmp_path / ("server-%d.pem" % len(list(tmp_path.iterdir())))
            path.write_text(key + chain, encoding="ascii")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            for name, value in attributes.items():
                setattr(context, name, value)
            context.load_cert_chain(path)

            def serve(connection):
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)

            return stack.enter_context(listening(serve, at))

        yield start


@pytest.fixture
def plain_server():
    """plain_server(what to send) -> port of a server that sends it and keeps the connection."""
    with contextlib.ExitStack() as stack:
        yield lambda data: stack.enter_context(listening(lambda connection: connection.sendall(data)))
