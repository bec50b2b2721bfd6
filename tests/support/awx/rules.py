# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX 24.6.1 refuses in the objects that a request creates or changes: for each kind a function that returns the errors by field."""

from __future__ import annotations

import datetime
import re
from typing import Any, Callable, Dict, List, Mapping, Set

from zoneinfo import available_timezones

from ansible_collections.certmend.tls.tests.support.awx.store import Item, Store

Errors = Dict[str, Any]
RESERVED_VARIABLES = {"PATH", "PYTHONPATH", "VIRTUAL_ENV", "JOB_ID", "INVENTORY_ID"}
START = re.compile(r"DTSTART(?:;TZID=(?P<zone>[^:]+))?:(?P<moment>\d{8}T\d{6})(?P<utc>Z?) RRULE:(?P<rule>\S+)")


class ServerError(Exception):
    """What AWX answers with status 500."""


def credential_type(item: Item, _store: Store) -> Errors:
    """Kinds, fields and injectors."""
    errors: Errors = {}
    if item.get("kind") not in ("cloud", "net"):
        errors["kind"] = ["Must be 'cloud' or 'net'."]
    fields = item.get("inputs", {}).get("fields", [])
    if any(field.get("type", "string") not in ("string", "boolean") or field.get("id") == "tower" or not field.get("label") for field in fields):
        errors["inputs"] = ["A field has another type, no label, or the reserved id 'tower'."]
    named = {field.get("id") for field in fields}
    if set(item.get("inputs", {}).get("required", [])) - named:
        errors["inputs"] = ["A required field does not exist."]
    injectors = _injectors(item.get("injectors", {}), named)
    return dict(errors, **({"injectors": injectors} if injectors else {}))


def _injectors(injectors: Mapping[str, Any], fields: Set[Any]) -> List[str]:
    files = injectors.get("file", {})
    found = [name for name in files if not re.fullmatch(r"template(\.[a-zA-Z_]\w*)?", name)]
    if "template" in files and len(files) > 1:
        found.append("template, and template.NAME")
    known = {*fields, *("tower.filename." + name.partition(".")[2] for name in files if "." in name)}
    known |= {"tower.filename"} if "template" in files else set()
    env, variables = injectors.get("env", {}), injectors.get("extra_vars", {})
    found += [name for name in env if name.startswith("ANSIBLE_") or name in RESERVED_VARIABLES or not isinstance(env[name], str) or not env[name].isascii()]
    found += [name for name, value in variables.items() if isinstance(value, (bool, int))]
    if any(isinstance(value, list) and any(isinstance(one, int) for one in value) for value in variables.values()):
        raise ServerError("an integer in a list of extra_vars")
    asked = re.findall(r"{{\s*([^}]*?)\s*}}", repr(injectors))
    return found + [name for name in asked if name not in known]


def project(item: Item, store: Store) -> Errors:
    """A manual project has a folder of its own; any other has an address."""
    if item.get("scm_type"):
        bad = not item.get("scm_url") or (item["scm_type"] == "archive" and item["scm_url"].startswith("file:"))
        return {"scm_url": ["Invalid or missing."]} if bad else {}
    folder = item.get("local_path")
    others = [other for other in store.all("projects") if other["id"] != item.get("id")]
    wrong = not folder or "/" in folder or any(other.get("local_path") == folder for other in others)
    return {"local_path": ["A manual project needs an unused folder directly below PROJECTS_ROOT."]} if wrong else {}


def job_template(item: Item, store: Store) -> Errors:
    """A playbook is one of the project's files; one by its name in a collection is none."""
    errors: Errors = {name: ["This field is required."] for name in ("inventory", "project", "playbook") if not item.get(name)}
    if not errors and item["playbook"] not in store.playbooks:
        errors["playbook"] = ["Playbook not found for project."]
    return errors


def schedule(item: Item, store: Store) -> Errors:
    """The rule, and answers to the survey of what is started."""
    wrong = rrule(str(item.get("rrule", "")))
    errors: Errors = {"rrule": [wrong]} if wrong else {}
    template = store.unified(item.get("unified_job_template"))
    if template is None:
        return dict(errors, unified_job_template=["This field is required."])
    return dict(errors, **_answers(item, template, store, complete=True))


def node(item: Item, store: Store) -> Errors:
    """Answers that the survey of its template has a question for; its defaults count for the others."""
    template = store.unified(item.get("unified_job_template"))
    return _answers(item, template, store, complete=False) if template is not None else {}


def _answers(item: Item, template: Item, store: Store, complete: bool) -> Errors:
    spec = store.survey_of(template).get("spec", []) if template.get("survey_enabled") else []
    given, asked = item.get("extra_data") or {}, {question["variable"] for question in spec}
    unknown = sorted(set(given) - asked) if not template.get("ask_variables_on_launch") else []
    if unknown:
        return {"variables": ["Variables %s are not allowed on launch." % ", ".join(unknown)]}
    missing = [question["variable"] for question in spec if question["required"] and question["variable"] not in given]
    if complete and missing:
        return {"variables_needed_to_start": ["'%s' value missing" % name for name in missing]}
    outside = [q["variable"] for q in spec if q["type"] == "multiplechoice" and given.get(q["variable"], q["choices"][0]) not in q["choices"]]
    return {"variables": ["Value not among the choices: %s" % ", ".join(outside)]} if outside else {}


def notification_template(item: Item, _store: Store) -> Errors:
    """A webhook needs headers and a method; what was not given gets its default."""
    settings = item.get("notification_configuration", {})
    if item.get("notification_type") == "webhook":
        if not settings.get("url") or not isinstance(settings.get("headers"), dict):
            return {"notification_configuration": ["Missing required fields for Notification Configuration: url or headers."]}
        for name, default in {"http_method": "POST", "disable_ssl_verification": False, "username": "", "password": ""}.items():
            settings.setdefault(name, default)
        if settings["http_method"] not in ("POST", "PUT"):
            return {"notification_configuration": ["The method is POST or PUT."]}
    return {}


def rrule(text: str) -> str:
    """Why AWX refuses the text of a rule; empty if it does not."""
    found = START.fullmatch(text)
    if not found or not (found["zone"] or found["utc"]):
        return "DTSTART with a time zone, and one RRULE, are required."
    if found["zone"] and found["zone"] not in available_timezones():
        return "%s is no time zone." % found["zone"]
    try:
        datetime.datetime.strptime(found["moment"], "%Y%m%dT%H%M%S")
        rule = dict(part.split("=", 1) for part in found["rule"].split(";"))
    except ValueError as error:
        return str(error)
    if "INTERVAL" not in rule or rule.get("FREQ") not in ("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        return "INTERVAL, and a FREQ from MINUTELY to YEARLY, are required."
    if re.search(r"\d", rule.get("BYDAY", "")):
        return "BYDAY with a number is not supported."
    wrong = int(rule.get("COUNT", "1")) > 999 or {"COUNT", "UNTIL"} <= set(rule)
    return "COUNT is above 999, or together with UNTIL." if wrong else ""


RULES: Dict[str, Callable[[Item, Store], Errors]] = {
    "credential_types": credential_type,
    "projects": project,
    "job_templates": job_template,
    "schedules": schedule,
    "workflow_job_template_nodes": node,
    "notification_templates": notification_template,
}
