"""Record keeping: legal holds, purging, and the tombstones of what was purged."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Final, Self

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from lexmill.listing.pages import ListRequest
from lexmill.records.holds import place_hold, read_hold, read_keeping, release_hold
from lexmill.records.listing import HOLDS, TOMBSTONES, list_holds, list_tombstones
from lexmill.records.matters import MATTERS, list_matters, read_matter
from lexmill.records.purging import purge_document
from lexmill.records.schemas import HoldRow, Keeping, MatterRow, TombstoneRow
from lexmill_api.access import Administrator, Getter, Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import answers, json_answer, page_answer, page_answers, problems
from lexmill_api.v1.lists import list_request
from lexmill_api.v1.once import Done, Once

router = APIRouter(prefix="/namespaces/{namespace}", tags=["records"])

_NO_HOLD = "no such hold is in this namespace"
_NO_DOCUMENT = "no such document is in this namespace"
_TEXT = r"^[^\x00]*$"  # PostgreSQL has no NUL

_ID: Final = uuid.UUID("0b0e9c1d-8a39-4b6e-9c53-0a8f5d2e6f11")
_DOCUMENT: Final = uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04")
_JOB: Final = uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2")
_TIME: Final = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_HOLD: Final = HoldRow(
    id=_ID,
    job_uid=None,
    document_id=None,
    matter="ACME-2026-14",
    case_name="A Ltd v B Ltd, 2026-14",
    reason="litigation hold of 22 November 2026",
    placed_by="oidc:anna",
    placed_at=_TIME,
    released_by=None,
    release_reason=None,
    released_at=None,
)
_RELEASED: Final = msgspec.structs.replace(
    _HOLD,
    released_by="oidc:anna",
    release_reason="settled on 1 December 2026",
    released_at=datetime(2026, 12, 1, 16, 0, tzinfo=UTC),
)
_TOMBSTONE: Final = TombstoneRow(
    id=_ID,
    document_id=_DOCUMENT,
    job_uid=_JOB,
    sha256="5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    cause="request",
    reason="the person asked for it",
    purged_by="oidc:anna",
    purged_at=_TIME,
    removed_at=None,
)
_MATTER: Final = MatterRow(
    matter="ACME-2026-14",
    jobs=2,
    documents=40,
    queued=5,
    succeeded=33,
    failed=1,
    dead=1,
    purged=0,
    holds=1,
    last_declared_at=_TIME,
)

Reason = Annotated[str, Field(min_length=1, max_length=2_000, pattern=_TEXT)]


_ONE_THING: Final = [
    {"required": [name], "properties": {name: {"type": "string"}}}
    for name in ("job", "document", "matter")
]


class WantedHold(BaseModel):
    """On exactly one of `job` (its uid), `document` and `matter`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "oneOf": _ONE_THING,  # type: ignore[dict-item]  # JSON
            "examples": [
                {
                    "matter": "ACME-2026-14",
                    "case": "A Ltd v B Ltd, 2026-14",
                    "reason": "litigation hold of 22 November 2026",
                }
            ],
        },
    )

    job: uuid.UUID | None = None
    document: uuid.UUID | None = None
    matter: str | None = Field(default=None, min_length=1, max_length=253, pattern=_TEXT)
    case: str = Field(min_length=1, max_length=253, pattern=_TEXT)
    reason: Reason

    @model_validator(mode="after")
    def _is_on_one_thing(self) -> Self:
        if sum(each is not None for each in (self.job, self.document, self.matter)) != 1:
            raise ValueError("give exactly one of job, document and matter")
        return self


class WantedRelease(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Reason = Field(examples=["settled on 1 December 2026"])


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """The document's own tombstone, and those of all that came out of it."""

    tombstones: tuple[TombstoneRow, ...]


@router.get("/holds", responses=page_answers(HoldRow, _HOLD))
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


@router.post(
    "/holds",
    status_code=201,
    responses=answers(
        HoldRow,
        _HOLD,
        status=201,
        description="it holds",
        headers={"Location": "where it is from now on"},
    )
    | problems("not_found", "purged"),
)
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


@router.get(
    "/holds/{hold}",
    responses=answers(HoldRow, _HOLD, description="as it is now") | problems("not_found"),
)
async def get_hold(database: Database, _: Getter, hold: uuid.UUID) -> Response:
    """One legal hold."""
    found = await database.run(
        lambda session: read_hold(session, namespace=database.name, hold=hold)
    )
    if found is None:
        raise HTTPException(404, _NO_HOLD)
    return json_answer(found)


@router.post(
    "/holds/{hold}/release",
    responses=answers(HoldRow, _RELEASED, description="it is released") | problems("not_found"),
)
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


@router.get(
    "/documents/{document}/keeping",
    responses=answers(
        Keeping,
        Keeping(purge_after=_TIME, holds=(_HOLD,), tombstone=None),
        description="how long it is kept",
    )
    | problems("not_found"),
)
async def get_keeping(database: Database, _: Getter, document: uuid.UUID) -> Response:
    """How long a document is kept, what holds it, and, once it is purged, its tombstone."""
    keeping = await database.run(
        lambda session: read_keeping(session, namespace=database.name, document=document)
    )
    if keeping is None:
        raise HTTPException(404, _NO_DOCUMENT)
    return json_answer(keeping)


@router.delete(
    "/documents/{document}",
    responses=answers(Purged, Purged(tombstones=(_TOMBSTONE,)), description="it is purged")
    | problems("not_found", "held", "not_ended", "purged"),
)
async def delete_document(
    database: Database,
    caller: Administrator,
    document: uuid.UUID,
    reason: Annotated[
        str,
        Query(
            min_length=1,
            max_length=2_000,
            pattern=_TEXT,
            description="goes onto the tombstones",
            examples=["the person asked for it"],
        ),
    ],
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
    return json_answer(Purged(tombstones=tuple(stones)))


@router.get("/matters", responses=page_answers(MatterRow, _MATTER))
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


@router.get(
    "/matters/{matter:path}",
    responses=answers(MatterRow, _MATTER, description="how much there is of it")
    | problems("not_found"),
)
async def get_matter(
    database: Database,
    _: Getter,
    matter: Annotated[str, Path(max_length=253, pattern=_TEXT, examples=["ACME-2026-14"])],
) -> Response:
    """One matter; its jobs and holds are lists with the filter `matter`."""
    found = await database.run(
        lambda session: read_matter(session, namespace=database.name, matter=matter)
    )
    if found is None:
        raise HTTPException(404, "no job of this namespace names this matter")
    return json_answer(found)


@router.get("/tombstones", responses=page_answers(TombstoneRow, _TOMBSTONE))
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
