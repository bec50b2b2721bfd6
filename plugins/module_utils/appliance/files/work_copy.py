# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of a file for a program that changes it by its path. Standard library only: appliances run this."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import Iterator, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import PREFIX
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import has_ended, identity_of


@contextlib.contextmanager
def private_copy(content: bytes, parent: Optional[str]) -> Iterator[str]:
    """A file with this content in a folder of its own, which only this user can enter. It ends with the context.

    :param parent: where the folder is made; None: where the system has its temporary files.
    """
    folder = tempfile.mkdtemp(prefix="%s%s_" % (PREFIX, identity_of(os.getpid())), dir=parent)
    try:
        path = os.path.join(folder, "copy")
        with open(path, "xb") as stream:
            stream.write(content)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_folders(parent: str) -> None:
    """Remove the folders of processes that ended before they could do so themselves."""
    for name in os.listdir(parent):
        if name.startswith(PREFIX) and has_ended(name[len(PREFIX) :].partition("_")[0]):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
