# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTPS server on loopback that keeps what is sent to it with PUT."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import pathlib
import ssl
import threading
from typing import Dict, Iterator, List, Optional

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL


@dataclasses.dataclass
class Store:
    """What was sent.

    :ivar files: by the path in the address.
    :ivar headers: of each request.
    :ivar refuses: the status with which everything is refused, unless it is None.
    """

    port: int = 0
    files: Dict[str, bytes] = dataclasses.field(default_factory=dict)
    headers: List[Dict[str, str]] = dataclasses.field(default_factory=list)
    refuses: Optional[int] = None

    @property
    def url(self) -> str:
        return "https://localhost:%d/records" % self.port


def handler(store: Store) -> type:
    class Keeper(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            store.headers.append(dict(self.headers.items()))
            if not store.refuses:
                store.files[self.path] = content
            self.send_response(store.refuses or 201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Nothing is written where the tests report."""

    return Keeper


@contextlib.contextmanager
def store_in(folder: pathlib.Path) -> Iterator[Store]:
    """A server whose certificate a CA has issued, in ``folder``/store-ca.pem."""
    folder.mkdir(parents=True, exist_ok=True)
    ca = mint.conforming("Store CA", ca=True, **REAL.days())
    leaf = mint.conforming("localhost", ca, dns=["localhost"], **REAL.days())
    (folder / "store-ca.pem").write_text(ca.pem, encoding="ascii")
    (folder / "store.pem").write_text(leaf.pem + leaf.key_pem, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "store.pem")
    store = Store()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(store)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        store.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield store
        finally:
            server.shutdown()
