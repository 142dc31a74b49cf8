"""Rules of a LegalJob, each written twice: for the API server in CEL, for everybody else here."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

VALIDATIONS = "x-kubernetes-validations"

Reason = Literal["FieldValueInvalid", "FieldValueForbidden"]
"""The API server leaves out the message of a FieldValueDuplicate."""


@dataclass(frozen=True)
class Rule:
    """What a value has to fulfil: annotates a type, or stands in a model's ``rules``."""

    cel: str
    """In Kubernetes' dialect of CEL, with the value as ``self``."""
    message: str
    holds: Callable[[Any], bool] | None = None
    """The same in Python; None where only the API server, which knows the old object, can tell."""
    field: str = ""
    """The field of the value that is to be blamed, as ``.minReplicas``."""
    reason: Reason = "FieldValueInvalid"

    def check(self, value: Any) -> None:
        if self.holds is not None and not self.holds(value):
            raise broken(self.message, self.field)

    def manifest(self) -> dict[str, str]:
        field = {"fieldPath": self.field} if self.field else {}
        return {"rule": self.cel, "message": self.message, "reason": self.reason, **field}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = dict(handler(schema))
        described[VALIDATIONS] = [*described.get(VALIDATIONS, ()), self.manifest()]
        return described

    def _checked(self, value: Any) -> Any:
        self.check(value)
        return value


@dataclass(frozen=True)
class Unique:
    """No item twice; with ``key``, no two items with the same value of that field."""

    key: str | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        if self.key is None:
            return {**handler(schema), "x-kubernetes-list-type": "set"}
        keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}
        return {**handler(schema), **keys}

    def _checked(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        seen = set()
        for index, item in enumerate(items):
            name = item if self.key is None else getattr(item, self.key)
            if name in seen:
                shown = name if self.key is None else {self.key: name}
                text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
                raise broken(f"Duplicate value: {text}", f"[{index}]")
            seen.add(name)
        return items


def broken(sentence: str, field: str = "") -> PydanticCustomError:
    """Fails a validation with exactly this sentence; ``field`` leads on from the value."""
    return PydanticCustomError("rule", "{sentence}", {"sentence": sentence, "field": field})


def json_type(value: Any) -> str:
    """What the API server calls the type of a value that it refuses."""
    for kinds, name in _JSON_TYPES:
        if isinstance(value, kinds):
            return name
    return "null"


_JSON_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"),  # before int, as True is one
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (dict, "object"),
    ((list, tuple), "array"),
)
