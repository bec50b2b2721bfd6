# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains with stand-in certificates: what is known of a chain before its certificate is issued.

The CA that will issue the certificate is known before, and so are the names and usage that will be asked for. A stand-in has these
names and this usage, and is signed by a copy of the CA whose key is a new one. So all the rules, and a handshake of mutual TLS, can
judge the chain before a request is sent to the appliance.
"""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
from typing import Any, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import is_address
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import digest_for
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations, Names
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.mutual_tls import SubstituteKeys, copy_chain, new_rsa_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Upload

#: the other appliance's stand-in: its name is no host name, so that no constraint on host names applies to it
OTHER_APPLIANCE = Names("the other appliance of the migration")
#: what the findings are about if there is no file yet
TO_BE_ISSUED = "the certificate to be issued"
#: how long a stand-in is valid before and after the moment of the judgement: long enough for no warning
MARGIN = datetime.timedelta(days=365)
USAGE = ("digital_signature", "key_encipherment")
NO_USAGE = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def with_stand_ins(upload: Optional[Upload], chain: bool, expected: Expectations, now: datetime.datetime) -> Tuple[Upload, Expectations, SubstituteKeys]:
    """What can be judged before the certificates are issued: a stand-in for each of the two that is not there yet.

    :param upload: the certificate, if it is there already.
    :param chain: whether it is uploaded as a chain; otherwise as a single certificate.
    :param expected: with the CA of a certificate that is not there yet.
    :raises RemediationError: a CA certificate cannot be copied.
    """
    keys = SubstituteKeys()
    if expected.peer_issuers and not expected.peer:
        expected = dataclasses.replace(expected, peer=chain_with_stand_in(expected.peer_issuers, OTHER_APPLIANCE, keys, now))
    if upload is None:
        certificates = chain_with_stand_in(expected.issuers, expected.names, keys, now)[: None if chain else 1]
        data = "".join(pem(certificate.der) for certificate in certificates).encode("ascii")
        upload, expected = Upload(data, Reading(certificates), TO_BE_ISSUED, chain), dataclasses.replace(expected, csr_pin=None)
    return upload, expected, keys


def chain_with_stand_in(issuers: Sequence[Certificate], names: Names, keys: SubstituteKeys, now: datetime.datetime) -> Tuple[Certificate, ...]:
    """A stand-in followed by copies of its issuers.

    :param issuers: the CA that will issue the certificate, followed by its issuers up to the root.
    :param keys: the private keys of the copies; both chains of a migration need the same.
    :raises RemediationError: a CA certificate cannot be copied.
    """
    return (_stand_in(issuers[0], names, keys, now),) + copy_chain(issuers, keys)


def _stand_in(issuer: Certificate, names: Names, keys: SubstituteKeys, now: datetime.datetime) -> Certificate:
    key, signer = new_rsa_key(), keys.key_for(issuer)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, names.common_name)]))
        .issuer_name(issuer.x509.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - MARGIN)
        .not_valid_after(now + MARGIN)
        .add_extension(x509.KeyUsage(**dict(dict.fromkeys(USAGE, True), **dict.fromkeys(NO_USAGE, False))), critical=True)
        .add_extension(x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.SERVER_AUTH, oid.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    if names.alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names.alternatives]), critical=False)
    stand_in = from_x509(builder.sign(signer, digest_for(signer)))
    keys.keep(stand_in, key)
    return stand_in


def _general_name(name: str) -> Any:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)
