# shellcheck shell=bash
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Sourced by the scripts beside it: install Debian packages, or say what an administrator has to.

say() { printf 'make: %s\n' "$*" >&2; }

# install_packages WHY PACKAGE …
install_packages() {
    local why=$1 as_root=
    shift
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "$why. Ask an administrator for: apt-get install $*"
            exit 1
        fi
        as_root='sudo -n'
    fi
    say "installing $*"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 install "$@" >/dev/null
}
