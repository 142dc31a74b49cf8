"""/livez, /readyz and /metrics of the API."""

import asyncio

import redis
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lexmill_api.namespaces import NamespaceDatabase
from lexmill_api.runtime import ApiRuntime
from lexmill_migrations import serves


def health_routes() -> list[Route]:
    return [
        Route("/livez", get_livez),
        Route("/readyz", get_readyz),
        Route("/metrics", get_metrics),
    ]


async def get_livez(_: Request) -> Response:
    return PlainTextResponse("ok")


async def get_readyz(request: Request) -> Response:
    """503 names what ingest cannot do without; Valkey's absence only delays work."""
    runtime: ApiRuntime = request.app.state.runtime
    missing, degraded = await _missing_parts(runtime)
    if missing:
        return PlainTextResponse(f"missing: {', '.join(missing)}", status_code=503)
    return PlainTextResponse(f"degraded: {', '.join(degraded)}" if degraded else "ok")


async def get_metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _may_enter(runtime: ApiRuntime) -> bool:
    try:
        await NamespaceDatabase("", runtime.process.namespace_engine).run(lambda _: None)
    except ProgrammingError:
        return False
    return True


async def _missing_parts(runtime: ApiRuntime) -> tuple[list[str], list[str]]:
    missing: list[str] = []
    degraded: list[str] = []
    url = runtime.process.settings.database.url.get_secret_value()
    try:
        async with runtime.session() as session:
            await session.execute(text("SELECT 1"))
        if not await asyncio.to_thread(serves, url):
            missing.append("schema (run the migrations)")
        elif not await _may_enter(runtime):
            missing.append("the database role of REST (set LEXMILL_DATABASE__API_URL)")
    except SQLAlchemyError:
        missing.append("postgresql")
    try:
        await asyncio.to_thread(runtime.process.broker.valkey.ping)
    except redis.RedisError:
        degraded.append("valkey")
    return missing, degraded
