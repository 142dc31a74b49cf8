from fastapi import APIRouter, HTTPException, Response

from lexmill.jobs.schemas import MAIN_POOL
from lexmill.jobs.service import read_progress
from lexmill.tasks.service import count_busy
from lexmill_api.access import Getter, Namespace, Runtime
from lexmill_api.v1.answers import json_answer

router = APIRouter(prefix="/namespaces/{namespace}/jobs", tags=["jobs"])


@router.get("/{name}")
async def get_job(runtime: Runtime, _: Getter, namespace: Namespace, name: str) -> Response:
    """How far the newest run of a job is."""
    async with runtime.session() as session:
        progress = await session.run_sync(
            lambda sync: read_progress(sync, namespace=namespace, name=name)
        )
    if progress is None:
        raise HTTPException(404, "no such job is in this namespace")
    return json_answer(progress)


@router.get("/{name}/workers")
async def get_workers(
    runtime: Runtime, _: Getter, namespace: Namespace, name: str, pool: str = MAIN_POOL
) -> Response:
    """How many visits each busy worker of a pool has under way; idle workers are not among them."""
    async with runtime.session() as session:
        busy = await session.run_sync(
            lambda sync: count_busy(sync, namespace=namespace, name=name, pool=pool)
        )
    if busy is None:
        raise HTTPException(404, "no such job is in this namespace")
    return json_answer({"busy": busy})
