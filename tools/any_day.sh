#!/usr/bin/env bash
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run a command as on another day: tools/any_day.sh +310d COMMAND …, or at an hour: tools/any_day.sh "yesterday 23:59:50" COMMAND …
# The moment is an offset as faketime takes it, or a day and HH:MM:SS in UTC, as date takes it. The command and everything that it starts has that clock; it runs on.
# Where Debian's faketime is missing, installs it, or says what an administrator has to.
set -eu
moment=$1 && shift

. "$(dirname "$0")/packages.sh"
command -v faketime >/dev/null || install_packages "there is no faketime to run the tests on another day" faketime
case $moment in
    *:*:*) offset=$(($(date -u -d "$moment" +%s) - $(date +%s))) ;;
    *) offset= ;;
esac
case $offset in
    '') ;;
    -*) moment=${offset}s ;;
    *) moment=+${offset}s ;;
esac
# Only the day is another one. Waiting is by the monotonic clock, which stays as it is (the fix for old C libraries would mistake it, and
# Java wait for seconds); files are as old as they are.
export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0 NO_FAKE_STAT=1
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH=$here/any_day${PYTHONPATH:+:$PYTHONPATH}
faketime -f "$moment" date -u '+these tests run as at %F %T UTC'
exec faketime -f "$moment" "$@"
