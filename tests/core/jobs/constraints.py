"""Everything that a structural schema refuses, tried on a value that it takes."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Steps = tuple[str | int, ...]

_TYPES = {
    "string": (7, "integer"),
    "integer": ("x", "string"),
    "boolean": ("x", "string"),
    "array": ("x", "string"),
    "object": ("x", "string"),
}


_INNER = (("[]", "items"), (".*", "additionalProperties"))


@dataclass(frozen=True)
class Violation:
    value: Any
    """The whole value with one thing wrong."""
    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence[:60]}"


def violations(schema: Schema, value: Any, root: str) -> Iterator[Violation]:
    """One for every constraint on every part of the value, which lies at ``root``."""
    for steps, part_schema, part in _parts(schema, value, ()):
        place = root + _path(steps)
        for bad, inner, sentence in _wrong(part_schema, part):
            yield Violation(_replaced(value, steps, bad), place + inner, sentence)
        if "properties" in part_schema:
            bad = {**part, "unknownField": 1}
            sentence = f'unknown field "{place}.unknownField"'
            yield Violation(_replaced(value, steps, bad), "", sentence)


def paths(schema: Schema, value: Any) -> set[str]:
    """The schema's fields that the value has."""
    found = {""}
    if isinstance(value, dict):
        for name, part in value.items():
            known = schema.get("properties", {}).get(name)
            inner = known or schema.get("additionalProperties")
            if inner is not None:
                step = f".{name}" if known else ".*"
                found |= {step + path for path in paths(inner, part)}
    elif isinstance(value, list):
        found |= {"[]" + path for part in value for path in paths(schema["items"], part)}
    return found


def schema_paths(schema: Schema) -> set[str]:
    parts = {f".{name}": part for name, part in schema.get("properties", {}).items()}
    parts |= {step: schema[key] for step, key in _INNER if key in schema}
    return {""} | {step + path for step, part in parts.items() for path in schema_paths(part)}


def _parts(schema: Schema, value: Any, steps: Steps) -> Iterator[tuple[Steps, Schema, Any]]:
    yield steps, schema, value
    if isinstance(value, dict):
        for name, part in value.items():
            inner = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if inner is not None:
                yield from _parts(inner, part, (*steps, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _parts(schema["items"], part, (*steps, index))


def _wrong(schema: Schema, value: Any) -> Iterator[tuple[Any, str, str]]:
    if "type" in schema:
        bad, name = _TYPES[schema["type"]]
        yield bad, "", f'must be of type {schema["type"]}: "{name}"'
    else:
        yield True, "", 'must be of type integer,string: "boolean"'
    if isinstance(value, dict):
        yield from _wrong_object(schema, value)
    elif isinstance(value, list):
        yield from _wrong_list(schema, value)
    elif isinstance(value, str):
        yield from _wrong_text(schema)
    if "maximum" in schema:
        yield schema["maximum"] + 1, "", f"should be less than or equal to {schema['maximum']}"
    if "minimum" in schema:
        sentence = f"should be greater than or equal to {schema['minimum']}"
        yield schema["minimum"] - 1, "", sentence


def _wrong_object(schema: Schema, value: dict[str, Any]) -> Iterator[tuple[Any, str, str]]:
    for name in schema.get("required", ()):
        yield (
            {key: part for key, part in value.items() if key != name},
            f".{name}",
            "Required value",
        )
    if "maxProperties" in schema:
        count = schema["maxProperties"] + 1
        part = next(iter(value.values()), "x")
        sentence = f"Too many: {count}: must have at most {count - 1} items"
        yield {f"a{index}": part for index in range(count)}, "", sentence
    if "minProperties" in schema:
        yield {}, "", f"should have at least {schema['minProperties']} properties"


def _wrong_list(schema: Schema, value: list[Any]) -> Iterator[tuple[Any, str, str]]:
    count = schema["maxItems"] + 1
    sentence = f"Too many: {count}: must have at most {count - 1} items"
    yield [value[0]] * count, "", sentence
    yield [None], "[0]", "must be of type "
    if "minItems" in schema:
        yield [], "", f"should have at least {schema['minItems']} items"


def _wrong_text(schema: Schema) -> Iterator[tuple[Any, str, str]]:
    if "maxLength" in schema:
        sentence = f"Too long: may not be more than {schema['maxLength']} bytes"
        yield "é" * (schema["maxLength"] + 1), "", sentence
    if "minLength" in schema:
        yield "", "", f"should be at least {schema['minLength']} chars long"
    if "pattern" in schema:
        yield "!", "", f"should match '{schema['pattern']}'"
    if "enum" in schema:
        words = ", ".join(f'"{word}"' for word in schema["enum"])
        yield "nonsense", "", f'Unsupported value: "nonsense": supported values: {words}'


def _replaced(value: Any, steps: Steps, part: Any) -> Any:
    if not steps:
        return part
    result = copy.deepcopy(value)
    place = result
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = part
    return result


def _path(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
