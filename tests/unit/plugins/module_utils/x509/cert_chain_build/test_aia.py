# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetching issuers, from a real HTTP server that behaves as badly as servers can."""

from __future__ import annotations

import http.server
import ipaddress
import socket
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.aia import Fetcher, Limits
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, written
from ansible_collections.certmend.tls.tests.support.mint import NOW, authority, mint

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
GIGABYTE = 1 << 30


class Site(http.server.BaseHTTPRequestHandler):
    """Answers by path; ``pages`` maps a path to a body, a redirect (str) or a function of the handler."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path)
        if callable(page):
            page(self)
        elif isinstance(page, str):
            self.answer(302, b"", Location=page)
        else:
            self.answer(200 if page is not None else 404, page or b"")

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in dict({"Content-Length": str(len(body))}, **headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def site():
    """A server on loopback with ``url(path)``, ``pages`` and ``asked``."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.daemon_threads = True
        server.pages, server.asked = {}, []
        server.url = lambda path="": "http://127.0.0.1:%d%s" % (server.server_port, path)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def fetch(url, **limits):
    """What came, and what the log says of it."""
    fetcher = Fetcher(Limits(**dict(dict(networks=LOOPBACK, seconds=PATIENCE), **limits)))
    return fetcher.fetch(url), fetcher.log[-1]["error"]


def test_an_answer_is_taken(site):
    site.pages["/ca.crt"] = b"bytes"
    assert fetch(site.url("/ca.crt")) == (b"bytes", None)


def test_loopback_is_not_asked_unless_that_was_allowed(site):
    site.pages["/ca.crt"] = b"bytes"
    data, error = fetch(site.url("/ca.crt"), networks=())
    assert data is None and "127.0.0.1, which is not a public address" in error and site.asked == []


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "0.0.0.0", "2130706434"]
    + ["[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]", "[2002:a00:1::]", "[::a00:1]", "[::ffff:0:a00:1]", "[fec0::1]", "[2001::f5ff:fffe]", "[ff02::1]"]
    + ["224.0.0.1", "192.0.0.8", "100.64.0.1", "255.255.255.255"],
)
def test_no_private_address_is_asked(host):
    data, error = fetch("http://%s/ca.crt" % host, networks=())
    assert data is None and "not a public address" in error


def test_a_redirect_is_looked_at_again(site):
    site.pages.update({"/a": "http://127.0.0.2:%d/b" % site.server_port, "/b": b"inside"})
    data, error = fetch(site.url("/a"), networks=(ipaddress.ip_network("127.0.0.1/32"),))
    assert data is None and "127.0.0.2, which is not a public address" in error and site.asked == ["/a"]


def test_a_redirect_to_an_allowed_place_is_followed(site):
    site.pages.update({"/a": "/b", "/b": b"bytes"})
    assert fetch(site.url("/a")) == (b"bytes", None)


def test_redirects_in_a_circle_end(site):
    site.pages.update({"/a": "/b", "/b": "/a"})
    data, error = fetch(site.url("/a"))
    assert data is None and error == "more than 3 redirects" and len(site.asked) == 4


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "ldap://127.0.0.1/cn=x", "gopher://127.0.0.1/"])
def test_only_http_is_asked_after_a_redirect_too(site, place):
    site.pages["/a"] = place
    assert fetch(place)[1] == fetch(site.url("/a"))[1] == "only http and https are asked"


@pytest.mark.parametrize(
    "url, words",
    [
        ("http://user:secret@127.0.0.1/x", "credentials"),
        ("http:///x", "has no host"),
        ("http://127.0.0.1:99999/x", "Port"),
        ("http://127.0.0.1/a b", "blank"),
        ("http://127.0.0.1/\r\nX-Evil: 1", "control character"),
    ],
)
def test_an_address_that_is_no_plain_one_is_refused(url, words):
    data, error = fetch(url)
    assert data is None and words in error


