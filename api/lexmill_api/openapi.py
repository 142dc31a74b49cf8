"""The OpenAPI 3.1 document: FastAPI's, with the msgspec records that routes answer with."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lexmill_api.v1.answers import COMMON, problems, shown_schemas

_OF_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cursor": (
        "invalid_cursor",
        "invalid_filter",
        "invalid_limit",
        "invalid_sort",
        "unknown_filter",
    ),
    "idempotency-key": (
        "invalid_idempotency_key",
        "idempotency_key_reused",
        "still_under_way",
    ),
    "if-match": ("changed_meanwhile", "invalid_if_match"),
}
"""What whoever takes such a parameter may answer."""


class Rest(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title,
                version=self.version,
                description=self.description,
                routes=self.routes,
                servers=[{"url": "/v1"}],
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            shown = shown_schemas()
            taken = schemas.keys() & shown.keys()
            if taken:  # one of the two would be described as the other
                raise ValueError(f"two models have the same name: {', '.join(sorted(taken))}")
            schemas.update(shown)
            for operation in _operations(document):
                names = {given["name"].lower() for given in operation.get("parameters", ())}
                _describe_problems(operation, names)
                if "if-none-match" in names:
                    operation["responses"]["304"] = _UNCHANGED
                if "428" in operation["responses"]:
                    _require(operation, "if-match")
            self.openapi_schema = document
        return self.openapi_schema


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _describe_problems(operation: dict[str, Any], names: set[str]) -> None:
    """Beside the route's own, whose statuses would hide those of a router."""
    codes = [*COMMON, *(code for name in names for code in _OF_PARAMETERS.get(name, ()))]
    for status, described in problems(*sorted(codes)).items():
        known = operation["responses"].setdefault(str(status), described)
        for kind, content in described["content"].items():
            examples = known["content"].setdefault(kind, content)["examples"]
            known["content"][kind]["examples"] = content["examples"] | examples


def _require(operation: dict[str, Any], name: str) -> None:
    """What is missing without FastAPI's own refusal, as another status says more."""
    for parameter in operation["parameters"]:
        if parameter["name"].lower() == name:
            parameter["required"] = True


_UNCHANGED: Final = {
    "description": "the caller has this answer already",
    "headers": {"ETag": {"description": "as before", "schema": {"type": "string"}}},
}
