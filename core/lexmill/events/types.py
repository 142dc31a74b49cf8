"""The event types that Lexmill itself defines, and the JSON Schemas of their data."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lexmill.events.schemas import DOCUMENT_UPLOADED, JOB_CANCELLED, JOB_DECLARED
from lexmill.jobs.schemas import CancelledJob, DeclaredJob

DOCUMENT_RECEIVED = "io.lexmill.document.received.v1"
DOCUMENT_ENDED = "io.lexmill.document.ended.v1"
RUN_FINALIZED = "io.lexmill.run.finalized.v1"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReceivedDocument(_Data):
    """A document lies ready at ``uri``; a listening job takes it by ``document: /data/uri``."""

    uri: str = Field(min_length=1, max_length=2048)


class UploadedDocument(_Data):
    """A person sent a file to a job by the REST API; from anybody else it is an event as others."""

    name: str
    sha256: str
    bytes: int = Field(ge=0)
    by: str = Field(description="who sent it")


class EndedDocument(_Data):
    """A document reached its terminal state. Ids and hashes only: no name, no content."""

    job: uuid.UUID
    document: uuid.UUID
    state: Literal["succeeded", "failed", "dead"]
    sha256: str | None = None
    code: str | None = Field(default=None, description="why it is failed or dead")


class FinalizedRun(_Data):
    """The reports of a run are written."""

    job: uuid.UUID
    name: str
    run: int = Field(ge=1)
    succeeded: int = Field(ge=0)
    failed: int = Field(ge=0)
    dead: int = Field(ge=0)
    finalized_at: datetime


TYPES: dict[str, type[BaseModel]] = {
    JOB_DECLARED: DeclaredJob,
    JOB_CANCELLED: CancelledJob,
    DOCUMENT_RECEIVED: ReceivedDocument,
    DOCUMENT_UPLOADED: UploadedDocument,
    DOCUMENT_ENDED: EndedDocument,
    RUN_FINALIZED: FinalizedRun,
}
"""By type: the control events and documents that Lexmill takes, the events that it sends."""


def describe_types() -> list[dict[str, str]]:
    return [
        {"type": name, "description": (model.__doc__ or "").partition("\n\n")[0]}
        for name, model in TYPES.items()
    ]


def data_schema(event_type: str) -> dict[str, Any] | None:
    """The JSON Schema of a type's data; None for a type that Lexmill does not define."""
    model = TYPES.get(event_type)
    return None if model is None else model.model_json_schema(by_alias=True)
