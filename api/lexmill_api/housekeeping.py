"""What takes its time in the object store and nobody waits for; the sweeper must not, either."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

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

log = structlog.get_logger(__name__)


@dataclass
class Housekeeping:
    engine: Engine
    objects: Objects
    settings: TaskSettings
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.settings.housekeeping_seconds):
            self._alone(Turn.UPLOADS, lambda session: sweep_uploads(session, objects=self.objects))
            self._alone(Turn.RETENTION, purge_overdue)
            self._alone(Turn.REMOVAL, self._remove)

    def _alone(self, turn: Turn, sweep: Callable[[Session], int]) -> None:
        """One replica at a time; what fails is tried again in the next round."""
        try:
            with transaction(self.engine) as session:
                if latches.is_free(session, turn):
                    SWEEPS.labels(turn.name.lower()).inc(sweep(session))
        except Exception as error:  # noqa: BLE001 - the next round may do better
            log.warning("housekeeping_failed", sweep=turn.name.lower(), error=type(error).__name__)

    def _remove(self, session: Session) -> int:
        return remove_objects(
            session, objects=self.objects, delay_seconds=self.settings.purge_delay_seconds
        )
