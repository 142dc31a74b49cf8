from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from lexmill.bootstrap import Process
from lexmill.errors import LexmillError
from lexmill.events.cloudevents import Limits
from lexmill.queue.wakeups import ValkeyWakeUps
from lexmill.storage.objects import Objects
from lexmill_api.batching import Batcher
from lexmill_api.bodies import BodyLimit
from lexmill_api.defects import Defects
from lexmill_api.delivery import Delivery
from lexmill_api.drawing import Drawing
from lexmill_api.event_types import event_type_routes
from lexmill_api.feed import DemandFeed
from lexmill_api.headers import AnswerHeaders
from lexmill_api.health import health_routes
from lexmill_api.housekeeping import housekeeping
from lexmill_api.identity import identities
from lexmill_api.ingest import Ingest
from lexmill_api.live.hub import Hub
from lexmill_api.live.streams import Streams
from lexmill_api.openapi import Rest
from lexmill_api.problem_pages import problem_routes
from lexmill_api.problems import (
    answer_database_error,
    answer_error,
    answer_http_error,
    answer_invalid,
)
from lexmill_api.rates import Rates
from lexmill_api.request_ids import RequestIds
from lexmill_api.runtime import ApiRuntime
from lexmill_api.sweeper import sweeper
from lexmill_api.v1 import router


def _session(process: Process) -> AsyncSession:
    return AsyncSession(process.async_engine, expire_on_commit=False)


def create_app(process: Process) -> Ingest:
    """Ingest in front, probes as plain routes, what a person calls as FastAPI beneath /v1."""
    wake_ups = ValkeyWakeUps(
        process.broker.valkey,
        silent_seconds=process.settings.queue.heartbeat_timeout_seconds,
    )
    feed = DemandFeed(process.settings.database.url.get_secret_value())
    runtime = ApiRuntime(
        process=process,
        settings=process.settings.required_api,
        identities=identities(process.settings.required_api, partial(_session, process)),
        batcher=Batcher(process.async_engine, wake_ups, process.settings.ingest),
        limits=Limits(
            event_bytes=process.settings.ingest.event_bytes,
            control_event_bytes=process.settings.ingest.control_event_bytes,
            batch_events=process.settings.ingest.batch_events,
            batch_bytes=process.settings.ingest.batch_bytes,
        ),
        rates=Rates(process.settings.required_api.requests_per_minute),
        feed=feed,
        objects=Objects(
            process.settings.storage.uri,
            public_endpoint=process.settings.storage.public_endpoint,
        ),
        drawing=Drawing(process.settings.sandbox),
        hub=Hub(partial(_session, process), feed),
    )
    rounds = (
        sweeper(process.engine, wake_ups, process.settings.tasks),
        housekeeping(process.engine, runtime.objects, process.settings.tasks),
    )
    delivery = Delivery(process.async_engine, process.settings.egress.allowed_networks)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        runtime.batcher.start()
        runtime.feed.start()
        runtime.hub.start()
        for each in rounds:
            each.start()
        delivery.start()
        try:
            yield
        finally:
            await runtime.batcher.stop()
            await delivery.stop()
            await runtime.drawing.stop()
            await runtime.hub.stop()
            await runtime.feed.stop()
            for each in rounds:
                each.stop()
            await process.close()

    rest = Rest(title="Lexmill", version="1", openapi_url="/openapi.json")
    rest.include_router(router)
    rest.add_exception_handler(SQLAlchemyError, answer_database_error)
    rest.add_exception_handler(LexmillError, answer_error)
    rest.add_exception_handler(HTTPException, answer_http_error)
    rest.add_exception_handler(RequestValidationError, answer_invalid)
    rest.add_middleware(Defects)
    rest.state.runtime = runtime
    app = Starlette(
        routes=[
            *event_type_routes(),
            *problem_routes(),
            *health_routes(),
            Mount("/v1", BodyLimit(rest, runtime.limits.control_event_bytes)),
        ],
        middleware=[
            Middleware(RequestIds),
            Middleware(AnswerHeaders),
            Middleware(
                CORSMiddleware,
                allow_origins=process.settings.required_api.allowed_origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=[
                    "Authorization",
                    "Content-Type",
                    "Idempotency-Key",
                    "If-Match",
                    "If-None-Match",
                ],
                expose_headers=[
                    "ETag",
                    "Link",
                    "Location",
                    "RateLimit",
                    "RateLimit-Policy",
                    "Retry-After",
                ],
            ),
            Middleware(Defects),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: answer_http_error},
    )
    app.state.runtime = runtime
    return Ingest(Defects(Streams(app)), runtime)
