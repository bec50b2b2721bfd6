# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains for OpenManage Enterprise: one that it takes, and one for each way in which it does not."""

from __future__ import annotations

from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from .. import mint
from . import article

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
NAME = "ome-source.corp.example"


def usage(encipherment=True):
    words = dict.fromkeys(["content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(digital_signature=True, key_encipherment=encipherment, **words), True


def purposes(*asked):
    return x509.ExtendedKeyUsage(list(asked)), False


class Case(NamedTuple):
    """What is uploaded.

    :param key: that of the appliance's last request.
    :param peer: the other appliance's chain as PEM.
    """

    certificates: list
    key: object
    der: bool = False
    single: bool = False
    peer: str = ""

    @property
    def data(self):
        if self.der:
            return b"".join(one.der for one in self.certificates)
        return "".join(one.pem for one in self.certificates).encode()


class Cas:
    """A root and the CAs below it, valid by a clock."""

    def __init__(self, clock):
        self.days, self.past, self.future = clock.days(), clock.days(-9, -1), clock.days(1, 9)
        self.root = self.ca("CA-Racine")
        self.one, self.two = self.ca("CA1-Inter", self.root), self.ca("Inter-CA2", self.root)
        self.key = mint.shared_key("RSA-2048")

    def ca(self, name, issuer=None, **more):
        key = mint.new_key()
        return mint.authority(name, issuer=issuer, key=key, extensions=mint.key_identifiers(key, issuer), **dict(self.days, **more))

    def leaf(self, issuer=None, name=NAME, key=None, asked=(SERVER, CLIENT), encipherment=True, **more):
        extensions = [purposes(*asked)] if asked else []
        extensions += [usage(encipherment)] if encipherment is not None else []
        dns = [name] if isinstance(name, str) and "*" not in name else []
        days = dict(self.days, **more)
        return mint.mint(name, dns=dns, issuer=issuer or self.one, key=key or self.key, extensions=extensions, **days)

    def chain(self, *more, leaf=None, **changes):
        """Leaf, intermediate and root; ``more`` are fields of the case."""
        return Case([leaf or self.leaf(**changes), self.one, self.root], self.key)

    def deep(self, length):
        """A chain of so many certificates."""
        cas = [self.root]
        while len(cas) < length - 1:
            cas.append(self.ca("CA %d" % len(cas), cas[-1]))
        return Case([self.leaf(cas[-1])] + cas[::-1], self.key)

    def pem(self, *certificates):
        return "".join(one.pem for one in certificates)


def broken(cas):
    """For each of the rules, cases that break it and no other; and those that break none."""
    whole = cas.chain()
    leaf = whole.certificates[0]
    peer = cas.pem(cas.leaf(cas.one, "ome-target.corp.example", mint.new_key()), cas.one, cas.root)
    other = cas.pem(cas.leaf(cas.two, "ome-target.corp.example", mint.new_key()), cas.two, cas.root)
    nameless = cas.ca(None, cas.root)
    return {
        "0 nothing": [whole, whole._replace(peer=peer), cas.deep(10), Case([leaf], cas.key, single=True)],
        "0 a single one for servers alone": [Case([cas.leaf(asked=(SERVER,))], cas.key, single=True)],
        "1 another request": [whole._replace(key=mint.new_key()), Case([leaf], mint.new_key(), single=True)],
        "2 no PEM": [whole._replace(der=True), Case([leaf], cas.key, der=True, single=True)],
        "3 purposes of a chain": [cas.chain(asked=(SERVER,)), cas.chain(asked=(CLIENT,)), cas.chain(asked=())],
        "4 purpose of a single one": [Case([cas.leaf(asked=(CLIENT,))], cas.key, single=True), Case([cas.leaf(asked=())], cas.key, single=True)],
        "5 key usage of a chain": [cas.chain(encipherment=False), cas.chain(encipherment=None)],
        "6 key usage of a single one": [Case([cas.leaf(encipherment=False)], cas.key, single=True)],
        "7 a CA is missing": [Case([leaf, cas.one], cas.key), Case([leaf, cas.root], cas.key), Case([leaf], cas.key)],
        "8 the order": [
            Case([leaf, cas.root, cas.one], cas.key),
            Case([cas.root, cas.one, leaf], cas.key),
            Case([leaf, cas.one, cas.one, cas.root], cas.key),
            Case([leaf, cas.one, cas.root, cas.two], cas.key),
        ],
        "9 no common name": [
            cas.chain(name=mint.name(None, "Example Corporation")),
            Case([cas.leaf(nameless), nameless, cas.root], cas.key),
            Case([cas.leaf(name=mint.name(None, "Example Corporation"))], cas.key, single=True),
        ],
        "10 a wildcard": [cas.chain(name="*.corp.example"), Case([cas.leaf(name="*.corp.example")], cas.key, single=True)],
        "11 too deep": [cas.deep(11)],
        "12 other CAs on the other side": [whole._replace(peer=other), cas.deep(4)._replace(peer=peer)],
        "13 outside its validity": [cas.chain(**cas.past), cas.chain(**cas.future)],
    }


def connection_answer(case, clock):
    """What a migration answers when it verifies the connection of two appliances that accepted their chains; empty if it verifies."""
    peer = article.PEM_FILE.findall(case.peer.encode()) or [minted.pem.encode() for minted in case.certificates]
    try:
        article.connection([minted.x509 for minted in case.certificates], [x509.load_pem_x509_certificate(block) for block in peer], clock)
    except article.Refused as refused:
        return refused.text
    return ""
