from typing import Annotated

from fastapi import APIRouter, Query, Response

from lexmill.jobs.service import replay_tasks
from lexmill.tasks.service import list_dead
from lexmill_api.access import Lister, Runtime, Submitter
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import json_answer

router = APIRouter(prefix="/namespaces/{namespace}/dead", tags=["dead tasks"])


@router.get("")
async def get_dead(
    database: Database,
    _: Lister,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> Response:
    """Dead tasks, oldest first; ``after`` is the last id of the page before."""
    dead = await database.run(
        lambda session: list_dead(session, namespace=database.name, after=after, limit=limit)
    )
    return json_answer(dead)


@router.post("/replay", status_code=202)
async def post_replay(
    runtime: Runtime, database: Database, _: Submitter, tasks: list[int]
) -> Response:
    """Try dead tasks again; the answer is how many are queued."""
    wake_ups = await database.run(
        lambda session: replay_tasks(session, namespace=database.name, task_ids=tasks)
    )
    await runtime.batcher.ring(wake_ups)
    return json_answer({"queued": sum(wake_ups.values())}, 202)
