"""Every two seconds something is killed or restarted at random, and started again soon after."""

import math
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import psycopg

from lexmill_cli.local.processes import is_alive, wait_until
from lexmill_cli.local.services import Service
from tests.chaos.parts import START_SECONDS, Parts, kill, sandbox_template

EVERY_SECONDS = 2.0
LONGEST_ABSENCE_SECONDS = 2.0
FROZEN_SECONDS = 18.0
"""Longer than a lease: somebody else has taken the task over when it goes on."""
_POLL_SECONDS = 0.05
_WORKING = "SELECT worker FROM task WHERE state = 'running' ORDER BY started_at DESC"


@dataclass
class Storm:
    """Must be driven from the main thread, to which the kernel ties what is started."""

    parts: Parts
    rng: random.Random
    blows: "Counter[str]" = field(default_factory=Counter)
    _back_at: dict[str, float] = field(default_factory=dict)
    """When a part that is away is started again."""
    _frozen: list[tuple[float, Service]] = field(default_factory=list)

    def rage(self, seconds: float) -> None:
        begun = time.monotonic()
        for number in range(int(seconds / EVERY_SECONDS)):
            self._strike()
            self._heal_until(begun + (number + 1) * EVERY_SECONDS)

    def calm(self) -> None:
        """Bring back whatever is away, or just stopping, at once."""
        self._back_at.clear()
        self._thaw(math.inf)

        def ready() -> bool:
            self.heal()
            return self.parts.are_ready()

        assert wait_until(ready, timeout_seconds=START_SECONDS)

    def heal(self) -> None:
        """Start what is away and whose time has come; all that ended by itself, too."""
        parts = self.parts
        self._thaw(time.monotonic())
        self._revive("postgres", is_alive(parts.postgres.pid), parts.start_postgres)
        self._revive("valkey", is_alive(parts.valkey.pid), parts.start_valkey)
        for number, api in enumerate(parts.apis):
            self._revive(f"api {number}", api.is_running, partial(parts.start_api, number))
        for number, worker in enumerate(parts.workers):
            start = partial(parts.start_worker, number)
            self._revive(f"worker {number}", worker.is_running, start)

    def _thaw(self, now: float) -> None:
        """Whoever was frozen for longer than its lease goes on as if nothing had happened."""
        for until, service in self._frozen:
            if until <= now and service.is_running:
                service.process.send_signal(signal.SIGCONT)
        self._frozen = [(until, service) for until, service in self._frozen if until > now]

    def _revive(self, name: str, alive: bool, start: Callable[[], None]) -> None:  # noqa: FBT001
        if not alive and time.monotonic() >= self._back_at.get(name, 0.0):
            start()

    def _heal_until(self, deadline: float) -> None:
        while True:
            self.heal()
            if time.monotonic() >= deadline:
                return
            time.sleep(_POLL_SECONDS)

    def _strike(self) -> None:
        part = self.rng.choice((self._api, self._worker, self._valkey, self._postgres))
        self.blows[part()] += 1

    def _absent(self, name: str) -> None:
        self._back_at[name] = time.monotonic() + self.rng.uniform(0, LONGEST_ABSENCE_SECONDS)

    def _api(self) -> str:
        number = self.rng.randrange(len(self.parts.apis))
        self._absent(f"api {number}")
        if self.rng.random() < 0.7:
            kill(self.parts.apis[number].process.pid)
            return "api killed"
        self.parts.apis[number].ask_to_stop()
        return "api restarted"

    def _worker(self) -> str:
        number = self._working()
        worker = self.parts.workers[number]
        self._absent(f"worker {number}")
        how = self.rng.random()
        if how < 0.15 and (template := sandbox_template(worker)) is not None:
            kill(template)
            return "sandbox killed"
        if how < 0.4 and worker.is_running:
            worker.process.send_signal(signal.SIGSTOP)
            self._frozen.append((time.monotonic() + FROZEN_SECONDS, worker))
            return "worker frozen"
        if how < 0.8:
            kill(worker.process.pid)
            return "worker killed"
        worker.ask_to_stop()
        return "worker restarted"

    def _working(self) -> int:
        """A worker in the middle of a visit; any, where none is found in half a second."""
        pids = [worker.process.pid for worker in self.parts.workers]
        try:
            with psycopg.connect(self.parts.database, connect_timeout=1) as connection:
                for _ in range(25):
                    for (name,) in connection.execute(_WORKING).fetchall():
                        if (pid := int(name.rpartition("-")[2])) in pids:
                            return pids.index(pid)
                    connection.rollback()
                    time.sleep(0.02)
        except psycopg.OperationalError:
            pass  # it was struck itself
        return self.rng.randrange(len(pids))

    def _valkey(self) -> str:
        if self.rng.random() < 0.5 and is_alive(self.parts.valkey.pid):
            self.parts.flush_valkey()
            return "valkey flushed"
        self._absent("valkey")
        kill(self.parts.valkey.pid)
        return "valkey killed"

    def _postgres(self) -> str:
        server = self.parts.postgres.pid
        how = self.rng.random()
        backends = self.parts.backends()
        if how < 0.35 and backends:
            # The server takes all others down with it and recovers by itself.
            kill(self.rng.choice(backends))
            return "postgres backend killed"
        self._absent("postgres")
        if how < 0.75:
            kill(server)
            return "postgres killed"
        if is_alive(server):
            os.kill(server, signal.SIGQUIT)
        return "postgres stopped at once"
