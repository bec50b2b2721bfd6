# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the unit tests: run a module as its target runs it, and small TLS servers on loopback.

The tests are run by pytest (make unit) and by ansible-test, which has a configuration of its own. So what both need is here, and not in pyproject.toml.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.run import PATH, TREE, module_process, result_of, run_in_process

MARKERS = (
    "everything: not for every day; make test-all runs it",
    "reliability(*cases, playbooks, afterwards): what the test shows; tools/reliability_md.py makes docs/reliability.md of it",
    "fails(code): the test sees this rule report something",
    "passes(code): the test sees this rule stay silent",
)


#: text that Ansible must not evaluate is text; every test that reads the YAML of playbooks does so with this loader
yaml.SafeLoader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    os.environ["PYTHONPATH"] = PATH  # every program that a test starts finds the collection; ansible-test has it on no path
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(TREE)


@pytest.fixture
def run_module():
    """run_module(name, params, check=False): the module's result as a dict. The module runs in this process, which is quick."""
    return run_in_process


@pytest.fixture
def run_module_process():
    """The same in a process of its own, for what depends on one: a lock, a crash, the clock, an environment."""

    def run(name, params, check=False):
        process = module_process(name, params, check)
        return result_of(*process.communicate(process.ask))

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
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for connection in kept:
                connection.close()


@contextlib.contextmanager
def tls_servers(folder):
    """Yields start(chain_pem, key_pem, at=address and port, **context attributes) -> port of a real TLS server with that chain."""
    with contextlib.ExitStack() as stack:

        def start(chain, key, at=("127.0.0.1", 0), **attributes):
            path = folder / ("server-%d.pem" % len(list(folder.iterdir())))
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
def tls_server(tmp_path):
    """What ``tls_servers`` yields, for one test."""
    with tls_servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def shared_tls_server(tmp_path_factory):
    """The same, for the tests of one file."""
    with tls_servers(tmp_path_factory.mktemp("servers")) as start:
        yield start


@pytest.fixture
def plain_server():
    """plain_server(what to send) -> port of a server that sends it and keeps the connection."""
    with contextlib.ExitStack() as stack:
        yield lambda data: stack.enter_context(listening(lambda connection: connection.sendall(data)))
