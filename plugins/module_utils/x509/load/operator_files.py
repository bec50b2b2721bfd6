# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that an operator names, wherever the operator started the playbook: certificates or a private key, as PEM."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.operator_paths import Folders, split_paths
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import files_in, read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pem, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import to_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.private_key import find_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates


@dataclass(frozen=True)
class NamedFile:
    """The content of a file, and whether the operator named the file itself, not only its folder."""

    name: str
    data: bytes
    named: bool = True


def absolute_path(path: str, folders: Folders, option: str) -> str:
    """The file or folder that a path names.

    :raises RemediationError: there is none, or more than one could be meant.
    """
    expanded = os.path.expanduser(path)
    found = os.path.normpath(os.path.join(folders.start, expanded))
    others = [] if os.path.isabs(expanded) else [os.path.join(folder, expanded) for folder in folders.beside]
    others = [other for other in others if os.path.exists(other) and not (os.path.exists(found) and os.path.samefile(found, other))]
    if not os.path.exists(found):
        raise RemediationError(
            "%s: %s does not exist" % (option, found),
            "A relative path starts from the folder in which the playbook is started (%s)%s." % (folders.start, _hint(others)),
        )
    if others:
        raise RemediationError(
            "%s: %s can be %s, from the folder in which the playbook was started, or %s, beside the playbook" % (option, path, found, others[0]),
            "Give the absolute path of the file that is meant.",
        )
    return found


def _hint(others: Sequence[str]) -> str:
    return "; give the absolute path if %s is meant" % others[0] if others else ""


def read_files(values: Sequence[str], folders: Folders, option: str) -> List[NamedFile]:
    """The content of all the files, those of a folder in the order of their names.

    :param values: paths, or texts with several.
    :raises RemediationError: with everything that cannot be found or read.
    """
    files: List[NamedFile] = []
    errors: List[RemediationError] = []
    for path in (path for value in values for path in split_paths(value, folders)):
        try:
            files += _files_at(absolute_path(path, folders, option), option)
        except RemediationError as error:
            errors.append(error)
    raise_all(errors)
    return files


def _files_at(path: str, option: str) -> List[NamedFile]:
    names = files_in(path, option)
    if not names:
        raise RemediationError("%s: %s is a folder without files" % (option, path), "Give the folder that contains the files.")
    return [NamedFile("%s: %s" % (option, name), read_file(name, option), name == path) for name in names]


def certificates_pem(files: Sequence[NamedFile], password: Optional[str], required: bool) -> Tuple[str, List[str]]:
    """The certificates of files as PEM text, each certificate once, and warnings about what could not be read.

    :param required: whether every file that was named, and every folder, must contain a certificate.
    :raises RemediationError: one does not.
    """
    found: Dict[bytes, None] = {}
    warnings: List[str] = []
    errors: List[RemediationError] = []
    for file in files:
        reading = read_certificates(file.data, password)
        found.update({certificate.der: None for certificate in reading.certificates})
        if reading.certificates or not (file.named and required):
            warnings += ["%s: %s" % (file.name, warning) for warning in reading.warnings]
        else:
            errors.append(_no_certificate(file.name, reading.warnings))
    if files and required and not found and not errors:
        errors.append(_no_certificate(", ".join(file.name for file in files), warnings))
    raise_all(errors)
    return "".join(pem(der) for der in found), warnings


def _no_certificate(name: str, warnings: Sequence[str]) -> RemediationError:
    return RemediationError(
        "%s contains no certificate%s" % (name, "".join(": " + warning for warning in warnings[:1])),
        "Give certificates as PEM, DER, PKCS#7 or PKCS#12 (with its password).",
    )


def private_key_pem(files: Sequence[NamedFile], password: Optional[str], required: bool) -> str:
    """The private key of files as unencrypted PKCS#8 PEM. For options that are not logged only.

    :raises RemediationError: a private key cannot be read, there are several, or there is none although one is required.
    """
    keys = [key for key in (find_private_key(file.data, file.name, password) for file in files) if key is not None]
    names = ", ".join(file.name for file in files)
    if len({pin_of(key.public_key()) for key in keys}) > 1:
        raise RemediationError("%s: contain %d private keys" % (names, len(keys)), "Give the file of the private key that is meant.")
    if files and required and not keys:
        raise RemediationError("%s contains no private key" % names, "Give a private key as PEM, DER or PKCS#8, or a PKCS#12 that contains it.")
    return to_pem(keys[0]).decode("ascii") if keys else ""
