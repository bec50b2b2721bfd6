# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a value of JSON has the form that a schema describes: those words of JSON Schema that the schema of the records uses. Pure.

``additionalProperties`` is not looked at: a later release may add to a form, and its readers ignore what they do not know. Nor is ``pattern``: a secret
that was hidden may have been part of any text.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional

Schema = Mapping[str, Any]
TYPES: Dict[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
#: what a value must be, by the word of the schema
WORDS: Dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, name: TYPES[name](value),
    "const": lambda value, only: type(value) is type(only) and value == only,
    "enum": lambda value, choices: isinstance(value, str) and value in choices,
    "required": lambda value, names: not isinstance(value, dict) or set(value) >= set(names),
    "minItems": lambda value, least: not isinstance(value, list) or len(value) >= least,
    "maxProperties": lambda value, most: not isinstance(value, dict) or len(value) <= most,
}


def misfit(value: Any, schema: Schema, whole: Schema) -> Optional[str]:
    """The first place at which a value does not have the form, as ``.hosts[0].steps``; empty for the value itself, and None if it has the form.

    :param whole: the schema that has ``$defs``.
    """
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if not all(WORDS[word](value, said) for word, said in schema.items() if word in WORDS):
        return ""
    if "anyOf" in schema and all(misfit(value, each, whole) is not None for each in schema["anyOf"]):
        return ""
    if isinstance(value, dict) and "properties" in schema:
        parts = ((".%s" % name, value[name], part) for name, part in schema["properties"].items() if name in value)
    elif isinstance(value, list) and "items" in schema:
        parts = (("[%d]" % index, item, schema["items"]) for index, item in enumerate(value))
    else:
        return None
    found = ((place, misfit(part, form, whole)) for place, part, form in parts)
    return next((place + inner for place, inner in found if inner is not None), None)
