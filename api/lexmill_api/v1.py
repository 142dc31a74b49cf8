"""The REST API for people and for the scalers."""

import hmac
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from lexmill.jobs.service import read_progress
from lexmill.scaling.schemas import Demand
from lexmill.scaling.service import read_demand
from lexmill_api.runtime import ApiRuntime

_bearer = HTTPBearer(auto_error=False)


def get_runtime(request: Request) -> ApiRuntime:
    runtime: ApiRuntime = request.app.state.runtime
    return runtime


Runtime = Annotated[ApiRuntime, Depends(get_runtime)]


def authorise(
    runtime: Runtime,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    expected = runtime.settings.control_token.get_secret_value()
    given = "" if credentials is None else credentials.credentials
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})


router = APIRouter(dependencies=[Depends(authorise)])


@router.get("/demand")
async def get_demand(
    runtime: Runtime,
    after: Annotated[int, Query(ge=0)] = 0,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
) -> Response:
    """What changed after a cursor; waits up to ``wait`` seconds for the first change."""
    demand = await _read(runtime, after)
    if not demand.pools and wait:
        await runtime.feed.wait(wait)
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


async def _read(runtime: ApiRuntime, after: int) -> Demand:
    async with runtime.session() as session:
        return await session.run_sync(lambda sync: read_demand(sync, after=after))


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
