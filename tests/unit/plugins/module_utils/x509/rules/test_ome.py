# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What OpenManage Enterprise asks of a chain, and the words in which it refuses one."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.strict_pem import form_problem
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, NAME, SERVER, Cas, purposes, usage
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

CAS = Cas()
LEAF, ONE, TWO, ROOT = CAS.leaf(), CAS.one, CAS.two, CAS.root
NAMELESS = CAS.ca(None, ROOT)
MIGRATION, SINGLE = ("ome_migration",), ("ome_single",)


def peer(*minted):
    return tuple(from_x509(one.x509) for one in minted)


def problem(data):
    return form_problem(data, read_certificates(data))


def test_a_whole_chain_has_no_findings():
    assert codes(LEAF, ONE, ROOT, profiles=MIGRATION) == codes(LEAF, profiles=SINGLE) == []


def test_the_rules_of_clients_are_asked_for_apart():
    assert codes(CAS.leaf(name=mint.name("ome", "Example Corporation")), ONE, ROOT, profiles=MIGRATION) == []


@fails("FORMAT-NOT-PEM")
def test_a_binary_file_is_refused():
    (found,) = findings(LEAF, profiles=SINGLE, form=problem(LEAF.der))
    assert found.code == "FORMAT-NOT-PEM" and found.answer.startswith("CSEC9002: Unable to upload") and "binary" in found.message


@passes("FORMAT-NOT-PEM")
def test_pem_with_a_comment_above_it_is_pem():
    assert problem(("# the appliance\n" + LEAF.pem + ONE.pem).encode()) == problem(LEAF.pem.replace("\n", "\r\n").encode()) == ""


@pytest.mark.parametrize(
    "data, words",
    [
        (LEAF.pem.encode("utf-16"), "not ASCII"),
        (b"\xef\xbb\xbf" + LEAF.pem.encode(), "not ASCII"),
        (b"nothing", "no BEGIN CERTIFICATE line"),
        ((LEAF.pem + LEAF.key_pem).encode(), "2 blocks, of which 1"),
        (LEAF.pem.replace("\n", "\\n").encode(), "1 blocks, of which 0"),
        (LEAF.pem.replace("CERTIFICATE", "PKCS7").encode(), "1 blocks, of which 0"),
        (LEAF.pem.replace("MII", "MIJ", 1).encode(), "not one certificate (the block at line 1"),
    ],
)
def test_what_is_no_plain_pem_is_told(data, words):
    assert words in problem(data)


@fails("USAGE-NO-SERVER-AUTH")
@pytest.mark.parametrize("profile", [MIGRATION, SINGLE, ("generic",)])
def test_a_certificate_for_clients_alone_is_refused(profile):
    assert "USAGE-NO-SERVER-AUTH" in codes(CAS.leaf(asked=(CLIENT,)), ONE, ROOT, profiles=profile)


@passes("USAGE-NO-SERVER-AUTH")
def test_a_certificate_without_the_extension_is_for_any_use_but_for_the_appliance():
    certificate = CAS.leaf(asked=())
    assert "USAGE-NO-SERVER-AUTH" not in codes(certificate, ONE, ROOT, profiles=("generic",))
    assert "USAGE-NO-SERVER-AUTH" in codes(certificate, profiles=SINGLE)


@fails("USAGE-NO-CLIENT-AUTH")
def test_a_chain_for_servers_alone_is_refused():
    (found,) = findings(CAS.leaf(asked=(SERVER,)), ONE, ROOT, profiles=MIGRATION)
    assert found.code == "USAGE-NO-CLIENT-AUTH" and found.answer.endswith("(No Client/Server authentication EKU present in leaf certificate.)")


@passes("USAGE-NO-CLIENT-AUTH")
def test_a_single_certificate_needs_no_client_authentication():
    assert codes(CAS.leaf(asked=(SERVER,)), profiles=SINGLE) == []


@fails("USAGE-NO-KEY-ENCIPHERMENT")
@pytest.mark.parametrize(
    "profile, answer", [(MIGRATION, "(User Certificate is not a web server certificate.)"), (SINGLE, "certificate file provided is invalid.")]
)
def test_key_encipherment_is_asked_for(profile, answer):
    for encipherment in (False, None):
        (found,) = findings(CAS.leaf(encipherment=encipherment), *((ONE, ROOT) if profile == MIGRATION else ()), profiles=profile)
        assert found.code == "USAGE-NO-KEY-ENCIPHERMENT" and found.answer.endswith(answer)


@passes("USAGE-NO-KEY-ENCIPHERMENT")
def test_clients_do_not_ask_for_key_encipherment():
    assert "USAGE-NO-KEY-ENCIPHERMENT" not in codes(CAS.leaf(encipherment=False), ONE, ROOT)


