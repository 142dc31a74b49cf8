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

COMMON: Final = (
    "unauthorised",
    "forbidden",
    "invalid_request",
    "request_too_large",
    "too_many_requests",
    "internal_error",
    "database_away",
    "identity_away",
)
"""What every route may answer."""
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
    return {status: {**described, **_described_headers(headers)}}


def _described_headers(headers: Mapping[str, str] | None) -> dict[str, Any]:
    if headers is None:
        return {}
    shown = {
        name: {"description": says, "schema": {"type": "string"}} for name, says in headers.items()
    }
    return {"headers": shown}


def content_answers(
    kind: str, example: str | None, *, description: str, headers: Mapping[str, str] | None = None
) -> Answers:
    """Of a route that answers with text or bytes; bytes have no example."""
    schema = {"type": "string", **({} if example is None else {"examples": [example]})}
    described: dict[str, Any] = {
        "description": description,
        "content": {kind: {"schema": schema}},
    }
    return {200: {**described, **_described_headers(headers)}}


def file_answers(*kinds: str, codes: tuple[str, ...]) -> Answers:
    """Of a route that answers with a file; ``codes`` are what else it may answer."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    headers = _described_headers({"Content-Disposition": "to be saved, under its name"})
    return {
        200: {"description": "the file", "content": content, **headers},
        206: {"description": "the part of it that Range asks for", "content": content, **headers},
        **problems(*codes, "range_not_satisfiable"),
    }


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
    """For a route's ``responses``: the codes that it may answer with, one example each.

    Those of all routes and of shared parameters are added by `lexmill_api.openapi`.
    """
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
    qualified = [name for name in components if "." in name]
    if qualified:  # routes refer to them by their own names
        raise ValueError(f"two records have the same name: {', '.join(sorted(qualified))}")
    for schema, (_, example) in zip(schemas, _shown, strict=True):
        if "$ref" in schema:
            component = components[schema["$ref"].rpartition("/")[2]]
            component.setdefault("examples", []).append(msgspec.to_builtins(example))
    return components
