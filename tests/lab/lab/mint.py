# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mint the estate's certificates, the broken ones included.

Runs with the root filesystem's own Python, which has `cryptography`; the machine's need not. Reads
`{host: [certificate as in estate.json]}` from standard input and answers PEM texts: `{"ca": …, "ca_key": …, "hosts": {host:
[{"certificate": …, "key": …}]}}`.
"""

import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

NOT_FOR_A_CA = """
    digital_signature content_commitment key_encipherment data_encipherment key_agreement encipher_only decipher_only
""".split()


def main():
    now = datetime.datetime.utcnow().replace(microsecond=0)
    lab_key, lab = mint({"common_name": "Lab Root CA", "days": [-1, 3650], "ca": True}, now)
    hosts = {}
    for host, wanted in json.load(sys.stdin).items():
        hosts[host] = []
        for specification in wanted:
            issuer = (lab, lab_key) if specification.get("issuer") == "lab" else None
            key, certificate = mint(specification, now, issuer)
            hosts[host].append({"certificate": pem(certificate), "key": key_pem(key)})
    json.dump({"ca": pem(lab), "ca_key": key_pem(lab_key), "hosts": hosts}, sys.stdout)


def mint(specification, now, issuer=None):
    """A key and its certificate; self-signed without an issuer (certificate, key)."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, specification["common_name"])])
    issuer_name, issuer_key = (issuer[0].subject, issuer[1]) if issuer else (name, key)
    begins, ends = specification.get("days", [-1, 397])
    builder = (
        x509.CertificateBuilder(issuer_name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins))
        .not_valid_after(now + datetime.timedelta(days=ends))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if specification.get("ca"):
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **dict.fromkeys(NOT_FOR_A_CA, False))
        builder = builder.add_extension(usage, critical=True)
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if specification.get("dns_names"):
        names = [x509.DNSName(name) for name in specification["dns_names"]]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, builder.sign(issuer_key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


if __name__ == "__main__":
    main()
