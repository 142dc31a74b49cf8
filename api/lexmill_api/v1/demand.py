from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from lexmill.scaling.schemas import Demand
from lexmill.scaling.service import read_demand
from lexmill_api.access import Runtime, controls
from lexmill_api.runtime import ApiRuntime
from lexmill_api.v1.answers import json_answer

router = APIRouter()


@router.get("/demand", dependencies=[Depends(controls)])
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
    return json_answer(demand)


async def _read(runtime: ApiRuntime, after: int) -> Demand:
    """Across namespaces, as who may ask for it runs the workers of all of them."""
    async with runtime.session() as session:
        return await session.run_sync(lambda sync: read_demand(sync, after=after))
