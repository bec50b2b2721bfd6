#!/usr/bin/env bash
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Make a virtual environment from pinned requirements: tools/venv.sh .venv/.made requirements/run.txt …
# Where Debian's python3 lacks its venv module, installs it, or says what an administrator has to.
set -eu
made=$1 && shift
venv=$(dirname "$made")
python=${PY:-python3}

. "$(dirname "$0")/packages.sh"

# tools/environments.py has chosen the Python of these already
case $venv in
    .venv-newest | .venv-core-*) oldest=10 newest=14 ;;
    *) oldest=11 newest=13 ;;
esac
if ! "$python" -c "import sys; sys.exit(not (3, $oldest) <= sys.version_info[:2] <= (3, $newest))"; then
    say "ansible-core 2.19 needs Python 3.11 to 3.13, and $python is $("$python" -V 2>&1). Name another one: make PY=python3.12 …"
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages "$python cannot make virtual environments" "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
fi
say "making $venv"
rm -rf "$venv"
"$python" -m venv "$venv"
arguments=()
for file; do arguments+=(-r "$file"); done
"$venv/bin/pip" install --quiet --disable-pip-version-check "${arguments[@]}" 2> >(grep -v '^WARNING: Location' >&2)
touch "$made"
