"""What every visit of one worker process shares."""

import threading
from dataclasses import dataclass, field

import redis
import structlog

from lexmill.bootstrap import Process
from lexmill.queue.broker import queue_name
from lexmill.queue.wakeups import ValkeyWakeUps
from lexmill.settings import WorkerSettings
from lexmill.storage.objects import Objects
from lexmill_workers.leases import Leases
from lexmill_workers.sandbox import Sandbox

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    process: Process
    worker: WorkerSettings
    worker_id: str
    """Names this process in the task rows; who scales down asks which of them are busy."""
    objects: Objects
    sandbox: Sandbox
    leases: Leases
    wake_ups: ValkeyWakeUps
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set at SIGTERM: visits under way go on, no other task is claimed."""
    broken: threading.Event = field(default_factory=threading.Event)
    """Set with ``stopping`` where this process cannot work: another one has to be started."""

    @property
    def queue(self) -> str:
        return queue_name(self.worker.namespace, self.worker.job, self.worker.pool)

    def ring(self, pool: str, count: int) -> None:
        """Wake workers of a pool of this job; when Valkey is away the sweeper does it later."""
        if count == 0:
            return
        queue = queue_name(self.worker.namespace, self.worker.job, pool)
        try:
            self.wake_ups.ring({queue: count})
        except redis.RedisError as error:
            log.warning("wake_ups_lost", count=count, error=type(error).__name__)
