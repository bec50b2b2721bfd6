# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cert_inspect reads from TLS servers."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect_endpoints import collect_endpoints
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL

ROOT = mint.authority(**REAL.days())
LEAF = mint.mint("localhost", dns=["localhost"], issuer=ROOT, **REAL.days())


def test_a_server_is_a_source_with_the_chain_that_it_presents(tls_server):
    port = tls_server(LEAF.pem + ROOT.pem, LEAF.key_pem)
    (source,) = collect_endpoints(parse_endpoints(["LOCALHOST:%d" % port]), 4, PATIENCE)
    assert (source.reachable, source.presented, source.error) == (True, True, None)
    assert source.host_port == HostPort("localhost", port)
    assert [certificate.common_name for certificate in source.certificates] == ["localhost", "Test Root CA"]


def test_an_endpoint_without_a_handshake_is_a_source_with_the_reason():
    (source,) = collect_endpoints(parse_endpoints(["127.0.0.1:1"]), 4, PATIENCE)
    assert (source.reachable, source.certificates, source.host_port) == (False, (), None)
    assert (source.error.code, source.error.severity, source.error.about) == ("CONNECT-REFUSED", ERROR, "127.0.0.1:1")
    assert source.error.cites == "RFC 9293 section 3.10.7.1 (reset)" and "127.0.0.1 port 1" in source.error.message


def test_sources_are_in_the_order_of_the_endpoints(tls_server):
    port = tls_server(LEAF.pem, LEAF.key_pem)
    sources = collect_endpoints(parse_endpoints(["127.0.0.1:1", "127.0.0.1:%d" % port]), 4, PATIENCE)
    assert [source.source for source in sources] == ["127.0.0.1:1", "127.0.0.1:%d" % port]


def test_plain_http_is_not_tls(plain_server):
    (source,) = collect_endpoints(parse_endpoints(["127.0.0.1:%d" % plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n")]), 4, PATIENCE)
    assert source.error.code == "NOT-TLS" and "HTTP" in source.error.advice
