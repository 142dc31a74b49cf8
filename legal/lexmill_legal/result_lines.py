"""``results.jsonl``: one line a document, with the keys of the design page."""

import inspect
from typing import Any

import msgspec

from lexmill_legal.results import SCHEMA, DocumentResult

_OPTIONAL = {"Warning": ("page",), "Finding": ("start", "end", "quote", "field")}
"""Keys that a line leaves out where there is no value; all others are always there, but for
``decisions``, which only a document has about which a person decided something."""

_decoder = msgspec.json.Decoder(DocumentResult)
_encoder = msgspec.json.Encoder()


def results_line(result: DocumentResult) -> bytes:
    """One JSON object without a newline at its end."""
    record = msgspec.to_builtins(result)
    for warning in record["warnings"]:
        _leave_out(warning, _OPTIONAL["Warning"])
    for finding in record["findings"]:
        _leave_out(finding, _OPTIONAL["Finding"])
    if not record["decisions"]:
        del record["decisions"]
    # The same result is the same bytes, whoever filled its mappings in whatever order.
    for fact in [*record["facts"], *record.get("decisions", ())]:
        fact["attributes"] = dict(sorted(fact["attributes"].items()))
    if record["redacted"] is not None:
        record["redacted"]["counts"] = dict(sorted(record["redacted"]["counts"].items()))
    record["versions"] = dict(sorted(record["versions"].items()))
    return _encoder.encode({"schema": record.pop("schema"), **record})


def read_result(line: bytes) -> DocumentResult:
    """What ``results_line`` wrote; a line of another schema is a msgspec.ValidationError."""
    result = _decoder.decode(line)
    if result.schema != SCHEMA:
        raise msgspec.ValidationError(f"the line is not of the schema {SCHEMA}")
    return result


def results_schema() -> dict[str, Any]:
    """The JSON Schema of one line, derived from the records."""
    schema = msgspec.json.schema(DocumentResult)
    definitions = schema["$defs"]
    for name, definition in definitions.items():
        optional = _OPTIONAL.get(name, ())
        properties = definition["properties"]
        definition["required"] = [key for key in properties if key not in optional]
        definition["additionalProperties"] = False
        if "description" in definition:  # from 3.13 on Python itself takes the indentation away
            definition["description"] = inspect.cleandoc(definition["description"])
        for key, value in properties.items():
            value.pop("default", None)
            if key in optional:
                properties[key] = next(kind for kind in value["anyOf"] if kind != {"type": "null"})
    definitions["DocumentResult"]["required"].remove("decisions")
    definitions["DocumentResult"]["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of Lexmill's results.jsonl",
        **schema,
    }


def _leave_out(record: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if record[key] is None:
            del record[key]
