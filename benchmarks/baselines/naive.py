"""What one writes first: FastAPI, a Pydantic model and ``actor.send()``; nothing is stored.

Two variants of the same route, served as ``naive:app`` beneath /def and /async. The URL of Valkey
comes from LEXMILL_QUEUE__URL.
"""

import os
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from fastapi import FastAPI, Response
from pydantic import AwareDatetime, BaseModel

dramatiq.set_broker(RedisBroker(url=os.environ["LEXMILL_QUEUE__URL"]))


class Event(BaseModel):
    specversion: str
    id: str
    source: str
    type: str
    subject: str | None = None
    time: AwareDatetime | None = None
    datacontenttype: str | None = None
    data: dict[str, Any] | None = None


@dramatiq.actor(queue_name="naive")
def handle(event: dict[str, Any]) -> None:
    """Never run here: only the enqueueing is measured."""


app = FastAPI()


@app.post("/def", status_code=202)
def post_def(event: Event) -> Response:
    handle.send(event.model_dump(mode="json"))
    return Response(status_code=202)


@app.post("/async", status_code=202)
async def post_async(event: Event) -> Response:
    handle.send(event.model_dump(mode="json"))
    return Response(status_code=202)
