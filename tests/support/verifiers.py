# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask OpenSSL and cryptography's verifier what they think of minted certificates."""

from __future__ import annotations

import pathlib
import subprocess
import tempfile
from typing import Sequence

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import verifiers
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import SERVER, Requirements

from .mint import NOW, Minted
from .policies import ANY


def openssl(*chain: Minted, trusted: Minted, name: str = "") -> verifiers.Judgement:
    """What ``openssl verify -purpose sslserver`` says of a chain, leaf first."""
    return _told(verifiers.by_openssl, chain, trusted, name)


def cryptography(*chain: Minted, trusted: Minted, name: str = "") -> verifiers.Judgement:
    """What cryptography's verifier says of a chain, leaf first; a release without one skips the test."""
    return _told(verifiers.by_cryptography, chain, trusted, name)


def _told(judge: verifiers.Judge, chain: Sequence[Minted], trusted: Minted, name: str) -> verifiers.Judgement:
    told = judge([from_x509(minted.x509) for minted in chain], from_x509(trusted.x509), Requirements(NOW, SERVER), name)
    if told is None:
        pytest.skip("this verifier is not installed")
    return told


def openssl_with_policies(*chain: Minted, trusted: Minted) -> str:
    """Why ``openssl verify -policy_check`` refuses a chain if any policy will do; empty if it accepts. By itself OpenSSL does not process policies."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {"leaf": chain[0].pem, "others": "".join(minted.pem for minted in chain[1:]), "root": trusted.pem}
        paths = {what: pathlib.Path(folder, what) for what in texts}
        for what, text in texts.items():
            paths[what].write_text(text, encoding="ascii")
        command = ["openssl", "verify", "-policy_check", "-policy", ANY, "-attime", str(int(NOW.timestamp())), "-trusted", paths["root"]]
        command += ["-untrusted", paths["others"]] if chain[1:] else []
        done = subprocess.run([*command, paths["leaf"]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout
