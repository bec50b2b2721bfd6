# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection: other collections must not import it, and it changes without notice in any release.

``core`` <- ``appliance`` (standard library only, Python 3.7: it runs on appliances) <- ``x509`` (may use ``cryptography``). See docs/architecture.md.
"""
