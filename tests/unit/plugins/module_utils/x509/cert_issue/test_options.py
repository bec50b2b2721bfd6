# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad options are named, all at once, and nothing changes."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options, Provider
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import DEFAULTS, NOW, ROOT


@pytest.mark.parametrize(
    "wrong, option",
    [
        (dict(fqdn="10.77.0.10"), "fqdn: '10.77.0.10' is an IP address"),
        (dict(fqdn=""), "fqdn: '' is empty"),
        (dict(fqdn="depot"), "fqdn: 'depot' is a single label"),
        (dict(fqdn="depot..example"), "fqdn: 'depot..example' is not made of labels"),
        (dict(fqdn="de\npot.example"), "fqdn: .* contains a blank, a line break"),
        (dict(fqdn="*.corp.example", profile="vcf_installer"), "is a wildcard, which the profile does not allow"),
        (dict(fqdn="a" * 60 + ".corp.example"), "at most 64 characters"),
        (dict(dns_names=["bad_name"]), "dns_names: 'bad_name'"),
        (dict(ip_addresses=["10.77.0"]), "ip_addresses: '10.77.0' is not an IP address"),
        (dict(subject={"CN": "x"}), "subject: 'CN' is not one of"),
        (dict(subject={"C": "Germany"}), "subject: C='Germany' is not allowed"),
        (dict(valid_days=30), r"valid_days \(30\) is not greater than renew_before_days \(30\)"),
        (dict(provider="own_ca", signing_ca_private_key_content="junk"), "signing_ca_private_key_content: the private key cannot be read"),
        (dict(provider="own_ca", signing_ca_private_key_content=mint.key_pem(mint.new_key())), "does not belong to the CA"),
        (dict(provider="own_ca", signing_ca_private_key_content=mint.key_pem(ROOT.key, "secret")), "is encrypted"),
        (
            dict(provider="own_ca", signing_ca_private_key_content=mint.key_pem(ROOT.key, "secret"), signing_ca_private_key_passphrase="no"),
            "with the given passphrase",
        ),
        (dict(provider="own_ca", signing_ca_content=ROOT.key_pem), "signing_ca_content: .*no certificate"),
        (dict(provider="import", certificate_content="nothing"), "certificate_content: "),
        (dict(private_key_path="/nowhere/at/all.key"), "private_key_path: /nowhere/at cannot be written"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(server, wrong, option):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match=option):
        server.run(**dict({"at": NOW + 398 * mint.DAY}, **wrong))
    assert server.content() == before


def test_several_mistakes_are_reported_at_once(server):
    with pytest.raises(RemediationError) as caught:
        server.run("own_ca", fqdn="10.77.0.10", ip_addresses=["x"], subject={"ZZ": "y"}, valid_days=1, signing_ca_private_key_content="junk")
    for option in ("fqdn", "ip_addresses", "subject", "valid_days", "signing_ca_private_key"):
        assert option in str(caught.value)


def test_a_ca_is_read_from_files_too(server):
    for name, text in (("ca.pem", ROOT.pem), ("ca.key", mint.key_pem(ROOT.key, "secret"))):
        (server.folder / name).write_text(text)
    contents = dict(signing_ca_content=None, signing_ca_private_key_content=None, signing_ca_private_key_passphrase="secret")
    made = server.run("own_ca", signing_ca_path=server.path("ca.pem"), signing_ca_private_key_path=server.path("ca.key"), **contents)
    assert made["certificate"]["issuer"] == "CN=Test Root CA"


def test_options_never_show_a_key():
    options = Options.from_params(dict(DEFAULTS, provider="own_ca", private_key_path="k", certificate_path="c"), RunContext(False, NOW))
    assert options.provider is Provider.OWN_CA and options.spec.authority.key is not None
    assert "PrivateKey" not in repr(options)
