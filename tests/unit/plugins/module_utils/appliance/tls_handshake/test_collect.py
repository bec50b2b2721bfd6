# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The anchors of each option, and the handshake with them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import Handshake, ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import LAYOUTS, Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.collect import Anchors, collect_anchors, shake_hands
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL

ROOT, OTHER = (mint.authority(name, **REAL.days()) for name in ("Root", "Other"))
LEAF = mint.mint("localhost", dns=["localhost"], issuer=ROOT, **REAL.days())
BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def options(port=443, **trust):
    params = dict(dict(trusted_path=None, trusted_content=None, java_keystore=None, system_store=None), **trust)
    params.update(host="localhost", port=port, name=None, address="127.0.0.1", timeout=float(PATIENCE), expect="any")
    params.update(expected_fingerprints=None, previous_fingerprints=None, wait_timeout=0.0)
    return Options.from_params(params)


def test_anchors_are_the_certificates_of_a_text_or_a_file(tmp_path):
    text = "# our CA\n%s\n%s" % (ROOT.pem, OTHER.pem)
    (tmp_path / "ca.pem").write_bytes(text.encode("ascii") + b"\xff")
    expected = Anchors(ROOT.pem + OTHER.pem, 2)
    assert collect_anchors(options(trusted_content=text)) == expected == collect_anchors(options(trusted_path=str(tmp_path / "ca.pem")))


def test_the_anchors_of_a_system_are_those_of_its_bundle_or_its_folder(tmp_path, monkeypatch):
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "other.pem").write_text(OTHER.pem, encoding="ascii")
    (tmp_path / "anchors" / "README").write_text(ROOT.pem, encoding="ascii")
    (tmp_path / "bundle.crt").write_text("# Root\n" + ROOT.pem, encoding="ascii")
    for bundle, expected in ((str(tmp_path / "bundle.crt"), ROOT), ("", OTHER)):
        monkeypatch.setitem(LAYOUTS, "suse", Layout(str(tmp_path / "anchors"), ".pem", (".pem", ".crt"), bundle, (), ()))
        assert collect_anchors(options(system_store="suse")) == Anchors(expected.pem, 1)


def test_a_system_that_has_no_such_store_names_the_option(monkeypatch):
    monkeypatch.setitem(LAYOUTS, "suse", Layout("/nowhere/anchors", ".pem", (".pem",), "", (), ()))
    with pytest.raises(RemediationError, match="system_store: /nowhere/anchors does not exist"):
        collect_anchors(options(system_store="suse"))


@pytest.mark.parametrize("text", ["", "nothing"])
def test_a_text_without_a_certificate_names_its_option(text):
    with pytest.raises(RemediationError, match="trusted_content: contains no certificate"):
        collect_anchors(options(trusted_content=text))


def test_a_certificate_that_openssl_cannot_read_names_its_option():
    given = options(trusted_content=BROKEN)
    with pytest.raises(RemediationError, match="trusted_content: OpenSSL cannot read the certificates: "):
        shake_hands(given, collect_anchors(given))


def test_an_outcome_is_a_handshake_or_the_reason_why_there_is_none(tls_server, plain_server):
    good, bad = options(tls_server(LEAF.pem, LEAF.key_pem), trusted_content=ROOT.pem), options(plain_server(b"HTTP/1.1"), trusted_content=ROOT.pem)
    outcomes = [shake_hands(given, collect_anchors(given)) for given in (good, bad)]
    assert isinstance(outcomes[0], Handshake) and outcomes[0].verify_code == 0 and outcomes[0].chain == (LEAF.der,)
    assert isinstance(outcomes[1], ProbeError) and outcomes[1].code == "NOT-TLS"
