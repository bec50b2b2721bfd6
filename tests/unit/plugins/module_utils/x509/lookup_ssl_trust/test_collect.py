# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the run reads from the network: registrations, and the certificates that are served now."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeCode, ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust import collect
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Served, Sts
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.mint import NOW
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, EXPIRED, HOST, NEW, OLD, OTHER, read, trusts
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed, lstool_output
from ansible_collections.certmend.tls.tests.support.vsphere.parameters import options
from ansible_collections.certmend.tls.tests.support.vsphere.site import nobody_listens

STS_A, STS_B = "https://vc1.corp.example/sts/STSService/vsphere.local", "https://vc2.corp.example/sts/STSService/vsphere.local"
SRM = "srm.corp.example"


def sts(url):
    return estate.registration("sts", [estate.endpoint(url, [], "wsTrust", estate.STS)], "cs.identity")


@pytest.fixture
def served_port(tls_server):
    return tls_server(NEW.pem + CA.pem, NEW.key_pem)


@pytest.fixture
def silent_port():
    with nobody_listens() as port:
        yield port


def live(port, *expected, **more):
    fingerprints = [read(minted)[0].fingerprint() for minted in expected]
    addresses = {HOST: "127.0.0.1", SRM: "127.0.0.1"}
    given = dict(state="updated", live=True, live_port=port, expected_fingerprint=fingerprints, addresses=addresses)
    return options(**{**given, "old_fingerprint": [read(OLD)[0].fingerprint()], "probe_timeout": PATIENCE, **more})


def refused(function, *arguments):
    with pytest.raises(RemediationError) as raised:
        function(*arguments)
    return str(raised.value)


def test_the_sts_of_the_node_is_preferred():
    registrations = listed([estate.registration("vc", [estate.endpoint(STS_A)]), sts(STS_B), sts(STS_A)])
    assert collect.find_sts(registrations, "VC1.corp.example") == Sts(STS_A)
    assert collect.find_sts(registrations, "vc3.corp.example") == Sts(STS_B)


def test_the_sso_domain_is_the_end_of_the_address_of_the_sts():
    assert Sts(STS_A).domain == Sts(STS_A + "/").domain == "vsphere.local"
    assert collect.find_sts([], HOST).domain == ""


def test_a_list_of_the_appliance_s_tool_needs_no_service():
    services = [estate.registration("vc-a", [estate.endpoint(STS_A, [estate.anchor(OLD)])])]
    (registration,) = collect.read_registrations(options(listed=lstool_output(services)), None)
    assert registration.service_id == "vc-a" and registration.endpoints[0].ssl_trust == (estate.anchor(OLD),)


def test_each_host_and_port_is_probed_once_and_only_if_it_can_be_compared(served_port, silent_port):
    url = "https://%s:%d" % (HOST, served_port)
    endpoints = [
        (url + "/a", OLD),
        ("https://%s:%d/b" % (HOST.upper(), served_port), NEW),
        ("http://%s:%d/" % (HOST, served_port), OLD),
        ("https://nsx.corp.example:%d/none" % served_port,),
        ("https://%s:%d/" % (HOST, silent_port), OLD),
        ("https://localhost:%d/" % served_port, OLD),
    ]
    served = collect.probe_endpoints(trusts(*endpoints), options(addresses={HOST: "127.0.0.1"}, probe_timeout=PATIENCE))
    assert set(served) == {HostPort(HOST, served_port), HostPort(HOST, silent_port)}
    assert served[HostPort(HOST, served_port)] == Served(read(NEW, CA))
    assert served[HostPort(HOST, silent_port)].chain == () and "CONNECT-REFUSED" in served[HostPort(HOST, silent_port)].error


def test_what_cannot_be_read_of_an_answer_is_told():
    assert collect.served((NEW.der,)) == Served(read(NEW))
    assert collect.served(ProbeError(ProbeCode.NOT_TLS, "the reason", "advice")) == Served((), "NOT-TLS: the reason")
    assert collect.served((b"rubbish",)).chain == () and collect.served((b"rubbish",)).error


def test_a_given_certificate_is_taken_as_it_is():
    spec = collect.update_spec(options(state="updated", hosts=[HOST], aliases={"vc": HOST}, new_certificate=NEW.pem), NOW)
    assert (spec.chain, spec.by_host, spec.old) == (read(NEW), {}, ()) and spec.hosts == {HOST} and spec.aliases == {"vc": HOST}


def test_a_certificate_that_is_not_valid_now_is_refused():
    message = refused(collect.update_spec, options(state="updated", hosts=[HOST], new_certificate=EXPIRED.pem), NOW)
    assert "new_certificate: CN=vc1.corp.example is valid from" in message


def test_the_served_certificate_of_the_node_is_for_every_host(served_port):
    spec = collect.update_spec(live(served_port, OLD, NEW), NOW)
    assert spec.chain == read(NEW, CA) and spec.by_host == {}


def test_the_served_certificate_of_each_host_is_for_that_host(served_port):
    spec = collect.update_spec(live(served_port, NEW, hosts=[HOST, SRM]), NOW)
    assert spec.chain == () and spec.by_host == {HOST: read(NEW, CA), SRM: read(NEW, CA)}


def test_a_served_certificate_that_is_not_expected_is_refused_with_its_fingerprint(served_port):
    message = refused(collect.update_spec, live(served_port, OTHER, hosts=[HOST, SRM]), NOW)
    for host in (HOST, SRM):
        assert "expected_fingerprint: %s:%d serves a certificate with another fingerprint, " % (host, served_port) in message
    assert read(NEW)[0].fingerprint() in message


def test_a_host_that_does_not_answer_serves_no_new_certificate(silent_port):
    message = refused(collect.update_spec, live(silent_port, NEW), NOW)
    assert "live: %s:%d: CONNECT-REFUSED" % (HOST, silent_port) in message and "Give new_certificate" in message


def test_a_served_certificate_must_be_valid_too(tls_server):
    port = tls_server(EXPIRED.pem, EXPIRED.key_pem)
    assert "is valid from" in refused(collect.update_spec, live(port, EXPIRED), NOW)
