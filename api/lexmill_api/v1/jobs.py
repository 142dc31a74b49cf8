from fastapi import APIRouter, HTTPException, Response

from lexmill.jobs.schemas import MAIN_POOL
from lexmill.jobs.service import read_progress
from lexmill.tasks.service import count_busy
from lexmill_api.access import Getter
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import json_answer

router = APIRouter(prefix="/namespaces/{namespace}/jobs", tags=["jobs"])


@router.get("/{name}")
async def get_job(database: Database, _: Getter, name: str) -> Response:
    """How far the newest run of a job is."""
    progress = await database.run(
        lambda session: read_progress(session, namespace=database.name, name=name)
    )
    if progress is None:
        raise HTTPException(404, "no such job is in this namespace")
    return json_answer(progress)


@router.get("/{name}/workers")
async def get_workers(database: Database, _: Getter, name: str, pool: str = MAIN_POOL) -> Response:
    """How many visits each busy worker of a pool has under way; idle workers are not among them."""
    busy = await database.run(
        lambda session: count_busy(session, namespace=database.name, name=name, pool=pool)
    )
    if busy is None:
        raise HTTPException(404, "no such job is in this namespace")
    return json_answer({"busy": busy})
