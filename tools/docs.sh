#!/usr/bin/env bash
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build the documentation site of the modules, roles and guides into a folder: tools/docs.sh FOLDER
set -eu
site=$1
tools=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
antsibull-docs sphinx-init --use-current --fail-on-error --dest-dir "$work" \
    --project certmend.tls --copyright 'certmend.tls contributors' --title certmend.tls certmend.tls
cat "$tools/docsite/conf.py" >> "$work/conf.py"
cp -r "$tools/docsite/static" "$work/static"
rm "$work/rst/index.rst"
chmod og-w "$work/rst"
antsibull-docs --config-file "$work/antsibull-docs.cfg" collection --use-current --fail-on-error --dest-dir "$work/rst" certmend.tls
python "$tools/docs_pages.py" "$work/rst"
sphinx-build -M html "$work/rst" "$work/build" --quiet -c "$work" -W --keep-going
python "$tools/docs_check.py" "$work/build/html"
rm -rf "$site"
cp -r "$work/build/html" "$site"
