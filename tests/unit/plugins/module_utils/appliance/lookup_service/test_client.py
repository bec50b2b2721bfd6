# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client beside somebody else's Lookup Service and STS: those of govmomi's vCenter simulator, built from Debian's package.

Optional: it needs golang-go and golang-github-vmware-govmomi-dev.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.sts import sign_in
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session, trust_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL, now

SOURCES = pathlib.Path("/usr/share/gocode/src/github.com/vmware/govmomi")
PROGRAM = pathlib.Path(mint.__file__).parent / "vcsim" / "main.go"
pytestmark = pytest.mark.skipif(
    not (shutil.which("go") and SOURCES.is_dir()), reason="the vCenter simulator needs golang-go and golang-github-vmware-govmomi-dev"
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Its port, and the file of the certificate that it presents."""
    folder = tmp_path_factory.mktemp("vcsim")
    certificate = mint.mint("localhost", dns=["localhost"], **REAL.days())
    for name, text in (("cert.pem", certificate.pem), ("key.pem", certificate.key_pem)):
        (folder / name).write_text(text, encoding="ascii")
    built = folder / "vcsim"
    known = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOCACHE=str(folder / "cache"))
    subprocess.run(["go", "build", "-o", built, PROGRAM], check=True, env=known)
    arguments = [built, folder / "cert.pem", folder / "key.pem"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline()), str(folder / "cert.pem")
        process.stdin.close()


def connected(simulator):
    port, ca_path = simulator
    return LookupService(Session("localhost", port, trust_of(ca_path, (), True), PATIENCE))


def test_its_registrations_are_listed_and_come_back_as_they_were(simulator):
    registrations = connected(simulator).list()
    assert len(registrations) == 3 and all(one.service_id and one.endpoints for one in registrations)
    assert not any(one.unknown or one.beyond for one in registrations)


def test_its_sts_issues_a_token_that_is_cut_out_byte_for_byte(simulator):
    service = connected(simulator)
    (url,) = {endpoint.url for one in service.list() for endpoint in one.endpoints if endpoint.type == "com.vmware.cis.cs.identity.sso"}
    token = sign_in(service.session, urlsplit(url).path, "administrator@vsphere.local", "any", now())
    assert b"<saml2:Assertion" in token and b"</saml2:Assertion>" in token and b"any" not in token


def test_the_module_audits_it(simulator, run_module):
    port, ca_path = simulator
    result = run_module("lookup_ssl_trust", {"hostname": "localhost", "port": port, "trusted_path": ca_path})
    assert not result.get("failed") and len(result["endpoints"]) == 3 and result["sso_domain"] == "vsphere.local"
