#!/usr/bin/env bash
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the tests of the report look at it with: Chromium of the system, and axe-core in .browser. Without them these tests are skipped.
set -eu
made=$1

. "$(dirname "$0")/packages.sh"

command -v chromium >/dev/null || install_packages "there is no chromium to look at reports with" chromium
command -v npm >/dev/null || install_packages "there is no npm to install axe-core with" npm
say "installing axe-core"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$(dirname "$made")" axe-core@4.14.1
touch "$made"
