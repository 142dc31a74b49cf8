"""Every replica tries each sweep each second; PostgreSQL's latches let one do it."""

import threading
import time
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lexmill.database import is_passing
from lexmill.queue.wakeups import WakeUps
from lexmill.settings import TaskSettings
from lexmill.tasks.sweep import sweep_all
from lexmill.telemetry.metrics import SWEEP_SECONDS

log = structlog.get_logger(__name__)


@dataclass
class Sweeper:
    engine: Engine
    wake_ups: WakeUps
    settings: TaskSettings
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        # A server that recovers, or a network that was cut, may be away for longer than a lease,
        # and the server knows only when it was started. Workers get the time to renew theirs.
        away_until = 0.0
        while not self._stopped.wait(self.settings.sweep_seconds):
            try:
                with SWEEP_SECONDS.time():
                    sweep_all(
                        self.engine,
                        wake_ups=self.wake_ups,
                        settings=self.settings,
                        leases=time.monotonic() > away_until,
                    )
            except Exception as error:  # noqa: BLE001 - the next round may do better
                log.warning("sweep_failed", error=type(error).__name__)
                if isinstance(error, SQLAlchemyError) and is_passing(error):
                    away_until = time.monotonic() + self.settings.lease_seconds
