# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: certificates
short_description: Read certificates, or a private key, from files of any form on the controller, as PEM
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Reads files and folders on the controller with the reader of M(certmend.tls.cert_inspect), and returns all their certificates as one PEM text, each
    certificate once.
  - A file can be PEM with any text around it, DER, PKCS#7, PKCS#12 with its password, or Base64 of these. P(ansible.builtin.file#lookup) fails with such
    binary files.
  - A relative path starts from the folder in which the playbook is started, also in the playbooks of this collection. If a file of that name lies
    beside the playbook too, the lookup fails and asks for the absolute path.
requirements:
  - cryptography >= 3.4.8
options:
  _terms:
    description:
      - Paths of files and folders, as lists or as texts with commas or line breaks between the paths.
      - If no path is given, or only empty ones, and no O(content) either, the result is an empty text.
    type: list
    elements: str
  content:
    description: Certificates or a private key as text, PEM or Base64, to be read in addition to the files.
    type: str
  password:
    description: The password of a PKCS#12 file, or of an encrypted private key.
    type: str
  private_key:
    description:
      - Return the private key of the files instead of their certificates, as unencrypted PKCS#8 PEM. Give it only to options that are not logged, such as
        O(certmend.tls.cert_issue#module:signing_ca_private_key_content), and keep it out of facts.
      - Messages never contain a private key or a password.
    type: bool
    default: false
  required:
    description: Whether the lookup fails if a file contains no certificate, or no private key. A file that does not exist is always an error.
    type: bool
    default: true
  problems:
    description:
      - Return a text for each file that cannot be found or read, instead of the certificates or the private key, for a task that reports several problems at
        once.
    type: bool
    default: false
  variable:
    description: The name of the variable or option that named the files, for messages.
    type: str
    default: certificates
seealso:
  - module: certmend.tls.cert_inspect
  - module: certmend.tls.cert_chain_build
"""

EXAMPLES = r"""
- name: Inspect a certificate with the roots of a PKCS#7 file
  certmend.tls.cert_inspect:
    content: "{{ lookup('certmend.tls.certificates', 'server.der') }}"
    trusted_content: "{{ lookup('certmend.tls.certificates', 'corp-roots.p7b') }}"

- name: Build a chain from a folder and a file
  certmend.tls.cert_chain_build:
    content: "{{ lookup('certmend.tls.certificates', 'server.der') }}"
    candidates_content: "{{ lookup('certmend.tls.certificates', 'intermediates,issuing-ca.cer') }}"
    trusted_content: "{{ lookup('certmend.tls.certificates', 'corp-roots.p7b') }}"

- name: Issue a certificate by a CA whose certificate and private key are in one PKCS#12 file
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: depot.corp.example
    private_key_path: "{{ folder }}/depot.key"
    certificate_path: "{{ folder }}/depot.pem"
    signing_ca_content: "{{ lookup('certmend.tls.certificates', 'ca.p12', password=ca_password) }}"
    signing_ca_private_key_content: "{{ lookup('certmend.tls.certificates', 'ca.p12', password=ca_password, private_key=true) }}"
"""

RETURN = r"""
_raw:
  description: One PEM text, the certificates in the order of the files; or the private key. With O(problems) the texts, if there are any.
  type: list
  elements: str
"""

import os

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.operator_paths import Folders
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet_text
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.operator_files import (
    NamedFile,
    certificates_pem,
    private_key_pem,
    read_files,
)

#: the folder of this collection, where no file of an operator is
COLLECTION = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class LookupModule(LookupBase):
    """The lookup; the work is done in module_utils/x509/load."""

    def run(self, terms, variables=None, **kwargs):
        """Return one text in a list."""
        self.set_options(var_options=variables, direct=kwargs)
        given = dict(kwargs, terms=terms)
        try:
            require()
            text, warnings = self._read(terms, variables or {})
        except RemediationError as error:
            if self.get_option("problems"):
                return [discreet_text(str(each), given) for each in getattr(error, "errors", [error])]
            raise AnsibleLookupError(discreet_text(str(error), given)) from None  # Ansible prints the causes too
        for warning in warnings:
            Display().warning(discreet_text(warning, given))
        return [] if self.get_option("problems") else [text]

    def _read(self, terms, variables):
        name = self.get_option("variable")
        files = read_files([str(path) for path in self._flatten(terms) if path], self._folders(variables), name)
        content = self.get_option("content")
        if content:
            files.append(NamedFile(name, content.encode("utf-8")))
        password, required = self.get_option("password"), self.get_option("required")
        if self.get_option("private_key"):
            return private_key_pem(files, password, required), []
        return certificates_pem(files, password, required)

    def _folders(self, variables):
        """Ansible's processes stay in the folder in which the playbook was started; the loader knows the folder of the playbook."""
        beside = [*variables.get("ansible_search_path", []), self._loader.get_basedir()]
        outside = [folder for folder in beside if not (os.path.realpath(folder) + os.sep).startswith(COLLECTION + os.sep)]
        return Folders(os.getcwd(), tuple(dict.fromkeys(path for folder in outside for path in (folder, os.path.join(folder, "files")))))
