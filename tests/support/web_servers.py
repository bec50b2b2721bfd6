# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real nginx and HAProxy as ordinary processes of this machine, on loopback addresses of their own.

The programs are those of this machine. If it has none, they are run from the root filesystem of the lab, with the libraries that lie there.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
from typing import Iterator, List

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

NGINX = """pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen {address}:{port} ssl;
        ssl_certificate {folder}/tls/{name}.pem;
        ssl_certificate_key {folder}/tls/{name}.key;
    }}
}}
"""
HAPROXY = """defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
frontend https
    bind {address}:{port} ssl crt {folder}/tls/{name}.pem
    http-request return status 200
"""
#: the folders of programs that a PATH may lack
SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")
#: how often an address was taken
TAKEN = itertools.count()


def own_address() -> str:
    """An address of the loopback network that no other test of this machine uses, because it is made of this process's number: every port of it is free."""
    number = (os.getpid() << 3) + next(TAKEN) % 8
    return "127.%d.%d.%d" % (64 + (number >> 16) % 128, number >> 8 & 255, number & 255)


@functools.lru_cache(maxsize=None)
def command_of(program: str) -> List[str]:
    """The words that start a program of this machine, or of the lab's root filesystem; without both the test is skipped."""
    here = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM]))
    if here:
        return [here]
    asked = subprocess.run([sys.executable, str(ROOT / "tests/lab/labctl"), "root"], capture_output=True, text=True, check=False)
    if asked.returncode:
        pytest.skip("%s is not installed, and there is no root filesystem of the lab that has it: %s" % (program, asked.stderr.strip()))
    root = pathlib.Path(asked.stdout.strip())
    (loader,) = root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.?")
    return [str(loader), "--library-path", str(loader.parent), "--argv0", '"$0"', str(root / "usr/sbin" / program)]


def install(program: str, folder: pathlib.Path, *arguments: str) -> None:
    """Write a program into a folder of programs: it starts the real one, always with these arguments."""
    path = folder / program
    path.write_text('#!/bin/sh\nexec %s "$@"\n' % " ".join([*command_of(program), *arguments]), encoding="utf-8")
    path.chmod(0o755)


@contextlib.contextmanager
def nginx(folder: pathlib.Path, programs: pathlib.Path, name: str, address: str, port: int) -> Iterator[None]:
    """An nginx with the certificate ``tls/NAME.pem`` and the key ``tls/NAME.key`` of a folder. Its program knows its configuration, as if installed."""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, name=name, address=address, port=port), encoding="utf-8")
    install("nginx", programs, "-c", str(folder / "nginx.conf"))
    with running([str(programs / "nginx"), "-g", "daemon off;"], address, port):
        yield


@contextlib.contextmanager
def haproxy(folder: pathlib.Path, programs: pathlib.Path, name: str, address: str, port: int) -> Iterator[None]:
    """A HAProxy with the certificate and the key in ``tls/NAME.pem`` of a folder. SIGUSR2 to the process in ``haproxy.pid`` reloads it."""
    (folder / "haproxy.cfg").write_text(HAPROXY.format(folder=folder, name=name, address=address, port=port), encoding="utf-8")
    install("haproxy", programs)
    with running([str(programs / "haproxy"), "-W", "-f", str(folder / "haproxy.cfg"), "-p", str(folder / "haproxy.pid")], address, port):
        yield


@contextlib.contextmanager
def running(command: List[str], address: str, port: int) -> Iterator[None]:
    """A server that listens, until the end of the block."""
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said) as process:
        try:
            while not answers(address, port):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
                    said.seek(0)
                    pytest.fail("%s ended: %s" % (" ".join(command), said.read().decode("utf-8", "replace")))
            yield
        finally:
            process.terminate()


def answers(address: str, port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as client:
        return client.connect_ex((address, port)) == 0
