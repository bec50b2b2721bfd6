# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run whose node goes away."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.run import LookupSslTrustRun
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.mint import NOW
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import HOST, NEW
from ansible_collections.certmend.tls.tests.support.vsphere.parameters import parameters
from ansible_collections.certmend.tls.tests.support.vsphere.server import VCenter


def test_a_node_that_could_not_be_reached_is_not_asked_again(tmp_path):
    for name, text in (("cert.pem", NEW.pem), ("key.pem", NEW.key_pem)):
        (tmp_path / name).write_text(text, encoding="ascii")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        params = parameters(port=port, addresses={HOST: "127.0.0.1"}, validate_certs=False, timeout=PATIENCE)
        run = LookupSslTrustRun.from_params(params, RunContext(check_mode=False, now=NOW))
        with pytest.raises(RemediationError) as first:
            run.collect()
    with VCenter(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"), ("127.0.0.1", port)) as vcenter:
        with pytest.raises(RemediationError) as second:
            run.service.list()
        assert second.value is first.value and vcenter.connections == 0
    assert run.facts() == {"updated": []} and run.warnings == []
