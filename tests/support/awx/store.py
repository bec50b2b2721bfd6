# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of a server that answers like AWX: by kind, each with an id, an address and what it is associated with."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional

Item = Dict[str, Any]
API = "/api/v2/"
#: for each kind of object the word that AWX has for one of them
KINDS = {
    "organizations": "organization",
    "credentials": "credential",
    "credential_types": "credential_type",
    "execution_environments": "execution_environment",
    "inventories": "inventory",
    "job_templates": "job_template",
    "notification_templates": "notification_template",
    "project_updates": "project_update",
    "projects": "project",
    "schedules": "schedule",
    "workflow_approval_templates": "workflow_approval_template",
    "workflow_job_template_nodes": "workflow_job_template_node",
    "workflow_job_templates": "workflow_job_template",
}
#: what a schedule and a node of a workflow can start
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "workflow_approval_templates")


class Store:
    """What the server knows.

    :param playbooks: the playbooks of each project, as AWX lists them.
    """

    def __init__(self, playbooks: Iterable[str]) -> None:
        self.playbooks = set(playbooks)
        self.items: Dict[str, List[Item]] = {kind: [] for kind in KINDS}
        self.surveys: Dict[int, Item] = {}
        self.links: Dict[str, List[int]] = {}

    def all(self, kind: str) -> List[Item]:
        """The objects of a kind; of ``unified_job_templates`` all that can be started."""
        return [item for of in UNIFIED for item in self.items[of]] if kind == "unified_job_templates" else self.items[kind]

    def find(self, kind: str, query: Mapping[str, str]) -> List[Item]:
        """The objects of a kind whose fields have these values; ``or__id`` and ``or__name`` are alternatives."""
        either = {name[len("or__") :]: value for name, value in query.items() if name.startswith("or__")}
        both = {name: value for name, value in query.items() if not name.startswith("or__")}
        found = [item for item in self.all(kind) if all(_text(item.get(name)) == value for name, value in both.items())]
        return [item for item in found if not either or any(_text(item.get(name)) == value for name, value in either.items())]

    def get(self, kind: str, identifier: Any) -> Optional[Item]:
        """An object by its id."""
        return next((item for item in self.all(kind) if item["id"] == int(identifier)), None)

    def unified(self, identifier: Any) -> Optional[Item]:
        """What an id starts; None without an id."""
        return self.get("unified_job_templates", identifier) if identifier else None

    def add(self, kind: str, fields: Mapping[str, Any]) -> Item:
        """Create an object. Ids are unique among all kinds."""
        number = 1 + sum(map(len, self.items.values()))
        address = "%s%s/%d/" % (API, kind, number)
        item = dict(fields, id=number, type=KINDS[kind], url=address, summary_fields={}, related={"survey_spec": address + "survey_spec/"})
        if kind == "projects":
            self._update(item)
        self.items[kind].append(item)
        return item

    def _update(self, project: Item) -> None:
        """A new project is read from its source; here that has succeeded at once."""
        project.setdefault("scm_type", "")
        project["scm_revision"] = "0" * 40
        if project["scm_type"]:
            update = self.add("project_updates", {"status": "successful", "finished": "2027-01-01T00:00:00Z", "failed": False})
            project["id"] = 1 + update["id"]
            project["url"] = "%sprojects/%d/" % (API, project["id"])
            project["summary_fields"] = {"current_update": {"id": update["id"]}}

    def survey_of(self, item: Item) -> Item:
        """The survey of a template; empty if it has none."""
        return self.surveys.get(item["id"], {})

    def linked(self, address: str) -> List[int]:
        """The ids that are associated with an object: ``…/credentials/``."""
        return self.links.setdefault(address, [])


def _text(value: Any) -> str:
    """A value as a query has it."""
    return "None" if value is None else str(value)
