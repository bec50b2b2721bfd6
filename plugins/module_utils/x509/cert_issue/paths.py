# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a certificate: which there are, and what each contains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum

#: added to the path of the private key in use: the key of a request that the CA has not answered yet
NEXT = ".next"
#: the key of a request that is signed elsewhere within one run of a playbook; no run leaves it when it ends well
SIGNING = ".signing"
#: stands for the path of what is returned and not written
NO_FILE = "(returned, in no file)"


class FileKind(StringEnum):
    """What a file contains. The value is the option that names its path."""

    PRIVATE_KEY = "private_key_path"
    CSR = "csr_path"
    CERTIFICATE = "certificate_path"
    COMBINED = "combined_path"

    @property
    def secret(self) -> bool:
        """Whether the file contains a private key."""
        return self in (FileKind.PRIVATE_KEY, FileKind.COMBINED)


@dataclass(frozen=True)
class Target:
    """A file that a step writes."""

    path: str
    kind: FileKind


@dataclass(frozen=True)
class Paths:
    """The paths that the options name; None if an option is not given."""

    private_key: Optional[str] = None
    csr: Optional[str] = None
    certificate: Optional[str] = None
    combined: Optional[str] = None

    @property
    def main(self) -> str:
        """The file that stands for the certificate in a diff."""
        return self.certificate or self.combined or self.request

    @property
    def request(self) -> str:
        """The file that stands for the request in a diff."""
        return self.csr or NO_FILE

    @property
    def key(self) -> str:
        """The file of the private key in use."""
        return str(self.private_key)

    @property
    def next_key(self) -> Optional[str]:
        """The file of the key that waits for the CA's answer to its request."""
        return self.private_key + NEXT if self.private_key else None

    @property
    def signing_key(self) -> Optional[str]:
        """The file of the key whose certificate is signed elsewhere while the playbook runs."""
        return self.private_key + SIGNING if self.private_key else None

    def keeps_for_later(self, path: str) -> bool:
        """Whether a file has a key that no server reads yet: nobody but the owner may read it, whatever the options say of the key in use."""
        return path in (self.next_key, self.signing_key)

    def targets(self, *kinds: FileKind) -> Tuple[Target, ...]:
        """The files of these kinds whose paths the options name."""
        paths = {
            FileKind.PRIVATE_KEY: self.private_key,
            FileKind.CSR: self.csr,
            FileKind.CERTIFICATE: self.certificate,
            FileKind.COMBINED: self.combined,
        }
        return tuple(Target(path, kind) for kind, path in paths.items() if path and kind in kinds)

    @property
    def secrets(self) -> Tuple[Target, ...]:
        """All files that contain a private key, also those of requests."""
        waiting = tuple(Target(path, FileKind.PRIVATE_KEY) for path in (self.next_key, self.signing_key) if path)
        return self.targets(FileKind.PRIVATE_KEY, FileKind.COMBINED) + waiting

    @property
    def all(self) -> Tuple[str, ...]:
        """The paths of all files that a run reads or writes."""
        return tuple(target.path for target in self.targets(*FileKind) + self.secrets)