def endless(handler):
    """Promises a gigabyte and sends it for as long as anybody reads."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(GIGABYTE))
    handler.end_headers()
    sent = 0
    try:
        while sent < GIGABYTE:
            handler.wfile.write(bytes(1 << 16))
            sent += 1 << 16
    except OSError:
        handler.server.sent = sent


def test_a_gigabyte_is_not_read(site):
    site.pages["/big"] = endless
    data, error = fetch(site.url("/big"))
    assert data is None and error == "the answer is larger than 65536 bytes"


def cut_short(handler):
    """Sends less than it announced, or chunks without the last one."""
    handler.send_response(200)
    name, value, body = handler.server.sent
    handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


@pytest.mark.parametrize("sent", [("Content-Length", "6", b"bytes"), ("Transfer-Encoding", "chunked", b"5\r\nbytes\r\n")])
def test_an_answer_that_was_cut_short_is_no_answer(sent, site):
    site.sent, site.pages["/ca.crt"] = sent, cut_short
    assert fetch(site.url("/ca.crt")) == (None, "the answer was cut short")


def test_a_name_is_resolved_once_and_the_checked_address_is_asked(site, monkeypatch):
    site.pages["/ca.crt"] = b"bytes"
    resolver, asked = socket.getaddrinfo, []

    def rebinding(host, *arguments, **more):
        if host == "rebind.example":
            asked.append(host)
            host = "127.0.0.%d" % len(asked)
        return resolver(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert fetch("http://rebind.example:%d/ca.crt" % site.server_port, networks=(ipaddress.ip_network("127.0.0.1/32"),)) == (b"bytes", None)
    assert asked == ["rebind.example"]


def test_a_task_asks_a_bounded_number_of_addresses(site):
    fetcher = Fetcher(Limits(networks=LOOPBACK, seconds=PATIENCE, addresses=2))
    for number in range(9):
        fetcher.fetch(site.url("/%d" % number))
    assert site.asked == ["/0", "/1"]
    assert [entry["error"] for entry in fetcher.log[2:]] == ["not asked: the certificates name more than 2 addresses"]


def test_all_the_addresses_of_a_task_have_one_deadline(site):
    site.stop, site.gone = threading.Event(), threading.Event()
    site.pages.update({"/1": trickle, "/2": trickle, "/3": b"bytes"})
    fetcher = Fetcher(Limits(networks=LOOPBACK, seconds=0.2, depth=1))
    assert [fetcher.fetch(site.url(path)) for path in ("/1", "/3")] == [None, None]
    assert [entry["error"] for entry in fetcher.log] == ["no complete answer within 0.2 s", "not asked: the addresses before it took 0.2 s"]
    assert "/3" not in site.asked


def trickle(handler):
    """Sends a header that never ends, one byte at a time."""
    try:
        while not handler.server.stop.wait(0.02):
            handler.wfile.write(b"X")
    except OSError:
        handler.server.gone.set()


def test_a_header_that_trickles_is_cut_off(site):
    site.stop, site.gone = threading.Event(), threading.Event()
    site.pages["/slow"] = trickle
    data, error = fetch(site.url("/slow"), seconds=0.3)
    assert data is None and error
    assert site.gone.wait(PATIENCE), "the connection is still open"


def test_an_address_is_asked_once(site):
    site.pages["/ca.crt"] = b"bytes"
    fetcher = Fetcher(Limits(networks=LOOPBACK, seconds=PATIENCE))
    assert fetcher.fetch(site.url("/ca.crt")) == b"bytes" and fetcher.fetch(site.url("/ca.crt")) is None
    assert site.asked == ["/ca.crt"]


def test_no_proxy_is_used(site, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site.pages["/ca.crt"] = b"bytes"
    assert fetch(site.url("/ca.crt")) == (b"bytes", None)


ROOT = authority("AIA Root")


def issued(site, subject, issuer, *paths, ca=True):
    """A certificate that says where its issuer can be had."""
    places = [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(site.url(one))) for one in paths]
    return mint(subject, dns=[] if ca else [subject], issuer=issuer, ca=ca, extensions=[(x509.AuthorityInformationAccess(places), False)])


def build(run_module, leaf, **aia):
    options = dict(allow_networks=["127.0.0.0/8"], timeout=PATIENCE, **aia)
    return run_module("cert_chain_build", dict(content=leaf.pem, trusted_content=ROOT.pem, at=written(NOW), aia=options))


def pkcs7(tmp_path, *minted):
    """A certs-only PKCS#7, as CAs serve it."""
    (tmp_path / "all.pem").write_text("".join(one.pem for one in minted), encoding="ascii")
    command = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", tmp_path / "all.pem", "-outform", "DER"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def test_two_levels_are_fetched_from_der_and_pem_and_what_came_is_told(run_module, site):
    one = issued(site, "One", ROOT, "/root.crt")
    two = issued(site, "Two", one, "/one.pem")
    leaf = issued(site, "www", two, "/two.crt", ca=False)
    site.pages.update({"/one.pem": one.pem.encode(), "/two.crt": two.der})
    result = build(run_module, leaf)
    assert result["complete"] and [each["common_name"] for each in result["chain"]] == ["www", "Two", "One"]
    assert [(each["url"], each["error"]) for each in result["fetched"]] == [(site.url("/two.crt"), None), (site.url("/one.pem"), None)]


