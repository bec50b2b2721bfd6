# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a new request is due, and how the diff describes it."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.plan_csr import differences, plan_csr
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME

FIELDS = CsrFields(NAME, (("Country", ""),), (NAME,))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ome.csr"
    path.write_text(mint.csr(NAME, [NAME]), encoding="ascii")
    return path


def test_a_missing_file_is_a_reason(tmp_path):
    path = str(tmp_path / "ome.csr")
    planned = plan_csr(FIELDS, path, force=False)
    (step,) = planned.steps
    assert (planned.csr, planned.reasons, step.payload) == (None, ("there is no request yet",), FIELDS)
    assert step.before == "request %s\n  absent\n" % path
    assert step.after == (
        "request %s\n  subject: CN=%s\n  subject alternative name: DNS:%s\n  for the key: new, created by the appliance\n" % (path, NAME, NAME)
    )
    assert not os.path.exists(path)


def test_a_request_for_the_same_is_kept(path):
    planned = plan_csr(FIELDS, str(path), force=False)
    assert planned.csr == path.read_text(encoding="ascii") and planned.reasons == () and planned.steps == ()


def test_force_replaces_a_request_for_the_same(path):
    planned = plan_csr(FIELDS, str(path), force=True)
    (step,) = planned.steps
    pin = pin_of(mint.load_csr(path.read_bytes()).public_key())
    assert planned.reasons == ("force is true",) and "  for the key: %s\n" % pin in step.before


def test_a_file_that_is_no_request_is_an_error(path):
    path.write_text("nothing", encoding="ascii")
    with pytest.raises(RemediationError, match="^csr_path: "):
        plan_csr(FIELDS, str(path), force=True)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(RemediationError, match="csr_path"):
        plan_csr(FIELDS, str(tmp_path / "missing" / "ome.csr"), force=False)


@pytest.mark.parametrize(
    "fields, reasons",
    [
        (FIELDS, []),
        (CsrFields("other.corp.example"), ["its common name is %s" % NAME]),
        (CsrFields(NAME, (), (NAME, "10.77.0.14", "b.corp.example")), ["it does not ask for 10.77.0.14, b.corp.example"]),
        (CsrFields(NAME, (("Country", "DE"), ("Locality", "Kassel"))), ["its subject CN=%s lacks DE, Kassel" % NAME]),
        (CsrFields("other.corp.example", (("Country", "DE"),)), ["its common name is %s" % NAME, "its subject CN=%s lacks DE" % NAME]),
    ],
)
def test_every_difference_is_a_reason(fields, reasons):
    assert differences(load_csr(mint.csr(NAME, [NAME, "more.corp.example"]).encode(), "csr_path"), fields) == reasons


def test_an_empty_subject_is_a_difference():
    csr = load_csr(mint.csr(None).encode(), "csr_path")
    assert differences(csr, CsrFields(NAME)) == ["its common name is empty"]
