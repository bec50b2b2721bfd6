# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No file of a task overwrites another one: neither one that the task writes too, nor one that it reads, as the key of a CA."""

from __future__ import annotations

import itertools
import os
from typing import Dict, Iterable, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import NEXT, SIGNING

#: what a task writes
WRITTEN = ("private_key_path", "csr_path", "certificate_path", "combined_path")
#: what a task reads and must leave as it is
READ = ("signing_ca_path", "signing_ca_private_key_path", "request_path")
#: the combined file may be that of the key or of the certificate
ONE_FILE = (("private_key_path", "combined_path"), ("certificate_path", "combined_path"))


def check_distinct(params: Mapping[str, Optional[str]]) -> None:
    """Each file has a path of its own.

    :raises RemediationError: options name the same file; the message names them.
    """
    written, read = _resolved(params, WRITTEN), _resolved(params, READ)
    for suffix in (NEXT, SIGNING) if "private_key_path" in written else ():
        written["%s of private_key_path" % suffix] = written["private_key_path"] + suffix
    written_twice = [pair for pair in itertools.combinations(written, 2) if pair not in ONE_FILE and len({written[option] for option in pair}) == 1]
    _refuse(written_twice, "Give each its own path. A file with the certificate, its chain and the key is written with combined_path.")
    overwritten = [(option, other) for option, other in itertools.product(written, read) if written[option] == read[other]]
    _refuse(overwritten, "The task would overwrite a file that it reads. Give each its own path.")


def _resolved(params: Mapping[str, Optional[str]], options: Iterable[str]) -> Dict[str, str]:
    return {option: os.path.realpath(path) for option, path in ((option, params.get(option)) for option in options) if path}


def _refuse(pairs: Sequence[Tuple[str, str]], advice: str) -> None:
    if pairs:
        options = dict.fromkeys(itertools.chain.from_iterable(pairs))
        raise RemediationError("%s: the same file is given for each of them" % ", ".join(options), advice)