def test_a_pkcs7_is_read(run_module, site, tmp_path):
    one = authority("One", issuer=ROOT)
    two = authority("Two", issuer=one)
    leaf = issued(site, "www", two, "/all.p7c", ca=False)
    site.pages["/all.p7c"] = pkcs7(tmp_path, one, two)
    assert [each["common_name"] for each in build(run_module, leaf)["chain"]] == ["www", "Two", "One"]


def test_a_second_address_is_asked_where_the_first_has_junk(run_module, site):
    one = authority("One", issuer=ROOT)
    leaf = issued(site, "www", one, "/junk", "/gone", "/one.crt", ca=False)
    site.pages.update({"/junk": b"<html>moved</html>", "/one.crt": one.der})
    result = build(run_module, leaf)
    assert result["complete"]
    assert [each["error"] for each in result["fetched"]] == ["the answer contains no certificate", "HTTP status 404", None]


def test_a_fetched_root_is_never_trusted(run_module, site):
    evil = authority("Evil Root")
    leaf = issued(site, "www", evil, "/evil.crt", ca=False)
    site.pages["/evil.crt"] = evil.der
    result = build(run_module, leaf)
    assert result["failed"] and not result["complete"] and "ends in CN=Evil Root" in result["msg"]


def test_a_fetched_leaf_or_stranger_is_not_used(run_module, site):
    one = authority("One", issuer=ROOT)
    twin = mint("One", issuer=ROOT, key=one.key)
    leaf = issued(site, "www", one, "/one.crt", ca=False)
    site.pages["/one.crt"] = twin.pem.encode() + authority("One", issuer=ROOT).pem.encode()
    result = build(run_module, leaf)
    assert sorted(each["reason"] for each in result["rejected"]) == [
        "is not a CA (basic constraints)",
        "signature verification failed for CN=www",
    ]


def test_issuers_that_name_each_other_end(run_module, site):
    first = issued(site, "A", mint("B", key=ROOT.key), "/b")
    second = issued(site, "B", first, "/a")
    loop = issued(site, "A", second, "/b")
    leaf = issued(site, "www", loop, "/a", ca=False)
    site.pages.update({"/a": loop.der, "/b": second.der})
    assert build(run_module, leaf)["failed"] and sorted(site.asked) == ["/a", "/b"]


def test_the_depth_is_bounded(run_module, site):
    above, pages = ROOT, {}
    for number in range(6):
        above = issued(site, "CA %d" % number, above, "/%d" % (number - 1))
        pages["/%d" % number] = above.der
    site.pages.update(pages)
    leaf = issued(site, "www", above, "/5", ca=False)
    assert build(run_module, leaf)["failed"] and len(site.asked) == 5
    assert build(run_module, leaf, maximum_depth=6)["complete"]


def test_nothing_is_fetched_unless_asked_for(run_module, site):
    one = authority("One", issuer=ROOT)
    leaf = issued(site, "www", one, "/one.crt", ca=False)
    site.pages["/one.crt"] = one.der
    result = run_module("cert_chain_build", dict(content=leaf.pem, trusted_content=ROOT.pem, at=written(NOW)))
    assert result["failed"] and site.asked == [] and "aia: {} fetches it" in result["msg"]
