"""The one Dramatiq actor, declared after the broker was set."""

import dramatiq

from lexmill.queue.broker import ACTOR_NAME
from lexmill_workers.runtime import Runtime
from lexmill_workers.working import work_once


def declare_actors(runtime: Runtime) -> None:
    """Register the actor for the queue of this worker's pool."""

    @dramatiq.actor(actor_name=ACTOR_NAME, queue_name=runtime.queue, broker=runtime.process.broker)
    def work() -> None:
        # One wake-up drains the pool: the next claim is cheaper than the next message, and the
        # wake-ups that are left over then find nothing due and are simply acknowledged.
        while not runtime.stopping.is_set() and work_once(runtime):
            pass
