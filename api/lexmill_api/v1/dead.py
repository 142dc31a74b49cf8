import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from lexmill.jobs.service import replay_tasks
from lexmill.listing.schemas import ListRequest
from lexmill.tasks.listing import DEAD_TASKS, list_dead_tasks
from lexmill.tasks.schemas import DeadTaskRow
from lexmill_api.access import Lister, Submitter
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import answers, page_answer, page_answers
from lexmill_api.v1.lists import list_request
from lexmill_api.v1.numbers import WHOLE
from lexmill_api.v1.once import Done, Once

router = APIRouter(prefix="/namespaces/{namespace}/dead", tags=["dead tasks"])

TaskId = Annotated[int, Field(ge=1, lt=2**63, strict=True), WHOLE]

_DEAD: Final = DeadTaskRow(
    id=4711,
    kind="process",
    job="nda-2026",
    job_uid=uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2"),
    document_id=uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04"),
    document="2026/acme.pdf",
    error_code="worker_lost",
    error_message="The worker stopped answering while it worked on this document.",
    ended_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)


class QueuedTasks(msgspec.Struct, frozen=True, kw_only=True):
    """How many are queued again; what is not dead any more is passed over."""

    queued: int


@router.get("", responses=page_answers(DeadTaskRow, _DEAD))
async def get_dead(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(DEAD_TASKS))],
) -> Response:
    """Dead tasks of living jobs, the oldest first: what used up its limits or was stopped."""
    page = await database.run(
        lambda session: list_dead_tasks(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.post(
    "/replay",
    status_code=202,
    responses={
        **answers(QueuedTasks, QueuedTasks(queued=2), status=202, description="they are queued"),
    },
)
async def post_replay(
    once: Once,
    _: Submitter,
    tasks: Annotated[
        list[TaskId],
        Body(max_length=1_000, examples=[[4711, 4712]], description="their ids"),
    ],
) -> Response:
    """Try dead tasks again: documents in a new run, a listing from where it was, reports anew."""

    def replay(session: Session) -> Done:
        wake_ups = replay_tasks(session, namespace=once.namespace, task_ids=tasks)
        return Done(QueuedTasks(queued=sum(wake_ups.values())), 202, wake_ups=wake_ups)

    return await once.run(replay)
