# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mint certificates for tests, broken ones included: one line each, nothing pasted."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from .clock import DAY, FIXED

#: the moment at which pure tests judge; certificates are valid around it unless a test gives them another validity
NOW = FIXED.now
SHA256 = hashes.SHA256()
CURVES = {
    "P-192": ec.SECP192R1,
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "secp256k1": ec.SECP256K1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
#: what ``openssl ca`` wants to be told
CA_CONFIG = """[ca]
default_ca = tests
[tests]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
policy = any
[any]
commonName = supplied
"""
OPENSSL_TIME = "%Y%m%d%H%M%SZ"


@dataclass(frozen=True)
class Minted:
    """A certificate and the key that belongs to it."""

    x509: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.x509.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.x509.public_bytes(serialization.Encoding.PEM).decode("ascii")

    @property
    def key_pem(self) -> str:
        return key_pem(self.key)


def new_key(kind: str = "P-256") -> Any:
    """A fresh key: a P- or brainpool curve, secp256k1, RSA-1024, RSA-2048, DSA, Ed25519 or Ed448."""
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[4:]))
    if kind == "DSA":
        return dsa.generate_private_key(key_size=2048)
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return ec.generate_private_key(CURVES[kind]())


#: the same key again, where its making is slow and its identity does not matter
shared_key = functools.lru_cache(maxsize=None)(new_key)


def key_pem(key: Any, passphrase: Optional[str] = None) -> str:
    """A private key as PKCS#8 PEM."""
    locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode("ascii")


def name(common_name: Optional[str], organization: Optional[str] = None) -> x509.Name:
    """A subject; a common name of None leaves it out, an empty one is encoded as such."""
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    if common_name is not None:
        parts.append(_common_name(common_name))
    return x509.Name(parts)


def _common_name(text: str) -> x509.NameAttribute:
    """The library refuses to make an empty common name; appliances have them all the same."""
    if text:
        return x509.NameAttribute(NameOID.COMMON_NAME, text)
    attribute = x509.NameAttribute(NameOID.COMMON_NAME, "x")
    object.__setattr__(attribute, "_value", "")
    return attribute


def mint(
    common_name: Any = "depot.corp.example",
    dns: Sequence[str] = (),
    ip: Sequence[str] = (),
    issuer: Optional[Minted] = None,
    ca: bool = False,
    starts: datetime.datetime = NOW - 10 * DAY,
    ends: datetime.datetime = NOW + 300 * DAY,
    key: Any = None,
    digest: Any = SHA256,
    organization: Optional[str] = None,
    extensions: Sequence[tuple] = (),
    issuer_name: Optional[x509.Name] = None,
    path_length: Optional[int] = None,
) -> Minted:
    """A certificate, self-signed unless an issuer is given.

    :param starts: with ``ends`` its validity: around the fixed moment, or what ``days()`` of a clock gives.
    :param common_name: text, or a whole x509.Name.
    :param issuer_name: another name for the issuer than its subject.
    :param path_length: of a CA, how many others may stand below it.
    :param extensions: further pairs of extension and critical flag.
    """
    key = key or new_key()
    signer = issuer.key if issuer else key
    subject = common_name if isinstance(common_name, x509.Name) else name(common_name, organization)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name or (issuer.x509.subject if issuer else subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
    )
    names = [x509.DNSName(entry) for entry in dns] + [x509.IPAddress(ipaddress.ip_address(entry)) for entry in ip]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    ed = isinstance(signer, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    return Minted(builder.sign(signer, None if ed else digest), key)


def key_identifiers(key: Any, issuer: Optional[Minted] = None) -> list:
    """Subject and authority key identifier (RFC 5280 sections 4.2.1.1 and 4.2.1.2) as extensions of ``mint``."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    other = x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer.key if issuer else key).public_key())
    return [(own, False), (other, False)]


def authority(common_name: Any = "Test Root CA", issuer: Optional[Minted] = None, **more: Any) -> Minted:
    """A CA: a root, or an intermediate where an issuer is given."""
    return mint(common_name, issuer=issuer, ca=True, **more)


def conforming(common_name: str, issuer: Optional[Minted] = None, ca: bool = False, extensions: Sequence[tuple] = (), **more: Any) -> Minted:
    """A certificate as RFC 5280 section 4.2.1 requires it of a CA, and strict clients of the certificate: with key identifiers and a CA's key usage."""
    key = new_key()
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **dict.fromkeys(bits, False))
    added = [*key_identifiers(key, issuer), *([(usage, True)] if ca else []), *extensions]
    return mint(common_name, issuer=issuer, ca=ca, key=key, extensions=added, **more)


def encoded_names(*entries: Tuple[int, bytes]) -> x509.UnrecognizedExtension:
    """A subject alternative name of these entries (tag and content), as somebody's own program encodes it: the library refuses some of them."""
    content = b"".join(bytes([tag, len(value)]) + value for tag, value in entries)
    length = bytes([len(content)]) if len(content) < 0x80 else bytes([0x81, len(content)])
    return x509.UnrecognizedExtension(x509.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30" + length + content)


def load_csr(data: bytes) -> Any:
    """A request that somebody made."""
    return x509.load_pem_x509_csr(data)


def sign(request: Any, common_name: str, issuer: Minted, **more: Any) -> Minted:
    """A CA's answer to a request: a certificate for its key, which stays where it is."""
    return mint(common_name, issuer=issuer, key=request, **more)


def csr(common_name: str, dns: Sequence[str] = (), key: Any = None) -> str:
    """A certificate signing request as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(common_name))
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in dns]), critical=False)
    return builder.sign(key or new_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def signed_with(
    digest: str,
    common_name: str,
    issuer: Optional[Minted],
    key: Any = None,
    options: Sequence[str] = (),
    ca: bool = False,
    starts: datetime.datetime = NOW - 10 * DAY,
    ends: datetime.datetime = NOW + 300 * DAY,
) -> Minted:
    """A certificate that cryptography, or an old release of it, refuses to make: signed with sha1, md5 or PSS, or of version 1.

    openssl makes it, as ``openssl ca``: of its commands, this one takes both ends of the validity in every release. It is of version 1
    unless it is a CA's.

    :param issuer: None for a self-signed one.
    :param options: further arguments, such as ``-sigopt rsa_padding_mode:pss``.
    """
    key = key or new_key()
    with tempfile.TemporaryDirectory() as folder:
        texts = {"csr": csr(common_name, key=key), "key": (issuer or Minted(None, key)).key_pem, "index": "", "serial": "01\n"}
        texts.update(config=CA_CONFIG.format(folder=folder), ext="basicConstraints=critical,CA:TRUE\n", ca=issuer.pem if issuer else "")
        paths = {what: pathlib.Path(folder, what) for what in texts}
        for what, text in texts.items():
            paths[what].write_text(text, encoding="ascii")
        command = ["openssl", "ca", "-batch", "-notext", "-config", paths["config"], "-md", digest, "-in", paths["csr"], "-keyfile", paths["key"]]
        command += ["-startdate", starts.strftime(OPENSSL_TIME), "-enddate", ends.strftime(OPENSSL_TIME), *options]
        command += ["-cert", paths["ca"]] if issuer else ["-selfsign"]
        command += ["-extfile", paths["ext"]] if ca else []
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return Minted(x509.load_pem_x509_certificate(out), key)
