"""The OpenAPI 3.1 document: FastAPI's, with the msgspec records that routes answer with."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lexmill_api.v1.answers import shown_schemas


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
            _describe_unchanged(document)
            self.openapi_schema = document
        return self.openapi_schema


def _describe_unchanged(document: dict[str, Any]) -> None:
    """Whatever takes If-None-Match may answer 304."""
    for methods in document["paths"].values():
        for operation in methods.values():
            names = {given["name"].lower() for given in operation.get("parameters", ())}
            if "if-none-match" in names:
                operation["responses"]["304"] = {
                    "description": "the caller has this answer already",
                    "headers": {"ETag": {"description": "as before", "schema": {"type": "string"}}},
                }
