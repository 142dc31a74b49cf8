from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from lexmill.scaling.schemas import Demand, PoolWork
from lexmill.scaling.service import read_demand
from lexmill_api.access import Runtime, controls
from lexmill_api.runtime import ApiRuntime
from lexmill_api.v1.answers import answers, json_answer

router = APIRouter(tags=["demand"])

_TIME: Final = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_DEMAND: Final = Demand(
    version=4711,
    pools=(
        PoolWork(
            job_uid="7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2",
            namespace="legal",
            job="nda-2026",
            owner="kubernetes",
            generation=1,
            spec_hash="5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
            suspended=False,
            outcome=None,
            deleted=False,
            pool="main",
            waiting=26,
            running=2,
            delayed=0,
            oldest_due_at=_TIME,
            changed_at=_TIME,
        ),
    ),
)


@router.get(
    "/demand",
    dependencies=[Depends(controls)],
    responses=answers(Demand, _DEMAND, description="the pools whose numbers changed"),
)
async def get_demand(
    runtime: Runtime,
    after: Annotated[
        int, Query(ge=0, lt=2**63, description="`version` of the answer before; 0 for all")
    ] = 0,
    wait: Annotated[float, Query(ge=0, le=30, description="seconds")] = 0,
) -> Response:
    """What changed after a cursor; waits up to ``wait`` seconds for the first change."""
    news = runtime.feed.next_news()
    demand = await _read(runtime, after)
    if not demand.pools and wait:
        await runtime.feed.wait(news, wait)
        demand = await _read(runtime, after)
    return json_answer(demand)


async def _read(runtime: ApiRuntime, after: int) -> Demand:
    """Across namespaces, as who may ask for it runs the workers of all of them."""
    async with runtime.session() as session:
        return await session.run_sync(lambda sync: read_demand(sync, after=after))
