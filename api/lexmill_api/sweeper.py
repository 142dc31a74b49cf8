"""Every replica tries each sweep each second; PostgreSQL's latches let one do it."""

import time
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lexmill.database import is_passing
from lexmill.queue.wakeups import WakeUps
from lexmill.settings import TaskSettings
from lexmill.tasks.sweep import sweep_all
from lexmill.telemetry.metrics import SWEEP_SECONDS
from lexmill_api.rounds import Rounds

log = structlog.get_logger(__name__)


def sweeper(engine: Engine, wake_ups: WakeUps, settings: TaskSettings) -> Rounds:
    return Rounds("sweeper", settings.sweep_seconds, _Sweeps(engine, wake_ups, settings).sweep)


@dataclass
class _Sweeps:
    engine: Engine
    wake_ups: WakeUps
    settings: TaskSettings
    # A server that recovers, or a network that was cut, may be away for longer than a lease,
    # and the server knows only when it was started. Workers get the time to renew theirs.
    away_until: float = 0.0

    def sweep(self) -> None:
        try:
            with SWEEP_SECONDS.time():
                sweep_all(
                    self.engine,
                    wake_ups=self.wake_ups,
                    settings=self.settings,
                    leases=time.monotonic() > self.away_until,
                )
        except Exception as error:  # noqa: BLE001 - the next round may do better
            log.warning("sweep_failed", error=type(error).__name__)
            if isinstance(error, SQLAlchemyError) and is_passing(error):
                self.away_until = time.monotonic() + self.settings.lease_seconds
