"""The REST API for people and for the scalers."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from lexmill.jobs.schemas import MAIN_POOL
from lexmill.jobs.service import read_progress, replay_tasks
from lexmill.scaling.schemas import Demand
from lexmill.scaling.service import read_demand
from lexmill.tasks.service import count_busy, list_dead
from lexmill_api.identity import Access
from lexmill_api.runtime import ApiRuntime

_REFUSALS: dict[Access, tuple[int, str, dict[str, str]]] = {
    Access.UNKNOWN: (401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"}),
    Access.FORBIDDEN: (403, "this service account may not use this API", {}),
    Access.UNDECIDED: (
        503,
        "Kubernetes, which knows whose the token is, does not answer",
        {"Retry-After": "2"},
    ),
}

_bearer = HTTPBearer(auto_error=False)


def get_runtime(request: Request) -> ApiRuntime:
    runtime: ApiRuntime = request.app.state.runtime
    return runtime


Runtime = Annotated[ApiRuntime, Depends(get_runtime)]


async def authorise(
    runtime: Runtime,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    given = "" if credentials is None else credentials.credentials
    access = await runtime.identities.check(given.encode())
    if access is not Access.GRANTED:
        raise HTTPException(*_REFUSALS[access])


router = APIRouter(dependencies=[Depends(authorise)])


@router.get("/demand")
async def get_demand(
    runtime: Runtime,
    after: Annotated[int, Query(ge=0)] = 0,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
) -> Response:
    """What changed after a cursor; waits up to ``wait`` seconds for the first change."""
    news = runtime.feed.next_news()
    demand = await _read(runtime, after)
    if not demand.pools and wait:
        await runtime.feed.wait(news, wait)
        demand = await _read(runtime, after)
    return _json(demand)


@router.get("/namespaces/{namespace}/jobs/{name}")
async def get_job(runtime: Runtime, namespace: str, name: str) -> Response:
    """How far the newest run of a job is."""
    async with runtime.session() as session:
        progress = await session.run_sync(
            lambda sync: read_progress(sync, namespace=namespace, name=name)
        )
    if progress is None:
        raise HTTPException(404, "no such job is in this namespace")
    return _json(progress)


@router.get("/namespaces/{namespace}/jobs/{name}/workers")
async def get_workers(
    runtime: Runtime, namespace: str, name: str, pool: str = MAIN_POOL
) -> Response:
    """How many visits each busy worker of a pool has under way; idle workers are not among them."""
    async with runtime.session() as session:
        busy = await session.run_sync(
            lambda sync: count_busy(sync, namespace=namespace, name=name, pool=pool)
        )
    if busy is None:
        raise HTTPException(404, "no such job is in this namespace")
    return _json({"busy": busy})


@router.get("/namespaces/{namespace}/dead")
async def get_dead(
    runtime: Runtime,
    namespace: str,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> Response:
    """Dead tasks, oldest first; ``after`` is the last id of the page before."""
    async with runtime.session() as session:
        dead = await session.run_sync(
            lambda sync: list_dead(sync, namespace=namespace, after=after, limit=limit)
        )
    return _json(dead)


@router.post("/namespaces/{namespace}/dead/replay", status_code=202)
async def post_replay(runtime: Runtime, namespace: str, tasks: list[int]) -> Response:
    """Try dead tasks again; the answer is how many are queued."""
    async with runtime.session() as session, session.begin():
        wake_ups = await session.run_sync(
            lambda sync: replay_tasks(sync, namespace=namespace, task_ids=tasks)
        )
    await runtime.batcher.ring(wake_ups)
    return Response(
        msgspec.json.encode({"queued": sum(wake_ups.values())}),
        status_code=202,
        media_type="application/json",
    )


async def _read(runtime: ApiRuntime, after: int) -> Demand:
    async with runtime.session() as session:
        return await session.run_sync(lambda sync: read_demand(sync, after=after))


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
