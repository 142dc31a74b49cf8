"""What takes its time in the object store and nobody waits for; the sweeper must not, either."""

from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.database import transaction
from lexmill.latches import Turn
from lexmill.records.purging import purge_overdue, remove_objects
from lexmill.settings import TaskSettings
from lexmill.storage.objects import Objects
from lexmill.telemetry.metrics import SWEEPS
from lexmill.uploads.service import sweep_uploads
from lexmill_api.rounds import Rounds

log = structlog.get_logger(__name__)


def housekeeping(engine: Engine, objects: Objects, settings: TaskSettings) -> Rounds:
    remove = partial(remove_objects, objects=objects, delay_seconds=settings.purge_delay_seconds)

    def keep() -> None:
        _alone(engine, Turn.UPLOADS, partial(sweep_uploads, objects=objects))
        _alone(engine, Turn.RETENTION, purge_overdue)
        _alone(engine, Turn.REMOVAL, remove)

    return Rounds("housekeeping", settings.housekeeping_seconds, keep)


def _alone(engine: Engine, turn: Turn, sweep: Callable[[Session], int]) -> None:
    """One replica at a time; what fails is tried again in the next round."""
    name = turn.name.lower()
    try:
        with transaction(engine) as session:
            if latches.is_free(session, turn):
                SWEEPS.labels(name).inc(sweep(session))
    except Exception as error:  # noqa: BLE001 - the next round may do better
        log.warning("housekeeping_failed", sweep=name, error=type(error).__name__)
