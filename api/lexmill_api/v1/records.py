"""Record keeping: legal holds, purging, and the tombstones of what was purged."""

import uuid
from typing import Annotated, Self

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from lexmill.listing.pages import ListRequest
from lexmill.records.holds import place_hold, read_hold, read_keeping, release_hold
from lexmill.records.listing import HOLDS, TOMBSTONES, list_holds, list_tombstones
from lexmill.records.matters import MATTERS, list_matters, read_matter
from lexmill.records.purging import purge_document
from lexmill_api.access import Administrator, Getter, Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import json_answer, page_answer, problems
from lexmill_api.v1.lists import list_request
from lexmill_api.v1.once import Done, Once

router = APIRouter(
    prefix="/namespaces/{namespace}", tags=["records"], responses=problems("not_found")
)

_NO_HOLD = "no such hold is in this namespace"
_NO_DOCUMENT = "no such document is in this namespace"
_TEXT = r"^[^\x00]*$"  # PostgreSQL has no NUL

Reason = Annotated[str, Field(min_length=1, max_length=2_000, pattern=_TEXT)]


class WantedHold(BaseModel):
    """On exactly one of `job` (its uid), `document` and `matter`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: uuid.UUID | None = None
    document: uuid.UUID | None = None
    matter: str | None = Field(default=None, min_length=1, max_length=253, pattern=_TEXT)
    case: str = Field(
        min_length=1, max_length=253, pattern=_TEXT, examples=["A Ltd v B Ltd, 2026-14"]
    )
    reason: Reason = Field(examples=["litigation hold of 22 November 2026"])

    @model_validator(mode="after")
    def _is_on_one_thing(self) -> Self:
        if sum(each is not None for each in (self.job, self.document, self.matter)) != 1:
            raise ValueError("give exactly one of job, document and matter")
        return self


class WantedRelease(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Reason = Field(examples=["settled on 1 December 2026"])


@router.get("/holds")
async def get_holds(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(HOLDS))],
) -> Response:
    """Legal holds, released ones too, the newest first."""
    page = await database.run(
        lambda session: list_holds(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.post("/holds", status_code=201)
async def post_hold(once: Once, caller: Administrator, wanted: WantedHold) -> Response:
    """Nothing it is on is purged until every hold on it is released."""

    def place(session: Session) -> Done:
        hold = place_hold(
            session,
            namespace=once.namespace,
            job=wanted.job,
            document=wanted.document,
            matter=wanted.matter,
            case_name=wanted.case,
            reason=wanted.reason,
            by=caller.name,
        )
        if hold is None:
            raise HTTPException(404, "no such job or document is in this namespace")
        return Done(hold, 201, {"Location": f"/v1/namespaces/{once.namespace}/holds/{hold.id}"})

    return await once.run(place)


@router.get("/holds/{hold}")
async def get_hold(database: Database, _: Getter, hold: uuid.UUID) -> Response:
    """One legal hold."""
    found = await database.run(
        lambda session: read_hold(session, namespace=database.name, hold=hold)
    )
    if found is None:
        raise HTTPException(404, _NO_HOLD)
    return json_answer(found)


@router.post("/holds/{hold}/release")
async def post_release(
    once: Once, caller: Administrator, hold: uuid.UUID, wanted: WantedRelease
) -> Response:
    """It stays on record, with who released it and why."""

    def release(session: Session) -> Done:
        released = release_hold(
            session,
            namespace=once.namespace,
            hold=hold,
            reason=wanted.reason,
            by=caller.name,
        )
        if released is None:
            raise HTTPException(404, _NO_HOLD)
        return Done(released)

    return await once.run(release)


@router.get("/documents/{document}/keeping")
async def get_keeping(database: Database, _: Getter, document: uuid.UUID) -> Response:
    """How long a document is kept, what holds it, and, once it is purged, its tombstone."""
    keeping = await database.run(
        lambda session: read_keeping(session, namespace=database.name, document=document)
    )
    if keeping is None:
        raise HTTPException(404, _NO_DOCUMENT)
    return json_answer(keeping)


@router.delete("/documents/{document}")
async def delete_document(
    database: Database,
    caller: Administrator,
    document: uuid.UUID,
    reason: Annotated[str, Query(min_length=1, max_length=2_000, pattern=_TEXT)],
) -> Response:
    """Purge a document and all that came out of it; the answer is their tombstones."""
    stones = await database.run(
        lambda session: purge_document(
            session,
            namespace=database.name,
            document=document,
            cause="request",
            reason=reason,
            by=caller.name,
        )
    )
    if stones is None:
        raise HTTPException(404, _NO_DOCUMENT)
    return json_answer({"tombstones": stones})


@router.get("/matters")
async def get_matters(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(MATTERS))],
) -> Response:
    """What jobs name as their matter, with the counts of their documents."""
    page = await database.run(
        lambda session: list_matters(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.get("/matters/{matter:path}")
async def get_matter(database: Database, _: Getter, matter: str) -> Response:
    """One matter; its jobs and holds are lists with the filter `matter`."""
    found = await database.run(
        lambda session: read_matter(session, namespace=database.name, matter=matter)
    )
    if found is None:
        raise HTTPException(404, "no job of this namespace names this matter")
    return json_answer(found)


@router.get("/tombstones")
async def get_tombstones(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(TOMBSTONES))],
) -> Response:
    """What was purged, when, why and by whom; the newest first."""
    page = await database.run(
        lambda session: list_tombstones(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)
