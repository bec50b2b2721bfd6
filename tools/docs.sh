#!/usr/bin/env bash
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build the documentation site of the modules, roles and pages into a folder: tools/docs.sh FOLDER
set -eu
site=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
antsibull-docs sphinx-init --use-current --squash-hierarchy --fail-on-error --dest-dir "$work" certmend.tls
# no other site is asked for its index: the build needs no network
printf '\nintersphinx_mapping = {}\nsuppress_warnings = ["ref.ref", "app.add_source_parser"]\n' >> "$work/conf.py"
(cd "$work" && bash build.sh)
rm -rf "$site"
cp -r "$work/build/html" "$site"
