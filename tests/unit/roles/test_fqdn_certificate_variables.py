# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the role fqdn_certificate do: the files that it writes, and what it refuses. One run, a host for each case."""

from __future__ import annotations

import grp
import ipaddress
import os
import pwd

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.ome import article
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.second_user import needs_root

NAME, PASSPHRASE = "depot.corp.example", "Ca-Key-Pw1!"
#: of an account that every system has
OWNER, GROUP = "daemon", "nogroup"
OWNED = {"fqdn_certificate_private_key_owner": OWNER, "fqdn_certificate_private_key_group": GROUP, "fqdn_certificate_private_key_mode": "0640"}
#: what a case sets besides name, server and paths
CASES = {
    "signed": {
        "fqdn_certificate_provider": "own_ca",
        "fqdn_certificate_signing_ca_path": "ca.pem",
        "fqdn_certificate_signing_ca_private_key_path": "locked.key",
        "fqdn_certificate_signing_ca_private_key_passphrase": PASSPHRASE,
        "fqdn_certificate_profile": "generic",
        "fqdn_certificate_dns_names": ["*.corp.example"],
        "fqdn_certificate_ip_addresses": ["10.0.0.9", "fd00::9"],
        "fqdn_certificate_subject": {"O": "Example Corporation", "C": "DE"},
        "fqdn_certificate_extended_key_usage": ["serverAuth", "clientAuth"],
        "fqdn_certificate_key_type": "RSA",
        "fqdn_certificate_key_size": 3072,
        "fqdn_certificate_valid_days": 70,
    },
    "former": {
        "fqdn_certificate_provider": "own_ca",
        "fqdn_certificate_ca_path": ["ca.pem"],
        "fqdn_certificate_ca_private_key_path": "locked.key",
        "fqdn_certificate_ca_private_key_passphrase": PASSPHRASE,
        "fqdn_certificate_prove_trusted_content": "",
        "fqdn_certificate_prove_ca_content": "{{ root }}",
        "fqdn_certificate_key_type": "EC",
    },
    "text": {
        "fqdn_certificate_provider": "own_ca",
        "fqdn_certificate_ca_content": "{{ ca }}",
        "fqdn_certificate_ca_private_key_content": "{{ ca_key }}",
        "fqdn_certificate_key_type": "EC",
    },
    "keyless": {"fqdn_certificate_provider": "own_ca", "fqdn_certificate_signing_ca_path": "ca.pem"},
    "refused": {"fqdn_certificate_provider": "self_signed", "fqdn_certificate_profile": "vcf_installer", "fqdn_certificate_dns_names": ["*.corp.example"]},
    "requested": {"fqdn_certificate_provider": "csr", "fqdn_certificate_csr_path": "{{ here }}/web.csr", "fqdn_certificate_key_type": "Ed25519"},
    "early": {"fqdn_certificate_provider": "self_signed", "fqdn_certificate_renew_before_days": 95},
    "forced": {"fqdn_certificate_provider": "self_signed", "fqdn_certificate_force": True, "fqdn_certificate_key_type": "EC"},
    "told": {"fqdn_certificate_provider": "import"},
    "sent": {"fqdn_certificate_provider": "import", "fqdn_certificate_import_path": "{{ here }}/sent.der"},
    "proxy": {
        "fqdn_certificate_provider": "self_signed",
        "fqdn_certificate_key_type": "EC",
        "fqdn_certificate_server": "haproxy",
        "fqdn_certificate_haproxy_config": "/etc/lb/lb.cfg",
        "fqdn_certificate_combined_path": "{{ here }}/both.pem",
    },
}


class Made:
    """The run, and what lies on the hosts afterwards."""

    def __init__(self, folder):
        folder.mkdir()
        self.pki = Pki(folder)
        shared = {"here": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}", "fqdn_certificate_fqdn": NAME}
        shared.update({"fqdn_certificate_server": "none", "fqdn_certificate_private_key_path": "{{ here }}/web.key"})
        shared.update({"fqdn_certificate_path": "{{ here }}/web.pem", "fqdn_certificate_prove_trusted_content": self.pki.root.pem})
        shared.update(root=self.pki.root.pem, ca=self.pki.ca.read_text(encoding="ascii"), ca_key=self.pki.two.key_pem)
        self.hosts = Cases(folder / "hosts", {name: {**shared, **given} for name, given in CASES.items()})
        if os.geteuid() == 0:
            (self.hosts["signed"] / "of_root").mkdir()
            self.hosts.give("signed", **OWNED)
        (self.hosts.controller / "ca.pem").write_text(self.pki.ca.read_text(encoding="ascii"), encoding="ascii")
        (self.hosts.controller / "locked.key").write_text(mint.key_pem(self.pki.two.key, PASSPHRASE), encoding="ascii")
        self.present = mint.mint(NAME, dns=[NAME], issuer=self.pki.two, key=mint.shared_key("RSA-2048"), **self.pki.days)
        for name in ("early", "forced"):
            self.write(name, "web.pem", self.present.pem + self.pki.two.pem + self.pki.one.pem)
            self.write(name, "web.key", self.present.key_pem)
        for name in ("told", "sent"):
            self.write(name, "web.key", self.present.key_pem)
            self.hosts.give(name, fqdn_certificate_candidates_content=self.pki.two.pem + self.pki.one.pem)
        self.hosts.give("told", fqdn_certificate_content=self.present.pem)
        (self.hosts["sent"] / "sent.der").write_bytes(self.present.der)
        self.hosts.refuse("proxy", "haproxy")
        self.cases = self.hosts.run("role: fqdn_certificate")

    def write(self, host, name, text):
        (self.hosts[host] / name).write_text(text, encoding="ascii")
        (self.hosts[host] / name).chmod(0o600)

    def data(self, host, name="web.pem"):
        assert not self.cases[host].failure
        return (self.hosts[host] / name).read_bytes()

    def certificates(self, host):
        return [x509.load_pem_x509_certificate(block) for block in article.PEM_FILE.findall(self.data(host))]

    def certificate(self, host):
        return self.certificates(host)[0]

    def names(self, host, kind):
        found = self.certificate(host).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return found.get_values_for_type(kind)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("variables") / "run")


