# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fuzz the reader with atheris: make fuzz SECONDS=60.

Whatever the bytes are, reading them raises nothing: neither certificates nor requests nor the pieces of a server's file.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ansible_collections.certmend.tls.plugins"]):
    from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import parse_pem_file
    from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates
    from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool

from ansible_collections.certmend.tls.tests.support import forms, mint


def read(data: bytes) -> None:
    """One input. RemediationError is the one exception that a function here declares, and only for a request."""
    reading = read_certificates(data)
    assert reading.certificates or reading.warnings
    now = mint.NOW
    pool = Pool()
    pool.add_certificates(reading.certificates, "fuzz")
    for certificate in reading.certificates:
        certificate.as_dict(now)
        pool.named(certificate)
    parse_pem_file(data)
    with contextlib.suppress(RemediationError):
        load_csr(data, "csr_path")


def seeds(folder: Path) -> None:
    """Every form of a certificate, and a request."""
    leaf, middle = mint.mint(), mint.authority("Middle")
    contents = list(forms.one_certificate(leaf).values()) + list(forms.several_certificates([leaf, middle]).values())
    contents += [forms.pkcs12(leaf, [middle], ""), mint.csr("www").encode()]
    for number, content in enumerate(contents):
        (folder / str(number)).write_bytes(content)


def main() -> None:
    """Fuzz for so many seconds; what made it fail is left in the current folder, as libFuzzer does."""
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        atheris.Setup([sys.argv[0], folder, "-max_total_time=%d" % int(sys.argv[1]), "-max_len=8192", "-timeout=10"], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
