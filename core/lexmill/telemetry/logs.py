"""Structured logs: ids and reasons only, never a document's text, name or URI."""

import logging
import sys
import traceback
from typing import Any

import structlog

from lexmill.settings import TelemetrySettings


def configure_logs(settings: TelemetrySettings, *, process: str) -> None:
    """All of a process's logs, libraries' included, go to stderr in one shape."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # SQLAlchemy's and the driver's debug output would carry row contents; Alembic greets every
    # probe that looks at the schema, kopf every event.
    for noisy in ("alembic", "kopf.objects", "sqlalchemy", "psycopg", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def raised_at(error: BaseException) -> list[str]:
    """The way to where it was raised, as file, line and function; of each one in a group.

    Its message and its traceback's lines could quote what a person has written.
    """
    if isinstance(error, BaseExceptionGroup):
        return [place for each in error.exceptions for place in raised_at(each)]
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{each.filename.rpartition('/')[2]}:{each.lineno} {each.name}" for each in frames]