def test_the_ca_of_the_controller_signs_with_its_key_and_passphrase(made):
    leaf = made.certificate("signed")
    assert leaf.issuer == made.pki.two.x509.subject
    made.pki.two.key.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))


@pytest.mark.parametrize("host", ["former", "text"])
def test_the_ca_that_signs_and_whom_to_trust_may_have_their_old_names(made, host):
    assert made.certificate(host).issuer == made.pki.two.x509.subject


@pytest.mark.parametrize("old, new", described("fqdn_certificate").renamed.items())
def test_an_old_name_is_deprecated(made, old, new):
    assert "%s is the old name of %s" % (old, new) in " ".join(made.hosts.output.split())


def test_the_names_subject_and_purposes_are_those_that_are_asked_for(made):
    leaf = made.certificate("signed")
    assert set(made.names("signed", x509.DNSName)) == {NAME, "*.corp.example"}
    assert set(made.names("signed", x509.IPAddress)) == {ipaddress.ip_address("10.0.0.9"), ipaddress.ip_address("fd00::9")}
    assert {part.rfc4514_string() for part in leaf.subject} == {"CN=" + NAME, "O=Example Corporation", "C=DE"}
    purposes = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == {x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH}


@pytest.mark.parametrize("host, days", [("signed", 70), ("early", 397)], ids=["given", "default"])
def test_a_certificate_is_valid_for_so_many_days(made, host, days):
    assert (mint_end(made.certificate(host)) - REAL.now).days in (days - 1, days)


def mint_end(certificate):
    return getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=REAL.now.tzinfo)


@pytest.mark.parametrize(
    "host, name, kind",
    [("signed", "web.key", rsa.RSAPrivateKey), ("forced", "web.key", ec.EllipticCurvePrivateKey), ("requested", "web.key", ed25519.Ed25519PrivateKey)],
)
def test_the_key_is_of_the_kind_and_size(made, host, name, kind):
    key = serialization.load_pem_private_key(made.data(host, name), None)
    assert isinstance(key, kind)
    assert host != "signed" or key.key_size == 3072


@needs_root
def test_the_key_has_the_owner_the_group_and_the_mode(made):
    made.data("signed")
    status = (made.hosts["signed"] / "web.key").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (pwd.getpwnam(OWNER).pw_uid, grp.getgrnam(GROUP).gr_gid, 0o640)


def test_a_ca_without_its_private_key_is_named_before_the_first_change(made):
    assert made.cases["keyless"].failure.startswith("fqdn_certificate_signing_ca_private_key_path: the private key of the CA is missing. Set it, or ")
    assert not made.cases["keyless"].changed and not (made.hosts["keyless"] / "web.key").exists()


def test_a_profile_decides_whether_a_wildcard_is_accepted(made):
    assert "*.corp.example" in made.names("signed", x509.DNSName)
    refused = made.cases["refused"]
    assert "*.corp.example" in refused.failure and "Nothing was changed" in refused.failure and not (made.hosts["refused"] / "web.pem").exists()


def test_a_request_lies_where_it_is_asked_for_and_nothing_is_installed(made):
    request = mint.load_csr(made.data("requested", "web.csr"))
    assert request.subject.rfc4514_string() == "CN=" + NAME
    assert not (made.hosts["requested"] / "web.pem").exists()


@pytest.mark.parametrize("host, words", [("early", "VALIDITY-SOON"), ("forced", "force")])
def test_a_good_certificate_is_replaced_earlier_or_on_request(made, host, words):
    assert made.certificate(host) != made.present.x509 and words in made.cases[host].said


@pytest.mark.parametrize("host", ["told", "sent"])
def test_what_a_ca_returned_is_installed_from_text_or_from_a_file_with_the_candidates(made, host):
    assert made.certificates(host) == [made.present.x509, made.pki.two.x509, made.pki.one.x509]


def test_the_configuration_of_haproxy_that_is_checked_is_the_one_that_is_named(made):
    assert "refused: -c -f /etc/lb/lb.cfg" in made.cases["proxy"].failure
    assert not (made.hosts["proxy"] / "both.pem").exists()
