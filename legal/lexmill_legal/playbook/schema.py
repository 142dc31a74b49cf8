"""The JSON Schema of a playbook, for editors: it completes, and marks what `check` would refuse.

Draft 7, the one that editors of YAML read. It is as strict as a schema can be; what spans several
places (an id that is taken twice, ``min`` above ``max``) only `lexmill playbook check` tells.
"""

import json
from typing import Any, Final, get_args

from lexmill_legal.classify.document_types import DOCUMENT_TYPES
from lexmill_legal.playbook.kinds import CLAUSE_KINDS, FIELD_KINDS, ORDERED_KINDS, Kind
from lexmill_legal.playbook.models import Operator
from lexmill_legal.results import Severity

FILE: Final = "playbook.schema.json"

_UNITS: Final = (
    "days?|calendar days|weeks?|months?|years?|день|дня|дней|недел[яьи]|месяц(?:а|ев)?|года?|лет"
)
_SAID: Final[dict[Operator, str]] = {
    "require": "It must be there; with `values`, it must be one of them.",
    "forbid": "It must not be there; with `values`, it must be none of them.",
    "allow": "What is found must be one of these values.",
    "limit": "What is found must not be more than `max`.",
    "between": "What is found must lie between `min` and `max`, both included.",
}
# Roughly: an editor's \w knows only ASCII, and ids may be Russian.
_ID: Final = r"^[^\s_.-](?:\S{0,98}[^\s_.-])?$"
_TYPE_IN_WORDS: Final = r"[\sA-Z-]"
_TEXT: Final = {"type": "string", "pattern": r"\S"}
_TEXTS: Final = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_OPERANDS: Final[dict[Kind, dict[str, Any]]] = {
    "text": {"type": ["string", "number", "boolean"]},
    "place": {
        "type": ["string", "boolean"],
        "description": "An ISO 3166 code or a name: US-DE, DE, England and Wales.",
    },
    "flag": {"enum": [True, False, "true", "false", "yes", "no"]},
    "date": {
        "type": "string",
        "pattern": r"^\s*\d{4}-\d{2}-\d{2}\s*$",
        "description": "A day: 2026-12-31.",
    },
    "duration": {
        "type": "string",
        "pattern": r"^\s*(?:P(?=\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T\d+H)?"
        rf"|\d+[\s-]*(?:{_UNITS}))\s*$",
        "description": "A length of time: 30 days, 12 months, P30D.",
    },
    "money": {
        "type": "string",
        "pattern": r"^\s*(?:[A-Z]{3}\s*\d[\d ,_]*(?:\.\d+)?|\d[\d ,_]*(?:\.\d+)?\s*[A-Z]{3})\s*$",
        "description": "An amount with its ISO 4217 currency: 100000 USD.",
    },
    "percent": {
        "type": ["string", "number"],
        "pattern": r"^\s*\d[\d ,_]*(?:[.,]\d+)?\s*%?\s*$",
        "description": "A percentage: 10%.",
    },
}


def playbook_schema() -> dict[str, Any]:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A Lexmill playbook",
        "type": "object",
        "required": ["rules"],
        "additionalProperties": False,
        "properties": {
            "name": _described(_TEXT, "What the playbook is called; it goes into redlines."),
            "our_role": _described(_TEXT, "Which side we are: customer, supplier, tenant …"),
            "applies_to": _applies_to(),
            "rules": {"type": "array", "items": {"$ref": "#/definitions/rule"}},
        },
        "definitions": {
            "rule": _rule(),
            **{operator: _subject(operator) for operator in get_args(Operator)},
            **{f"{kind}-value": operand for kind, operand in _OPERANDS.items()},
        },
    }


def schema_text() -> str:
    """The file that is published with the package, and what `lexmill playbook schema` prints."""
    return json.dumps(playbook_schema(), indent=2, ensure_ascii=False) + "\n"


