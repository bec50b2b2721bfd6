# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have the appliance create a certificate signing request, and keep it in a file."""

from __future__ import annotations

from typing import Dict, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.csr_fields import CsrFields
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import Appliance


def create_csr(appliance: Appliance, fields: CsrFields) -> str:
    """Have the appliance create a key and a request for it. This invalidates earlier requests.

    :returns: the request as PEM.
    """
    with appliance.sign_in() as client:
        answer = client.generate_csr(fields.as_body())
    return csr_pem(load_csr(answer.encode("utf-8"), "GenerateCSR"))


def keep_csr(csr: str, path: str) -> Tuple[Undo, Dict[str, str]]:
    """Write the request to a file, after a backup of the former request.

    :returns: what restores the file, and the backup by the path of the file.
    """
    transaction = Transaction([Replacement(path, csr.encode("ascii"), "csr_path")], backup=True)
    return transaction.commit(), transaction.backups
