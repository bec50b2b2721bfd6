# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root filesystem that all hosts share: made once by mmdebstrap from this machine's own package sources."""

import fcntl
import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from lab import namespaces, places, rootless
from lab.errors import LabError

TOOLS = {"mmdebstrap": "mmdebstrap", "ip": "iproute2", "nsenter": "util-linux", "ssh-keygen": "openssh-client"}
UNPRIVILEGED_TOOLS = {"newuidmap": "uidmap"}
PACKAGES = """
    python3 python3-cryptography openssh-server nginx-light apache2 haproxy default-jre-headless ca-certificates
    ca-certificates-java openssl login mount passwd procps iproute2 libfaketime
""".split()
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
KEYSTORE = "/usr/local/share/lab/trusted_certificates.store"
KEYSTORE_PASSWORD = "StorePw1!"
HOOKS = (
    # Java's alternatives link to manual pages that are left out, and fail without their folder.
    ("setup", 'mkdir -p "$1/usr/share/man/man1"'),
    # A Java starts in half a second: make the installer's keystore once, not with every host.
    ("customize", f'mkdir -p "$1{os.path.dirname(KEYSTORE)}"'),
    (
        "customize",
        'chroot "$1" keytool -importcert -noprompt -trustcacerts -alias isrg_root_x1 -storepass '
        f"'{KEYSTORE_PASSWORD}' -keystore {KEYSTORE} -file /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt",
    ),
)
APT = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]


def suite():
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines() if "=" in line)
    name = release.get("VERSION_CODENAME", "").strip('"')
    if not name or not shutil.which("apt-get"):
        raise LabError("The lab's hosts are made from Debian or Ubuntu packages, and this machine is neither.")
    return name


def sources():
    """This machine's own distribution's sources; no third party's."""
    folder = Path("/etc/apt")
    candidates = [folder / "sources.list.d" / "debian.sources", folder / "sources.list.d" / "ubuntu.sources", folder / "sources.list"]
    found = [str(path) for path in candidates if path.is_file() and _names_a_source(path)]
    if not found:
        raise LabError("No package source in /etc/apt/sources.list, debian.sources or ubuntu.sources.")
    return found


def _names_a_source(path):
    return any(line.startswith(("deb ", "deb\t", "Types:")) for line in path.read_text(encoding="utf-8").splitlines())


def path():
    """Where the root filesystem lies; the name says from what it was made, and by whom (who owns its files).

    LAB_ROOT names another one; within a lab, the one it is made of.
    """
    if os.environ.get("LAB_ROOT"):
        return Path(os.environ["LAB_ROOT"])
    recipe = json.dumps([suite(), platform.machine(), PACKAGES, LEFT_OUT, HOOKS, os.getuid()])
    return places.home() / "roots" / f"{suite()}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def require():
    if not path().is_dir():
        raise LabError("The lab's root filesystem is not there yet.", "Make it once with: tests/lab/labctl setup")
    return path()


def setup(say=print):
    """Make the root filesystem unless it is there; a second call takes no time."""
    goal = path()
    (goal.parent).mkdir(parents=True, exist_ok=True)
    places.mount_point().mkdir(exist_ok=True)
    with open(places.home() / "setup.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_tools(say)
        if goal.is_dir():
            say(f"lab: {goal} is ready")
            return
        if os.geteuid() != 0:
            rootless.require()
        start = time.monotonic()
        say(f"lab: making a {suite()} root filesystem with {len(PACKAGES)} packages; this takes about half a minute")
        status = namespaces.run(functools.partial(_build, goal, say), namespaces.NETWORK_SHARED)
        if status != 0:
            raise LabError(f"mmdebstrap failed with status {status}", f"Its output is in {_log(goal)}")
        say(f"lab: {goal} is ready after {time.monotonic() - start:.0f} s")


def install_tools(say):
    """Install on this machine what the lab itself needs, and nothing else."""
    tools = TOOLS if os.geteuid() == 0 else {**TOOLS, **UNPRIVILEGED_TOOLS}
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = sorted({package for program, package in tools.items() if not shutil.which(program, path=search)})
    if not missing:
        return
    command = [*APT, "install", "--no-install-recommends", *missing]
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become and not _sudo_asks_nothing():
        raise LabError(f"Not installed: {' '.join(missing)}", f"Ask an administrator for: sudo apt-get install {' '.join(missing)}")
    say(f"lab: installing {' '.join(missing)}")
    for step in ([*APT, "update"], command):
        subprocess.run([*become, "env", "DEBIAN_FRONTEND=noninteractive", *step], check=True, stdout=subprocess.DEVNULL)


def _sudo_asks_nothing():
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def _log(goal):
    return goal.parent / f"{goal.name}.log"


def _build(goal, say):
    """In namespaces of its own, so that an aborted build leaves no mount behind; renamed at the end, so no half root either."""
    partial = goal.parent / f".{goal.name}"
    if partial.exists():
        shutil.rmtree(partial)
    command = ["mmdebstrap", "--mode=root", "--variant=apt", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"']
    command += [f"--{stage}-hook={script}" for stage, script in HOOKS]
    command += [suite(), str(partial), *sources()]
    with open(_log(goal), "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", errors="replace")
        for line in process.stdout:
            log.write(line)
            if line.startswith("I: ") and "..." in line:
                say(f"lab: {line[3:].strip()}")
    if process.wait() == 0:
        partial.rename(goal)
    return process.returncode


def clean(say=print):
    """Remove every root filesystem; an unprivileged user does not own all of its files, so this too needs the namespace."""
    roots = places.home() / "roots"

    def remove():
        shutil.rmtree(roots, ignore_errors=False)
        return 0

    if roots.is_dir() and namespaces.run(remove, namespaces.NETWORK_SHARED) == 0:
        say(f"lab: {roots} is removed")
