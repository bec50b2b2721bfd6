# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that name a file or text with certificates."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation of CERTIFICATE_INPUT_SPEC (module_utils/x509/load/input_spec.py)."""

    DOCUMENTATION = r"""
options:
  path:
    description:
      - A file with certificates in any common form. PEM with any text around it, in UTF-8 or UTF-16, with any line ends,
        indented, quoted, or with escaped line ends; DER; PKCS#7, even if it is labelled CERTIFICATE; PKCS#12 (O(password));
        and Base64 of any of these without a label.
      - The file is read block by block. A block that cannot be read gives a warning with its line; the other blocks are read
        nevertheless.
    type: path
  content:
    description: Certificates as text, in any form that O(path) may have.
    type: str
  content_base64:
    description: The bytes of a file with certificates as Base64, as M(ansible.builtin.slurp) returns them.
    type: str
  password:
    description: The password of PKCS#12 files, of O(path) and of all other files and texts with certificates of the task.
    type: str
"""
