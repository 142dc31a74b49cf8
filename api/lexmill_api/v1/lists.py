"""The list contract over HTTP: `limit`, `cursor`, `sort` and a list's filters in the query."""

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from keyword import iskeyword
from typing import Annotated, Any, Final

from fastapi import Query, Request
from pydantic import WithJsonSchema

from lexmill.errors import ErrorClass, LexmillError
from lexmill.listing.filters import JOB, Filter, Kind
from lexmill.listing.pages import MAX_LIMIT, Listing, ListRequest

_CONTRACT = ("limit", "cursor", "sort")


def list_request(listing: Listing[Any]) -> Callable[..., ListRequest]:
    """A dependency that reads the query as this list takes it, and documents what it takes."""

    def read(request: Request, **_: str) -> ListRequest:
        given = request.query_params
        if len(given.multi_items()) > len(given):
            raise _refused("invalid_request", "each parameter may be there once")
        filters = {name: value for name, value in given.items() if name not in _CONTRACT}
        if not filters.keys() <= listing.filters.keys():
            known = ", ".join(sorted([*_CONTRACT, *listing.filters]))
            raise _refused(
                "unknown_filter", f"the list has no parameter of this name; it takes {known}"
            )
        return ListRequest(
            limit=_limit(given.get("limit", "100")),
            cursor=given.get("cursor"),
            sort=given.get("sort"),
            filters=filters,
        )

    # FastAPI reads the signature for OpenAPI; the values are judged by core, in its own words.
    read.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=Request),
            *_contract(listing),
            *(
                _parameter(name, each.description, _schema(each))
                for name, each in listing.filters.items()
            ),
        ]
    )
    return read


def _limit(text: str) -> int:
    """Out of bounds for what is no number, so that core says what one is."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _refused(code: str, message: str) -> LexmillError:
    return LexmillError(code, message, ErrorClass.DOCUMENT)


def _contract(listing: Listing[Any]) -> list[Parameter]:
    sorts = [sign + name for name in listing.sorts for sign in ("", "-")]
    return [
        _parameter(
            "limit",
            "how many at most",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100},
        ),
        _parameter(
            "cursor",
            "where the page begins: `next` of the page before, under the same filters and order",
            {"type": "string", "maxLength": 4096},
        ),
        _parameter(
            "sort",
            "the order; - before it for the reverse",
            {"type": "string", "enum": sorts, "default": listing.default_sort},
        ),
    ]


_SCHEMAS: Final[Mapping[Kind, dict[str, Any]]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "job": {"type": "string", "pattern": JOB},
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "number": {"type": "number"},
    "text": {"type": "string", "minLength": 1, "maxLength": 2048, "pattern": r"^[^\x00]+$"},
}


def _schema(each: Filter) -> dict[str, Any]:
    if each.kind == "choice":
        return {"type": "string", "enum": list(each.choices)}
    return _SCHEMAS[each.kind]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> Parameter:
    return Parameter(
        f"{name}_" if iskeyword(name) else name,
        Parameter.KEYWORD_ONLY,
        # A factory, as a default would be documented.
        annotation=Annotated[
            str,
            WithJsonSchema(schema),
            Query(default_factory=str, alias=name, description=description),
        ],
    )
