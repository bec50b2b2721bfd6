# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that read or change a Java keystore."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation of KEYSTORE_SPEC (module_utils/appliance/keytool.py), for an option O(keystore) or O(java_keystore)."""

    DOCUMENTATION = r"""
options:
  keystore:
    description: A Java keystore.
    type: dict
    suboptions:
      path:
        description: The path of the keystore file, in JKS or PKCS#12 format. The file must exist.
        type: path
        required: true
      password_file:
        description:
          - The path of a file whose first line is the password of the keystore.
          - If it is not set, the default password of C(cacerts) is tried.
        type: path
"""

    JAVA_KEYSTORE = r"""
options:
  java_keystore:
    description: A Java keystore.
    type: dict
    suboptions:
      path:
        description: The path of the keystore file, in JKS or PKCS#12 format. The file must exist.
        type: path
        required: true
      password_file:
        description:
          - The path of a file whose first line is the password of the keystore.
          - If it is not set, the default password of C(cacerts) is tried.
        type: path
"""