@fails("CHAIN-ROOT-MISSING")
@pytest.mark.parametrize("chain", [(LEAF, ONE), (LEAF,), (LEAF, ROOT), (mint.mint(NAME, **CAS.days),)])
def test_every_ca_up_to_the_root_is_asked_for(chain):
    assert "CHAIN-ROOT-MISSING" in codes(*chain, profiles=MIGRATION)


def test_whom_a_client_trusts_does_not_matter():
    assert "CHAIN-ROOT-MISSING" in codes(LEAF, ONE, trusted=[ONE, ROOT], profiles=MIGRATION)


@passes("CHAIN-ROOT-MISSING")
def test_a_root_below_which_all_stands_is_whole():
    assert codes(LEAF, ONE, ROOT, trusted=[ONE], profiles=MIGRATION) == []


@fails("CHAIN-TOO-DEEP")
def test_eleven_certificates_are_too_many():
    (found,) = findings(*CAS.deep(11).certificates, profiles=MIGRATION)
    assert found.code == "CHAIN-TOO-DEEP" and found.answer.startswith("Unable to mutually authenticate")


@passes("CHAIN-TOO-DEEP")
def test_ten_certificates_are_taken():
    assert codes(*CAS.deep(10).certificates, profiles=MIGRATION) == []


@fails("CHAIN-PEER-DIFFERS")
def test_another_intermediate_below_the_same_root_is_another_chain():
    (found,) = findings(LEAF, ONE, ROOT, profiles=MIGRATION, peer=peer(CAS.leaf(TWO, "ome-target.corp.example"), TWO, ROOT))
    assert found.code == "CHAIN-PEER-DIFFERS"
    assert "level 0: issued by CN=CA1-Inter here, issued by CN=Inter-CA2 there" in found.message
    assert "level 1: CN=CA1-Inter issued by CN=CA-Racine here, CN=Inter-CA2 issued by CN=CA-Racine there" in found.message
    assert "level 2" not in found.message


def test_a_level_that_the_other_side_has_not_is_told():
    found = findings(LEAF, ONE, ROOT, profiles=MIGRATION, peer=peer(CAS.leaf(ROOT), ROOT))
    assert "CN=CA-Racine issued by CN=CA-Racine here, nothing there" in found[0].message


@passes("CHAIN-PEER-DIFFERS")
def test_the_appliances_have_names_of_their_own():
    assert codes(LEAF, ONE, ROOT, profiles=MIGRATION, peer=peer(CAS.leaf(ONE, "ome-target.corp.example"), ONE, ROOT)) == []


@fails("NAME-CN-MISSING")
def test_every_certificate_of_the_chain_needs_a_common_name():
    (found,) = findings(CAS.leaf(NAMELESS), NAMELESS, ROOT, profiles=MIGRATION)
    assert found.code == "NAME-CN-MISSING" and found.answer.startswith("CGEN6002")


@passes("NAME-CN-MISSING")
def test_clients_do_not_ask_for_a_common_name_of_a_ca():
    assert "NAME-CN-MISSING" not in codes(CAS.leaf(NAMELESS), NAMELESS, ROOT)


@fails("NAME-CN-WILDCARD")
def test_a_wildcard_is_refused():
    assert codes(CAS.leaf(name="*.corp.example"), profiles=SINGLE) == ["NAME-CN-WILDCARD"]


def test_a_wildcard_in_the_name_of_a_ca_is_refused_too():
    ca = CAS.ca("*.corp.example CA", ROOT)
    assert codes(CAS.leaf(ca), ca, ROOT, profiles=MIGRATION) == ["NAME-CN-WILDCARD"]


@passes("NAME-CN-WILDCARD")
def test_a_wildcard_beside_an_exact_common_name_is_taken():
    extensions = [purposes(SERVER), usage()]
    certificate = mint.mint(NAME, dns=["*.corp.example"], issuer=ONE, extensions=extensions, **CAS.days)
    assert codes(certificate, profiles=SINGLE) == []


def test_a_certificate_that_is_there_twice_is_out_of_order_for_the_appliance_alone():
    assert codes(LEAF, ONE, ONE, ROOT, profiles=MIGRATION) == ["CHAIN-UNRELATED"]


def test_of_two_profiles_the_special_one_has_the_word():
    found = findings(LEAF, ROOT, ONE, profiles=("generic", "ome_migration"))
    order = next(one for one in found if one.code == "CHAIN-ORDER")
    assert (order.severity, order.remedy) == ("error", "ome_chain") and order.answer.startswith("CGEN1008")
