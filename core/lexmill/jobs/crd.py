"""The CustomResourceDefinition of LegalJob, made from the Pydantic models that everybody uses."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from lexmill.jobs.rules import VALIDATIONS
from lexmill.jobs.schemas import GROUP, KIND, LegalJob, LegalJobSpec
from lexmill.jobs.status import LegalJobStatus

PLURAL: Final = "legaljobs"
SHORT_NAME: Final = "lj"

_VERSION = "v1alpha1"
_LEVELS = 2
"""A structural schema cannot refer to itself: filters inside filters are typed so deep, what lies
deeper is judged by Lexmill alone."""
_OPAQUE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_KEPT = frozenset(
    {
        "description",
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
        "type",
    }
)
_COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "State", "type": "string", "jsonPath": ".status.state"},
    {"name": "Documents", "type": "string", "jsonPath": ".status.progress"},
    {"name": "Failed", "type": "integer", "jsonPath": ".status.documents.failed"},
    {"name": "Workers", "type": "integer", "jsonPath": ".status.workers.ready"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Dead", "type": "integer", "jsonPath": ".status.documents.dead", "priority": 1},
    {"name": "Matter", "type": "string", "jsonPath": ".spec.matter", "priority": 1},
    {"name": "Schedule", "type": "string", "jsonPath": ".spec.schedule.cron", "priority": 1},
    {"name": "Scaling", "type": "string", "jsonPath": ".status.lastScaling.reason", "priority": 1},
    {"name": "Completed", "type": "date", "jsonPath": ".status.completionTime", "priority": 1},
)
_COLUMN_NOTES = {
    "State": "Pending, Refused, Running, Suspended, Complete or Failed.",
    "Documents": "Ended documents of all.",
    "Failed": "Documents that ended by their own fault.",
    "Workers": "Worker pods of the main pool at work.",
    "Dead": "Documents that limits or a stop ended; they can be replayed.",
    "Scaling": "Why the replicas last changed.",
}


def legaljob_crd() -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{PLURAL}.{GROUP}",
            "labels": {
                "app.kubernetes.io/name": "lexmill",
                "app.kubernetes.io/part-of": "lexmill",
                "duck.knative.dev/addressable": "true",  # so consoles and `kn` find it as a sink
            },
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": [SHORT_NAME],
                "categories": ["legal"],
            },
            "versions": [_version()],
        },
    }


def _version() -> dict[str, Any]:
    return {
        "name": _VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root()},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.workers.replicas",
                "statusReplicasPath": ".status.workers.replicas",
                "labelSelectorPath": ".status.workers.selector",
            },
        },
        "selectableFields": [{"jsonPath": ".spec.matter"}, {"jsonPath": ".spec.suspend"}],
        "additionalPrinterColumns": [_column(column) for column in _COLUMNS],
    }


def _column(column: Mapping[str, Any]) -> dict[str, Any]:
    note = _COLUMN_NOTES.get(column["name"])
    return dict(column) if note is None else {**column, "description": note}


def _root() -> dict[str, Any]:
    return {
        "type": "object",
        "description": LegalJob.__doc__,
        "required": ["metadata", "spec"],
        "properties": {
            "apiVersion": {
                "type": "string",
                "description": "Version of the schema of this object.",
                "maxLength": 64,
            },
            "kind": {"type": "string", "description": "What this object is.", "maxLength": 64},
            "metadata": {"type": "object"},  # the API server describes it itself
            "spec": structural(LegalJobSpec),
            "status": _without_defaults(structural(LegalJobStatus)),
        },
        VALIDATIONS: [rule.manifest() for rule in LegalJob.rules],
    }


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """A model's schema as an API server takes it: nothing referred to, no union with null."""
    # As it is written, so that what a model computes is there too.
    schema = model.model_json_schema(mode="serialization")
    return _structural(schema, schema.get("$defs", {}), {})


def _structural(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], depths: Mapping[str, int]
) -> dict[str, Any]:
    schema = _without_null(schema)
    if "$ref" in schema:
        return _referred(schema, definitions, depths)
    result = {key: value for key, value in schema.items() if key in _KEPT or key.startswith("x-")}
    if schema.get("x-kubernetes-int-or-string"):
        result["anyOf"] = schema["anyOf"]
    if "const" in schema:
        result |= {"type": "string", "enum": [schema["const"]]}
    if result.get("type") == "integer":
        result["format"] = "int32" if schema.get("maximum", 2**31) < 2**31 else "int64"
    if (default := _default(schema)) is not None:
        result["default"] = default
    if "items" in schema:
        result["items"] = _structural(schema["items"], definitions, depths)
        result.setdefault("x-kubernetes-list-type", "atomic")
    if isinstance(values := schema.get("additionalProperties"), dict):
        result["additionalProperties"] = _structural(values, definitions, depths)
    if "properties" in schema:
        result |= _fields(schema, definitions, depths)
    return result


def _referred(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], depths: Mapping[str, int]
) -> dict[str, Any]:
    name = schema["$ref"].rpartition("/")[2]
    depth = depths.get(name, 0) + 1
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    if depth > _LEVELS:
        return {"description": definitions[name]["description"], **_OPAQUE}
    return _structural({**definitions[name], **beside}, definitions, {**depths, name: depth})


def _fields(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], depths: Mapping[str, int]
) -> dict[str, Any]:
    parts = schema["properties"]
    # What a model computes is always written, but nobody else is asked for it.
    required = [name for name in schema.get("required", ()) if not parts[name].get("readOnly")]
    properties = {name: _structural(part, definitions, depths) for name, part in parts.items()}
    return {"properties": properties} | ({"required": required} if required else {})


def _without_defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A status says what is known; the API server must not make anything up."""
    result = {key: part for key, part in schema.items() if key != "default"}
    if "properties" in schema:
        parts = schema["properties"].items()
        result["properties"] = {name: _without_defaults(part) for name, part in parts}
    if "items" in schema:
        result["items"] = _without_defaults(schema["items"])
    return result


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Kubernetes leaves out what is absent, so null is no value of its own."""
    options = schema.get("anyOf")
    if options is None or {"type": "null"} not in options:
        return dict(schema)
    (option,) = (each for each in options if each != {"type": "null"})
    beside = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**option, **beside}


def _default(schema: Mapping[str, Any]) -> Any:
    """Whole, as the API server holds a default against the rules before it fills it in."""
    return _without_nothing(schema.get("default"))


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _without_nothing(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part is not None} or None
    return None if value in ([], "", None) else value
