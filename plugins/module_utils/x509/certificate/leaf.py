# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the leaf among certificates."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of


def leaf_among(certificates: Sequence[Certificate], private_key: Any = None) -> Certificate:
    """The certificate that a file is about.

    The certificate that belongs to the private key beside it; else the one that issued none of the others and is not a CA; else the first.

    :param certificates: at least one.
    """
    pin = None if private_key is None else pin_of(private_key.public_key())
    own = [certificate for certificate in certificates if certificate.pin == pin]
    issuers = {certificate.issuer_name for certificate in certificates if not certificate.self_signed}
    tops = [certificate for certificate in certificates if certificate.subject_name not in issuers]
    leaves = [certificate for certificate in tops if not certificate.is_ca]
    return (own or leaves or tops or list(certificates))[0]
