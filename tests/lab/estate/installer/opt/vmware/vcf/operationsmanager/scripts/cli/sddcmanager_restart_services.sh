#!/bin/sh
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Named as the appliance's own script; restarts the one service that the lab has.
exec systemctl restart lcm
