"""How routes answer, and how OpenAPI describes what they answer."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import Request, Response

from lexmill.listing.pages import Page
from lexmill_api.problem_types import PROBLEM_TYPES
from lexmill_api.problems import MEDIA_TYPE, Problem, problem

T = TypeVar("T")
Answers = dict[int | str, dict[str, Any]]
"""What FastAPI takes as ``responses``."""

_REFERENCE: Final = "#/components/schemas/{name}"
_shown: Final[list[tuple[Any, object]]] = [
    (Problem, problem(404, "not_found", "no such job is in this namespace"))
]
"""The records that routes answer with, and an example of each, as they are imported."""


def json_answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def page_answer(request: Request, page: Page[T]) -> Response:
    """`Link` leads on as `next` does; relative, as nobody knows what proxies call this address."""
    if page.next is None:
        return json_answer(page)
    query = {**request.query_params, "cursor": page.next}
    return json_answer(page, headers={"Link": f'<?{urlencode(query)}>; rel="next"'})


def answers(
    record: Any,
    example: object,
    *,
    status: int = 200,
    description: str,
    headers: Mapping[str, str] | None = None,
) -> Answers:
    """For a route's ``responses``: a msgspec record, with an instance of it as the example.

    ``headers`` are names with what they say.
    """
    _shown.append((record, example))
    (schema,), _ = msgspec.json.schema_components([record], ref_template=_REFERENCE)
    described: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    if headers:
        described["headers"] = {
            name: {"description": says, "schema": {"type": "string"}}
            for name, says in headers.items()
        }
    return {status: described}


def page_answers(record: type[T], example: T) -> Answers:
    """Of a list: one page of such records."""
    return answers(
        Page[record],  # type: ignore[valid-type]
        Page(items=(example,), next=None),
        description="one page of the list",
        headers={"Link": 'the next page as `<…>; rel="next"`; absent at the end'},
    )


def body_of(record: Any, example: object) -> dict[str, Any]:
    """For a route's ``openapi_extra``, where msgspec decodes the request's body."""
    _shown.append((record, example))
    (schema,), _ = msgspec.json.schema_components([record], ref_template=_REFERENCE)
    content = {"schema": schema, "example": msgspec.to_builtins(example)}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def problems(*codes: str) -> Answers:
    """For a route's ``responses``: the codes that it may answer with, one example each."""
    found: Answers = {}
    for code in codes:
        kind = PROBLEM_TYPES[code]
        described = found.setdefault(
            kind.status,
            {
                "description": kind.title,
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": _REFERENCE.format(name="Problem")},
                        "examples": {},
                    }
                },
            },
        )
        example = msgspec.to_builtins(problem(kind.status, code, kind.advice))
        described["content"][MEDIA_TYPE]["examples"][code] = {"value": example}
    return found


def shown_schemas() -> dict[str, Any]:
    """Of every record that routes answer with, by name, with its examples."""
    schemas, components = msgspec.json.schema_components(
        [record for record, _ in _shown], ref_template=_REFERENCE
    )
    for schema, (_, example) in zip(schemas, _shown, strict=True):
        if "$ref" in schema:
            component = components[schema["$ref"].rpartition("/")[2]]
            component.setdefault("examples", []).append(msgspec.to_builtins(example))
    return components