def _rule() -> dict[str, Any]:
    operators = get_args(Operator)
    return {
        "type": "object",
        "required": ["id"],
        "additionalProperties": False,
        "oneOf": [{"required": [operator]} for operator in operators],
        "properties": {
            "id": {
                "type": "string",
                "pattern": _ID,
                "description": "Stable and unique: reports, decisions and redlines refer to it.",
            },
            **{
                operator: {"$ref": f"#/definitions/{operator}", "description": _SAID[operator]}
                for operator in operators
            },
            "applies_to": _applies_to(),
            "severity": {"enum": list(get_args(Severity)), "default": "medium"},
            "owner": _described(_TEXT, "Who decides when the rule fails."),
            "message": _described(_TEXT, "What is wrong and what to do, where the rule fails."),
            "preferred": _described(_TEXT, "The wording that we ask for."),
            "fallback": _described(_TEXT, "The wording that we accept; redlines put it in."),
            "examples": {
                "type": "object",
                "additionalProperties": False,
                "description": "Sentences that `lexmill playbook test` holds the rule to.",
                "properties": {
                    "good": _described(_TEXTS, "None of these may fail."),
                    "bad": _described(_TEXTS, "Each of these must fail."),
                },
            },
        },
    }


def _subject(operator: Operator) -> dict[str, Any]:
    """What stands under an operator: a field decides how its values are written."""
    fields = [
        field
        for field, kind in FIELD_KINDS.items()
        if operator not in {"limit", "between"} or kind in ORDERED_KINDS
    ]
    bounds = {"limit": ("max",), "between": ("min", "max")}.get(operator, ())
    listed = operator in {"require", "forbid", "allow"}
    properties: dict[str, Any] = {
        "fact": {"enum": fields, "description": "A field of the facts."},
        "clause": {"enum": list(CLAUSE_KINDS), "description": "A kind of clause."},
        "where": {
            "type": "object",
            "minProperties": 1,
            "description": "Only facts with these attributes, such as {role: penalty}.",
        },
        **dict.fromkeys(bounds, True),
        **({"values": True} if listed else {}),
    }
    by_kind = [
        {
            "if": {
                "required": ["fact"],
                "properties": {"fact": {"enum": _fields_of(kind, fields)}},
            },
            "then": {"properties": _operands(f"{kind}-value", bounds, listed=listed)},
        }
        for kind in _OPERANDS
        if _fields_of(kind, fields)
    ]
    on_clause: dict[str, Any]
    if operator in {"require", "forbid"}:
        on_clause = {"not": {"anyOf": [{"required": ["where"]}, {"required": ["values"]}]}}
    elif bounds:
        ordered = [
            {"$ref": f"#/definitions/{kind}-value"} for kind in _OPERANDS if kind in ORDERED_KINDS
        ]
        on_clause = {"properties": {bound: {"anyOf": ordered} for bound in bounds}}
    else:
        on_clause = {"properties": {"values": _list_of({"type": ["string", "number", "boolean"]})}}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*bounds, *(["values"] if operator == "allow" else [])],
        "oneOf": [{"required": ["fact"]}, {"required": ["clause"]}],
        "properties": properties,
        "allOf": [*by_kind, {"if": {"required": ["clause"]}, "then": on_clause}],
    }


def _fields_of(kind: Kind, fields: list[str]) -> list[str]:
    return [field for field in fields if FIELD_KINDS[field] == kind]


def _operands(definition: str, bounds: tuple[str, ...], *, listed: bool) -> dict[str, Any]:
    value = {"$ref": f"#/definitions/{definition}"}
    return {"values": _list_of(value)} if listed else dict.fromkeys(bounds, value)


def _list_of(value: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [value, {"type": "array", "minItems": 1, "items": value}]}


def _applies_to() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "description": "All that are given must match; else the rule says nothing."
        " What stands beside `rules` holds for every rule without its own.",
        "properties": {
            "types": _described(_types(), "Document types: supply, lease …"),
            "languages": _described(_TEXTS, "BCP-47 tags: en, ru, de-CH."),
            "our_role": _described(_TEXTS, "For playbooks with this `our_role`."),
        },
    }


def _types() -> dict[str, Any]:
    named = {
        "anyOf": [{"enum": list(DOCUMENT_TYPES)}, {"type": "string", "pattern": _TYPE_IN_WORDS}]
    }
    return {"anyOf": [named, {"type": "array", "items": named}]}


def _described(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {**schema, "description": text}
