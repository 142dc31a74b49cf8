"""Why a LegalJob is refused, without an API server but in its words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lexmill.jobs.rules import json_type
from lexmill.jobs.schemas import KIND, LegalJob


@dataclass(frozen=True)
class Refusal:
    path: str
    """Leads to the field, as ``spec.pools[0].name``; empty for the object itself."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class RefusedError(Exception):
    retryable: Final = False
    code: Final = "invalid_job"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(str(refusal) for refusal in refusals))
        self.refusals = tuple(refusals)


def read_legaljob(manifest: Mapping[str, Any]) -> LegalJob:
    """A LegalJob out of a manifest; RefusedError where an API server would refuse it."""
    # JSON, as only there Pydantic is strict about numbers and takes a list for a tuple.
    body = msgspec.json.encode(_without_null(manifest))
    try:
        return LegalJob.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise RefusedError(_refusals(error)) from error


def _refusals(error: ValidationError) -> list[Refusal]:
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    return [
        _refusal(detail)
        for detail in details
        # To Pydantic a list whose items are refused is empty as well.
        if detail["type"] != "too_short"
        or not any(place[: len(detail["loc"])] == detail["loc"] != place for place in places)
    ]


def _without_null(value: Any) -> Any:
    """An API server takes a field that is null for one that is not there."""
    if isinstance(value, Mapping):
        return {name: _without_null(part) for name, part in value.items() if part is not None}
    return [_without_null(part) for part in value] if isinstance(value, list) else value


def _refusal(error: ErrorDetails) -> Refusal:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    context = error.get("ctx", {})
    path = (path + context.get("field", "")).removeprefix(".")
    if path == "apiVersion" and error["type"] == "literal_error":
        return Refusal("", f'no matches for kind "{KIND}" in version "{error["input"]}"')
    if error["type"] == "extra_forbidden":
        return Refusal("", f'unknown field "{path}"')
    sentence = _SENTENCES.get(error["type"])
    if sentence is not None:
        return Refusal(path, sentence(context, error["input"]))
    if (kind := _TYPES.get(error["type"])) is not None:
        return Refusal(path, f'must be of type {kind}: "{json_type(error["input"])}"')
    return Refusal(path, error["msg"])


def _unsupported(context: Mapping[str, Any], value: Any) -> str:
    expected = ", ".join(f'"{word}"' for word in re.findall(r"'([^']*)'", context["expected"]))
    if not isinstance(value, str):
        return f'must be of type string: "{json_type(value)}"'
    return f'Unsupported value: "{value}": supported values: {expected}'


def _too_short(context: Mapping[str, Any], value: Any) -> str:
    parts = "properties" if isinstance(value, dict) else "items"
    return f"should have at least {context['min_length']} {parts}"


_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any], Any], str]]] = {
    "rule": lambda context, _: str(context["sentence"]),
    "missing": lambda _, __: "Required value",
    "literal_error": _unsupported,
    "less_than_equal": lambda context, _: f"should be less than or equal to {context['le']}",
    "greater_than_equal": lambda context, _: f"should be greater than or equal to {context['ge']}",
    "string_too_long": lambda context, _: (
        f"Too long: may not be more than {context['max_length']} bytes"
    ),
    "string_too_short": lambda context, _: f"should be at least {context['min_length']} chars long",
    "string_pattern_mismatch": lambda context, _: f"should match '{context['pattern']}'",
    "too_long": lambda context, value: (
        f"Too many: {len(value)}: must have at most {context['max_length']} items"
    ),
    "too_short": _too_short,
}
_TYPES: Final[Mapping[str, str]] = {
    "bool_type": "boolean",
    "dict_type": "object",
    "int_from_float": "integer",
    "int_type": "integer",
    "model_type": "object",
    "model_attributes_type": "object",
    "string_type": "string",
    "tuple_type": "array",
}
