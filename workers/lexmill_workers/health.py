"""What a worker's probes answer."""

import time

import redis
from sqlalchemy.exc import SQLAlchemyError

from lexmill.database import transaction
from lexmill.tenancy.service import may_serve
from lexmill_workers.runtime import Runtime

SILENT_SECONDS = 60
"""A worker that has not looked at its queue for so long no longer lives."""


def silent_parts(runtime: Runtime) -> list[str]:
    silent_for = time.monotonic() - runtime.process.broker.fetched_at
    return ["no fetch lately"] if silent_for >= SILENT_SECONDS else []


def missing_parts(runtime: Runtime) -> list[str]:
    """What this worker needs and does not reach."""
    missing = []
    try:
        with transaction(runtime.process.engine) as session:
            if not may_serve(session, namespace=runtime.worker.namespace):
                missing.append("a database login of this namespace")
    except SQLAlchemyError:
        missing.append("postgresql")
    try:
        runtime.process.broker.valkey.ping()
    except redis.RedisError:
        missing.append("valkey")
    return missing
