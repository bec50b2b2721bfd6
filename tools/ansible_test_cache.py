# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let ansible-test set up its environments where only a package index can be reached.

It puts pip into bare environments by a script from a host of its own. This leaves a script of the same name in its cache that
installs the same release of pip from a wheel, which the ordinary client has fetched. Run it with the Python that has ansible-test.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import ansible_test

INSTALLER = """\
import pathlib, sys
wheel = str(pathlib.Path(__file__).with_name({wheel!r}))
sys.path.insert(0, wheel)
from pip._internal.cli.main import main
ours = [one for one in sys.argv[1:] if one not in ("--no-setuptools", "--no-wheel")]
named = any(one.startswith("pip==") for one in ours)
more = [one for one in ("setuptools", "wheel") if "--no-" + one not in sys.argv]
sys.exit(main(["install", "--quiet", "--upgrade", "--force-reinstall", *ours, *([] if named else [wheel]), *more]))
"""


def releases() -> list:
    """The releases of pip that this ansible-test asks for."""
    source = pathlib.Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    return sorted(set(re.findall(r"pip='([0-9.]+)'", source.read_text(encoding="utf-8"))))


def main() -> None:
    """Fill the cache."""
    cache = pathlib.Path("~/.ansible/test/cache").expanduser()
    cache.mkdir(parents=True, exist_ok=True)
    for release in releases():
        wheel = "pip-%s-py%s3-none-any.whl" % (release, "2.py" if release.startswith("20.") else "")
        if not (cache / wheel).exists():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            command += ["--python-version", "3.11", "--dest", str(cache), "pip==" + release]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        script = cache / ("get_pip_%s.py" % release.replace(".", "_"))
        script.write_text(INSTALLER.format(wheel=wheel), encoding="utf-8")


if __name__ == "__main__":
    main()
