# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any chain: a strategy of Hypothesis for leaves, CAs and a root whose extensions are right or wrong. Most parts are right, so that many chains are."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from hypothesis import strategies as st

from .clock import DAY
from .mint import NOW, Minted, key_identifiers, mint, new_key
from .policies import ANY, BLUE, RED, inhibits_any, maps, policy, requires

FQDN, OTHER, ADDRESS = "www.corp.example", "www.other.example", "10.77.0.10"
ANY_PURPOSE = x509.ObjectIdentifier("2.5.29.37.0")
BITS = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
#: of the root, the CAs below it and the leaf
KEYS = [new_key() for _certificate in range(5)]
SECOND = datetime.timedelta(seconds=1)


@dataclass(frozen=True)
class AnyChain:
    """A chain and the name by which a client connects.

    :param certificates: leaf first, without the root.
    """

    certificates: Tuple[Minted, ...]
    root: Minted
    name: str


def usage(*bits: str) -> tuple:
    """keyUsage with these bits."""
    words = dict(dict.fromkeys(BITS + ("encipher_only", "decipher_only"), False), **dict.fromkeys(bits, True))
    return x509.KeyUsage(**words), True


def mostly(usual: Any, *others: Any) -> st.SearchStrategy:
    """The usual value, or now and then another one."""
    return st.integers(0, 11).flatmap(lambda number: st.sampled_from(others) if number == 11 else st.just(usual))


def _subtrees() -> st.SearchStrategy:
    dns = [x509.DNSName(name) for name in ("corp.example", ".corp.example", "other.example", "www.corp.example")]
    networks = [x509.IPAddress(ipaddress.ip_network(network)) for network in ("10.0.0.0/8", "192.0.2.0/24")]
    others: list = [x509.RFC822Name("corp.example"), x509.UniformResourceIdentifier("corp.example"), x509.DirectoryName(x509.Name([]))]
    return st.one_of(st.none(), st.lists(st.sampled_from(dns + networks + others), min_size=1, max_size=3, unique=True))


def _constraints() -> st.SearchStrategy:
    pairs = st.tuples(_subtrees(), _subtrees()).filter(any)
    return st.integers(0, 5).flatmap(lambda number: pairs.map(lambda pair: [(x509.NameConstraints(*pair), True)]) if number == 5 else st.just([]))


def _validity() -> st.SearchStrategy:
    good = {"starts": NOW - DAY, "ends": NOW + 100 * DAY}
    edges = [{"starts": NOW, "ends": NOW + 100 * DAY}, {"starts": NOW - DAY, "ends": NOW}]
    return mostly(good, *edges, {"starts": NOW - 9 * DAY, "ends": NOW - SECOND}, {"starts": NOW + SECOND, "ends": NOW + DAY})


def _purposes() -> st.SearchStrategy:
    wrong = [[Purpose.CLIENT_AUTH], [ANY_PURPOSE], [Purpose.CODE_SIGNING, ANY_PURPOSE]]
    lists = st.one_of(st.sampled_from([[], [Purpose.SERVER_AUTH], [Purpose.CLIENT_AUTH, Purpose.SERVER_AUTH]]), mostly([], *wrong))
    return lists.map(lambda purposes: [(x509.ExtendedKeyUsage(purposes), False)] if purposes else [])


def _policies() -> st.SearchStrategy:
    named = st.sampled_from([[], [policy(RED)], [policy(RED, BLUE)], [policy(ANY)]])
    constraints = mostly([], [requires(0)], [requires(1, 0)], [inhibits_any(0)], [maps((RED, BLUE))], [maps((RED, ANY))])
    return st.tuples(named, constraints).map(lambda pair: pair[0] + pair[1])


def _unknown() -> st.SearchStrategy:
    unknown, poison = (x509.UnrecognizedExtension(x509.ObjectIdentifier(name), b"\x05\x00") for name in ("1.2.3.4", "1.3.6.1.4.1.11129.2.4.3"))
    return mostly([], [(unknown, True)], [(unknown, False)], [(poison, True)], [(x509.OCSPNoCheck(), True)])


def _common(draw: Any) -> Tuple[List[tuple], Dict[str, Any]]:
    extensions = [*draw(_purposes()), *draw(_policies()), *draw(_unknown())]
    return extensions, draw(_validity())


def _ca(draw: Any, number: int, issuer: Any) -> Minted:
    extensions, validity = _common(draw)
    key = KEYS[number]
    extensions += draw(mostly([usage("key_cert_sign", "crl_sign")], [], [usage("digital_signature")], [usage("key_cert_sign", "digital_signature")]))
    extensions += draw(_constraints()) + draw(st.sampled_from([[], key_identifiers(key, issuer)]))
    name = draw(mostly("CA %d" % number, "CA 0", "ca.corp.example"))
    length = draw(mostly(None, 0, 1, 2))
    if draw(mostly(True, False)):
        return mint(name, issuer=issuer, ca=True, path_length=length, key=key, extensions=extensions, **validity)
    return mint(name, issuer=issuer, key=key, extensions=extensions, **validity)


def _leaf(draw: Any, issuer: Minted) -> Minted:
    extensions, validity = _common(draw)
    allowed = usage("digital_signature", "key_encipherment")
    extensions += draw(mostly([allowed], [], [usage("key_agreement")], [usage("content_commitment")], [usage("key_cert_sign")]))
    names = draw(mostly([FQDN], [], [OTHER], [FQDN, OTHER], ["*.corp.example"], ["*.example"], [FQDN + "."], ["w*.corp.example"]))
    entries: List[Any] = [x509.DNSName(name) for name in names]
    entries += [x509.IPAddress(ipaddress.ip_address(address)) for address in draw(mostly([ADDRESS], [], ["192.0.2.1"]))]
    entries += draw(mostly([], [x509.RFC822Name("a@other.example")], [x509.UniformResourceIdentifier("https://www.other.example/")]))
    extensions += [(x509.SubjectAlternativeName(entries), draw(st.booleans()))] if entries else []
    common_name = draw(mostly(FQDN, OTHER, "*.corp.example", ADDRESS, None, "A Depot"))
    ca = draw(mostly(False, True))
    return mint(common_name, issuer=issuer, key=KEYS[-1], ca=ca, extensions=extensions, **validity)


@st.composite
def chains(draw: Any) -> AnyChain:
    """A leaf, up to three CAs and a root."""
    issuer = root = _ca(draw, 0, None)
    minted: List[Minted] = []
    for number in range(1, draw(st.integers(1, 4))):
        issuer = _ca(draw, number, issuer)
        minted.insert(0, issuer)
    name = draw(mostly(FQDN, ADDRESS, OTHER, FQDN.upper() + "."))
    return AnyChain((_leaf(draw, issuer), *minted), root, name)
