"""The OpenAPI document: nothing in it leads nowhere, and all of it is shown by an example."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lexmill_api.openapi import Rest
from lexmill_api.problem_types import PROBLEM_TYPES
from lexmill_api.v1 import router
from lexmill_api.v1.answers import COMMON

rest = Rest(title="Lexmill", version="1")
rest.include_router(router)
DOCUMENT = rest.openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
# Bytes that a reader could make nothing of.
PICTURES_AND_FILES = {
    "GET /namespaces/{namespace}/documents/{document}/source",
    "GET /namespaces/{namespace}/documents/{document}/pages/{number}.png",
    "GET /namespaces/{namespace}/jobs/{name}/results/{run}/{file}",
}


def references(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """What it refers to, with what stands beside the reference."""
    found = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    return {**found, **schema}


def is_shown(media: dict[str, Any]) -> bool:
    schema = resolved(media.get("schema", {}))
    if "example" in media or media.get("examples") or schema.get("examples"):
        return True
    properties = {name: resolved(each) for name, each in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    return bool(required) and all(properties[name].get("examples") for name in required)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 30
    assert {each for each in found if each.rpartition("/")[2] not in SCHEMAS} == set()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_shown_by_an_example(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.get("description"), "a route says in a sentence what it does"
    assert operation.get("tags")
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        assert is_shown(media), f"the request has no example of {kind}"
    good = {status: each for status, each in operation["responses"].items() if status < "300"}
    assert good
    for status, answer in good.items():
        assert status == "204" or answer.get("content"), f"{status} has no content"
        for kind, media in answer.get("content", {}).items():
            assert name in PICTURES_AND_FILES or is_shown(media), (
                f"{status} has no example of {kind}"
            )


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_problem_is_one_that_is_known(name: str) -> None:
    described = {}
    for status, answer in OPERATIONS[name]["responses"].items():
        if status < "400":
            continue
        (media,) = answer["content"].values()
        for code, example in media["examples"].items():
            assert example["value"]["code"] == code
            assert example["value"]["status"] == PROBLEM_TYPES[code].status == int(status)
            described[code] = example
    assert set(COMMON) <= described.keys()


def test_what_a_parameter_may_be_refused_for_is_described_where_it_is_taken() -> None:
    for name, operation in OPERATIONS.items():
        parameters = {each["name"].lower() for each in operation.get("parameters", ())}
        codes = {
            code
            for answer in operation["responses"].values()
            for media in answer.get("content", {}).values()
            for code in media.get("examples", ())
        }
        assert ("idempotency_key_reused" in codes) == ("idempotency-key" in parameters), name
        assert ("invalid_cursor" in codes) == ("cursor" in parameters), name
        assert ("304" in operation["responses"]) == ("if-none-match" in parameters), name
