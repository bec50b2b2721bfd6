# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run imports only what its task needs, and reports as far as it got."""

from __future__ import annotations

import subprocess
import sys

import pytest

PACKAGE = "ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain"
SCRIPT = """
import sys
import ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.run
print(*(name.rpartition(".")[2] for name in sys.modules if name.startswith(%r)))
""" % (PACKAGE + ".")


def test_uploads_requests_and_mutual_tls_are_imported_only_if_they_are_needed():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert {"options", "collect", "judge", "responses", "report"} <= imported
    assert not imported & {"apply_csr", "apply_upload", "mutual_tls", "plan_csr", "plan_upload"}


@pytest.mark.parametrize("params, keys", [({"path": "/nowhere/chain.pem"}, set()), ({"content": "x", "csr_content": "x"}, set())])
def test_options_that_are_wrong_leave_an_empty_result(params, keys, run_module):
    result = run_module("ome_certificate_chain", params)
    assert result["failed"] and set(result) - {"failed", "msg", "advice", "changed", "invocation"} == keys
