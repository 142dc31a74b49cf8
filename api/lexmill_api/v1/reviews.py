"""What people decided, and the audit trail, beneath /v1."""

import re
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response

from lexmill.audit.service import list_audit
from lexmill.reviews.schemas import NewDecision, RefusedDecisionsError
from lexmill.reviews.service import MOST_DECISIONS, decide, list_reviews
from lexmill_api.access import Lister, Reviewer
from lexmill_api.namespaces import Database
from lexmill_api.problems import problem_response
from lexmill_api.v1.answers import json_answer

_MOST_BYTES = 64 << 20
_DECISIONS = msgspec.json.Decoder(list[NewDecision])
_PLACE = re.compile(r" - at `([^`]+)`$")

router = APIRouter(prefix="/namespaces/{namespace}", tags=["reviews"])

After = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post("/reviews")
async def post_reviews(database: Database, caller: Reviewer, request: Request) -> Response:
    """Record decisions, all of them or none."""
    # Whoever has the control token speaks for others; else the trail says who really sent it.
    actor = None if caller.controls else caller.name
    decisions = _decoded(await _body(request))
    try:
        decided = await database.run(
            lambda session: decide(
                session, namespace=database.name, decisions=decisions, actor=actor
            )
        )
    except RefusedDecisionsError as error:
        status = 409 if error.code == "review_conflict" else 422
        return problem_response(status, error.code, error.message, problems=error.problems)
    return json_answer(decided)


@router.get("/reviews")
async def get_reviews(
    database: Database,
    _: Lister,
    after: After = 0,
    limit: Limit = 500,
    sha256: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> Response:
    """The items that people have looked at; ``after`` is the last id of the page before."""
    reviews = await database.run(
        lambda session: list_reviews(
            session, namespace=database.name, sha256=sha256, after=after, limit=limit
        )
    )
    return json_answer(reviews)


@router.get("/audit")
async def get_audit(
    database: Database, _: Lister, after: After = 0, limit: Limit = 500
) -> Response:
    """The audit trail as it is kept; ``after`` is the last number of the page before."""
    entries = await database.run(
        lambda session: list_audit(session, namespace=database.name, after=after, limit=limit)
    )
    return json_answer(entries)


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise HTTPException(413, f"at most {_MOST_BYTES >> 20} MiB of decisions at once")
    return bytes(content)


def _decoded(body: bytes) -> list[NewDecision]:
    try:
        decisions = _DECISIONS.decode(body)
    except msgspec.ValidationError as error:
        # Only where it is: the message quotes what was sent.
        place = _PLACE.search(str(error))
        where = place[1] if place else "$"
        raise HTTPException(422, f"{where} is not what a decision has there") from error
    except msgspec.DecodeError as error:
        raise HTTPException(400, "the body is no JSON") from error
    if len(decisions) > MOST_DECISIONS:
        raise HTTPException(413, f"at most {MOST_DECISIONS:,} decisions at once")
    return decisions
