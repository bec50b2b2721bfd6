# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates, requests and keys in any form, text of vecs-cli among them."""

from __future__ import annotations

from harness import fuzz

fuzz("reader")
