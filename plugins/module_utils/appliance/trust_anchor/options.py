# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``trust_anchor``, validated. Standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param path: a PEM file; None if the certificates are given as ``content``.
    :param store: ``auto``, ``java``, or a family of systems.
    :param keystore: the keystore, if ``store`` is ``java``.
    :param entries: remove the certificates only from these aliases or files; None: from all.
    :param pending: whether the playbook says that an earlier task of the run issues the certificate.
    """

    path: Optional[str]
    content: str
    store: str
    keystore: Optional[Keystore]
    name: Optional[str]
    state: State
    allow_leaf: bool
    label: str
    pending: bool
    backup: bool
    journal: Optional[str] = None
    entries: Optional[Tuple[str, ...]] = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Options:
        """The module's parameters; the argument specification has validated them."""
        keystore = params["keystore"] if params["store"] == "java" else None
        return cls(
            path=params["path"],
            content=params["content"] or "",
            store=params["store"],
            keystore=Keystore(keystore["path"], keystore["password_file"]) if keystore else None,
            name=params["name"],
            state=State(params["state"]),
            allow_leaf=params["allow_leaf"],
            label=params["label"] or "",
            pending=params["pending"],
            backup=params["backup"],
            journal=params["journal"],
            entries=None if params.get("entries") is None else tuple(params["entries"]),
        )

    @property
    def source(self) -> str:
        """The option that the certificates come from, for messages."""
        return "content" if self.path is None else "path"
