"""What people decided, the audit trail of it, and documents that are checked again by it."""

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from sqlalchemy.orm import Session

from lexmill.audit.listing import AUDIT, list_trail
from lexmill.audit.schemas import AuditEntry
from lexmill.jobs.service import recheck_document
from lexmill.listing.schemas import ListRequest
from lexmill.reviews.listing import REVIEWS, list_reviews
from lexmill.reviews.schemas import Change, Decided, Evidence, NewDecision, Reviewed
from lexmill.reviews.service import MOST_DECISIONS, change_review, decide, read_review
from lexmill_api.access import Getter, Lister, Reviewer
from lexmill_api.identity import Caller
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import (
    answers,
    body_of,
    page_answer,
    page_answers,
    problems,
)
from lexmill_api.v1.etags import IfNoneMatch, RequiredIfMatch, tagged_answer
from lexmill_api.v1.lists import list_request
from lexmill_api.v1.once import Done, Once
from lexmill_api.v1.texts import without_nul

T = TypeVar("T")

_MOST_CHANGE_BYTES: Final = 1 << 20
_LONGEST_NAME: Final = 200
_DECISIONS: Final = msgspec.json.Decoder(list[NewDecision])
_CHANGE: Final = msgspec.json.Decoder(Change)
_PLACE: Final = re.compile(r" - at `([^`]+)`$")

_HASH: Final = "9f" * 32
_REVIEWED: Final = Reviewed(
    id=17,
    sha256=_HASH,
    field="expiration_date",
    item="",
    decision="corrected",
    value="31 December 2027",
    normalized="2027-12-31",
    reviewer="oidc:anna",
    comment="Amendment 2",
    revision=2,
    decided_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)
_NEW: Final = NewDecision(
    sha256=_HASH,
    field="expiration_date",
    choice="accept",
    value="31 December 2026",
    normalized="2026-12-31",
    seen=("2026 12 31",),
    evidence=Evidence(quote="31 December 2026", start=5120, end=5136),
    revision=0,
)
_ENTRY: Final = AuditEntry(
    namespace="legal",
    number=1,
    entry='{"action":"review.corrected","actor":"oidc:anna"}',
    previous="00" * 32,
    hash="4c" * 32,
)
_TAGGED: Final = {"ETag": "for If-Match"}


class QueuedDocuments(msgspec.Struct, frozen=True, kw_only=True):
    """0 where the document is queued already."""

    queued: int


router = APIRouter(prefix="/namespaces/{namespace}", tags=["reviews"])

ReviewId = Annotated[int, Path(ge=1, lt=2**63)]


@router.post(
    "/reviews",
    responses=answers(Decided, Decided(recorded=1, unchanged=0), description="they are recorded")
    | problems("review_conflict", "review_invalid"),
    openapi_extra=body_of(list[NewDecision], [_NEW]),
)
async def post_reviews(once: Once, caller: Reviewer, request: Request) -> Response:
    """Accept, correct, reject or reopen items of documents: all of them or none.

    Whoever asks is the reviewer. With ``revision`` (0: nobody has decided yet) nobody's decision is
    replaced that the reviewer does not know of: 409 says whose. What is known already changes
    nothing, so the same may be sent again.
    """
    decisions = _decoded(_DECISIONS, await request.body())
    if len(decisions) > MOST_DECISIONS:
        raise HTTPException(413, f"at most {MOST_DECISIONS:,} decisions at once")
    return await once.run(
        lambda session: Done(
            decide(
                session,
                namespace=once.namespace,
                decisions=[
                    msgspec.structs.replace(each, reviewer=_reviewer(caller, each.reviewer))
                    for each in decisions
                ],
                actor=_actor(caller),
            )
        )
    )


@router.get("/reviews", responses=page_answers(Reviewed, _REVIEWED))
async def get_reviews(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(REVIEWS))],
) -> Response:
    """The items that people have looked at, with what holds now."""
    page = await database.run(
        lambda session: list_reviews(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.get(
    "/reviews/{review}",
    responses=answers(Reviewed, _REVIEWED, description="what holds now", headers=_TAGGED)
    | problems("not_found"),
)
async def get_review(
    database: Database, _: Getter, review: ReviewId, if_none_match: IfNoneMatch = None
) -> Response:
    """One item; its ETag is for `PUT`."""
    found = await database.run(
        lambda session: read_review(session, namespace=database.name, id=review)
    )
    return _answer(found, if_none_match)


@router.put(
    "/reviews/{review}",
    responses=answers(Reviewed, _REVIEWED, description="what holds now", headers=_TAGGED)
    | problems(
        "not_found",
        "precondition_required",
        "review_invalid",
    ),
    openapi_extra=body_of(Change, Change(choice="reopen", comment="The amendment was withdrawn")),
)
async def put_review(
    database: Database,
    caller: Reviewer,
    review: ReviewId,
    revisions: RequiredIfMatch,
    request: Request,
) -> Response:
    """Decide an item anew, or reopen it; 412 says who has decided since it was read."""
    body = await request.body()
    if len(body) > _MOST_CHANGE_BYTES:
        raise HTTPException(413, f"at most {_MOST_CHANGE_BYTES >> 20} MiB at once")
    change = _decoded(_CHANGE, body)
    changed = await database.run(
        lambda session: change_review(
            session,
            namespace=database.name,
            id=review,
            change=change,
            reviewer=_reviewer(caller, ""),
            revisions=revisions,
            actor=_actor(caller),
        )
    )
    return _answer(changed)


@router.get("/audit", responses=page_answers(AuditEntry, _ENTRY))
async def get_audit(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(AUDIT))],
) -> Response:
    """The audit trail as it is kept; whoever verifies it reads it whole, from its beginning."""
    page = await database.run(
        lambda session: list_trail(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.post(
    "/documents/{document}/recheck",
    status_code=202,
    responses=answers(
        QueuedDocuments, QueuedDocuments(queued=1), status=202, description="it is queued"
    )
    | problems("not_found", "superseded"),
)
async def post_recheck(once: Once, _: Reviewer, document: uuid.UUID) -> Response:
    """Queue the document once more: its results, facts and findings then follow the decisions.

    Reading it is not repeated, only the check; the job's reports are written anew.
    """

    def recheck(session: Session) -> Done:
        wake_ups = recheck_document(session, namespace=once.namespace, document_id=document)
        if wake_ups is None:
            raise HTTPException(404, "no such document is in this namespace")
        return Done(QueuedDocuments(queued=sum(wake_ups.values())), 202, wake_ups=wake_ups)

    return await once.run(recheck)


def _reviewer(caller: Caller, named: str) -> str:
    """Only who controls the installation speaks for others."""
    return (named or caller.name if caller.controls else caller.name)[:_LONGEST_NAME]


def _actor(caller: Caller) -> str | None:
    """Who the trail says has sent it; None where that is the reviewer who is named."""
    return None if caller.controls else caller.name


def _answer(review: Reviewed | None, if_none_match: str | None = None) -> Response:
    if review is None:
        raise HTTPException(404, "no such review is in this namespace")
    return tagged_answer(review, version=str(review.revision), if_none_match=if_none_match)


def _decoded(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    try:
        if b"\\u0000" in body:  # or only a backslash before it
            without_nul(msgspec.json.decode(body))
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # Only where it is: the message quotes what was sent.
        place = _PLACE.search(str(error))
        where = place[1] if place else "$"
        raise HTTPException(422, f"{where} is not what a decision has there") from error
    except msgspec.DecodeError as error:
        raise HTTPException(422, "the body is no JSON") from error
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
