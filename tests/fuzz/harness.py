# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fuzz targets share: one parser each, its real inputs as seeds, and only the declared exception may leave it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ansible_collections.certmend.tls.plugins"]):
    from ansible_collections.certmend.tls.tests.support.outside import PARSERS


def fuzz(name: str) -> None:
    """Fuzz for the seconds on the command line; the input that made it fail is kept in the current folder."""
    parser = PARSERS[name]
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(parser.seeds()):
            Path(folder, str(number)).write_bytes(content)
        options = ["-max_total_time=%d" % int(sys.argv[1]), "-max_len=8192", "-timeout=10", "-rss_limit_mb=1024", "-artifact_prefix=fuzz-%s-" % name]
        atheris.Setup([sys.argv[0], folder, *options], parser.run)
        atheris.Fuzz()
