import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Engine

from lexmill.database import transaction
from lexmill.settings import TaskSettings
from lexmill.tasks.service import extend_leases, hand_back

log = structlog.get_logger(__name__)


class Leases:
    """Keeps this process's claims alive from one thread, and tells a visit when one is lost."""

    def __init__(self, engine: Engine, settings: TaskSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._held: dict[uuid.UUID, threading.Event] = {}
        self._owed: set[uuid.UUID] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        if self._owed:
            self._pay_back(set(self._owed))

    @contextmanager
    def hold(self, claim: uuid.UUID) -> Iterator[threading.Event]:
        """While inside, the claim's lease is renewed; the event is set when the claim is lost."""
        lost = threading.Event()
        with self._lock:
            self._held[claim] = lost
        try:
            yield lost
        finally:
            with self._lock:
                self._held.pop(claim, None)

    def hand_back_later(self, claim: uuid.UUID) -> None:
        """Give a visit back as soon as PostgreSQL answers again; its lease would call it a crash.

        Harmless where the visit's end was committed and only the answer was lost.
        """
        with self._lock:
            self._owed.add(claim)

    def hand_back_all(self) -> None:
        """Give every running visit back and stop it: the pod is going away."""
        with self._lock:
            held = dict(self._held)
            self._owed.update(held)
        if self._owed:
            self._pay_back(set(self._owed))
        for lost in held.values():
            lost.set()

    def _keep(self) -> None:
        while not self._stopped.wait(self._settings.heartbeat_seconds):
            with self._lock:
                held, owed = dict(self._held), set(self._owed)
            if owed:
                self._pay_back(owed)
            if held:
                self._renew(held)

    def _pay_back(self, owed: set[uuid.UUID]) -> None:
        try:
            with transaction(self._engine) as session:
                hand_back(session, claims=list(owed))
        except Exception as error:  # noqa: BLE001 - as for the beats, which come from this thread
            log.warning("hand_back_failed", error=type(error).__name__)
            return
        with self._lock:
            self._owed -= owed

    def _renew(self, held: dict[uuid.UUID, threading.Event]) -> None:
        try:
            with transaction(self._engine, durable=False) as session:
                kept = extend_leases(
                    session, claims=list(held), lease_seconds=self._settings.lease_seconds
                )
        except Exception as error:  # noqa: BLE001 - without beats every visit would be lost
            # While PostgreSQL is away nobody can take the claim; the next beat tries again.
            log.warning("heartbeat_failed", error=type(error).__name__)
            return
        for claim, lost in held.items():
            if claim not in kept:
                lost.set()
