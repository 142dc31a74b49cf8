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
            schemas.update(shown_schemas())
            self.openapi_schema = document
        return self.openapi_schema
