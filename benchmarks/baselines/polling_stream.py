"""Server-sent events as they are usually written: each stream asks the database each second."""

import asyncio
import json
import os
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

app = FastAPI()
engine = create_async_engine(os.environ["LEXMILL_DATABASE__URL"], pool_size=5)


@app.get("/progress/{name}")
async def get_progress(name: str) -> StreamingResponse:
    return StreamingResponse(states(name), media_type="text/event-stream")


async def states(name: str) -> AsyncIterator[str]:
    last = ""
    while True:
        async with AsyncSession(engine) as session:
            rows = await session.execute(
                text("""
                    SELECT document.state, count(*) FROM document
                    JOIN job ON job.uid = document.job_uid WHERE job.name = :name GROUP BY 1
                """),
                {"name": name},
            )
            state = json.dumps({row[0]: row[1] for row in rows})
        if state != last:
            last = state
            yield f"event: job\ndata: {state}\n\n"
        await asyncio.sleep(1)
