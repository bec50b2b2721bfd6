# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An update by the vendor's script, which knows nothing but fingerprints."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.vendor_script import by_fingerprint
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, HOST, NEW, OLD, OTHER, read, trusts

URL, ELSEWHERE = "https://%s/sdk" % HOST, "https://srm.corp.example/"
OLD_SHA1, OTHER_SHA1 = (read(minted)[0].fingerprint("sha1") for minted in (OLD, OTHER))
HOSTS = UpdateSpec(read(NEW), hosts=frozenset([HOST]))


def replacement(old, new=NEW):
    return {"old_fingerprint": old, "new_fingerprint": read(new)[0].fingerprint(), "new_certificate": new.pem}


def refused(listed, spec):
    with pytest.raises(RemediationError) as raised:
        by_fingerprint(listed, spec)
    return raised.value.message


def test_an_old_certificate_is_named_once_however_often_it_is_registered():
    spec = UpdateSpec(read(NEW, CA), old=(OLD_SHA1,))
    assert by_fingerprint(trusts((URL, OLD), (URL, OTHER, OLD), (URL, "?")), spec) == [replacement(OLD_SHA1)]


def test_a_host_can_have_several_old_certificates():
    assert by_fingerprint(trusts((URL, OLD), (URL, OTHER)), HOSTS) == [replacement(OLD_SHA1), replacement(OTHER_SHA1)]


def test_nothing_to_replace_is_no_call_of_the_script():
    assert by_fingerprint(trusts((URL, NEW)), HOSTS) == []


def test_each_host_can_get_a_certificate_of_its_own():
    spec = UpdateSpec(by_host={HOST: read(NEW), "srm.corp.example": read(CA)}, hosts=frozenset([HOST, "srm.corp.example"]))
    assert by_fingerprint(trusts((URL, OLD), (ELSEWHERE, OTHER)), spec) == [replacement(OLD_SHA1), replacement(OTHER_SHA1, CA)]


def test_one_old_certificate_cannot_become_two_new_ones():
    spec = UpdateSpec(by_host={HOST: read(NEW), "srm.corp.example": read(OTHER)}, old=(OLD_SHA1,))
    assert "%s is registered for several hosts" % OLD_SHA1 in refused(trusts((URL, OLD), (ELSEWHERE, OLD)), spec)


def test_a_malformed_entry_has_no_fingerprint_to_replace_it_by():
    assert "%s has a trust anchor that cannot be read" % URL in refused(trusts((URL, "?")), HOSTS)


def test_an_endpoint_that_must_keep_the_certificate_is_named():
    message = refused(trusts((URL, OLD), (ELSEWHERE + "b", OLD), (ELSEWHERE + "a", OLD, OLD)), HOSTS)
    assert message == "hosts: the vendor's script would replace the same certificate at %sa, %sb too" % (ELSEWHERE, ELSEWHERE)
