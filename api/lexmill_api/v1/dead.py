from typing import Annotated

from fastapi import APIRouter, Query, Response

from lexmill.jobs.service import replay_tasks
from lexmill.tasks.service import list_dead
from lexmill_api.access import Lister, Namespace, Runtime, Submitter
from lexmill_api.v1.answers import json_answer

router = APIRouter(prefix="/namespaces/{namespace}/dead", tags=["dead tasks"])


@router.get("")
async def get_dead(
    runtime: Runtime,
    _: Lister,
    namespace: Namespace,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> Response:
    """Dead tasks, oldest first; ``after`` is the last id of the page before."""
    async with runtime.session() as session:
        dead = await session.run_sync(
            lambda sync: list_dead(sync, namespace=namespace, after=after, limit=limit)
        )
    return json_answer(dead)


@router.post("/replay", status_code=202)
async def post_replay(
    runtime: Runtime, _: Submitter, namespace: Namespace, tasks: list[int]
) -> Response:
    """Try dead tasks again; the answer is how many are queued."""
    async with runtime.session() as session, session.begin():
        wake_ups = await session.run_sync(
            lambda sync: replay_tasks(sync, namespace=namespace, task_ids=tasks)
        )
    await runtime.batcher.ring(wake_ups)
    return json_answer({"queued": sum(wake_ups.values())}, 202)
