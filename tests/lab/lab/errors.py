# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error the lab raises for a person to read."""


class LabError(Exception):
    """Something the person at the keyboard can repair: what is wrong, and what to do about it."""

    def __init__(self, message, advice=None):
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self):
        return f"{self.message}\n  {self.advice}" if self.advice else self.message
