# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that write files: owner, group and mode, and whether a backup is kept."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation of FILE_ATTRIBUTES_SPEC and BACKUP_SPEC (module_utils/appliance/files/files_spec.py)."""

    DOCUMENTATION = r"""
options:
  owner:
    description:
      - The owner of the file, as a user name or a numeric user ID.
      - If it is not set, an existing file keeps its owner.
    type: str
  group:
    description:
      - The group of the file, as a group name or a numeric group ID.
      - If it is not set, an existing file keeps its group.
    type: str
  mode:
    description:
      - The mode of the file, as in M(ansible.builtin.file). Write an octal mode in quotes.
      - If it is not set, an existing file keeps its mode. A new file gets V(0644), or V(0600) if it contains a private key.
    type: raw
"""

    BACKUP = r"""
options:
  backup:
    description:
      - Keep a copy of each file that is replaced, in the same folder, with the same owner and mode.
      - Its name is hidden, for example C(.depot.pem.20261120T120000Z.bak), with the time in UTC. Servers that read all files of a folder leave hidden
        files out.
    type: bool
    default: true
  journal:
    description:
      - The folder of a journal that M(certmend.tls.journal) opened on this host.
      - Every file is recorded in it, with its content and attributes, before it is replaced or removed.
    type: path
    version_added: 0.5.0
"""
