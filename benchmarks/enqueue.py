"""Wake-ups a second in bulk, as Lexmill rings them, against ``actor.send()``.

Both end in the same layout in Valkey and are fetched by the same Dramatiq worker; a real one
drains what was rung, so that what is measured is what works.

    python benchmarks/enqueue.py [--count N]
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import dramatiq

from lexmill.queue.broker import ACTOR_NAME, create_broker
from lexmill.queue.wakeups import ValkeyWakeUps
from lexmill.settings import QueueSettings
from lexmill_cli.local.valkey import running_valkey

BATCH = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder, running_valkey(Path(folder)) as valkey:
        broker = create_broker(QueueSettings(url=valkey.url))
        seen = 0

        @dramatiq.actor(actor_name=ACTOR_NAME, queue_name="benchmark", broker=broker)
        def work() -> None:
            nonlocal seen
            seen += 1

        started = time.perf_counter()
        for _ in range(count // 10):
            work.send()
        baseline = count / 10 / (time.perf_counter() - started)
        wake_ups = ValkeyWakeUps(broker.valkey)
        started = time.perf_counter()
        for _ in range(count // BATCH):
            wake_ups.ring({"benchmark": BATCH})
        value = count / (time.perf_counter() - started)
        expected = count // 10 + count
        worker = dramatiq.Worker(broker, worker_threads=4, worker_timeout=50)
        worker.start()
        broker.join("benchmark", timeout=120_000)
        worker.stop()
    if seen != expected:
        sys.exit(f"{expected} wake-ups were sent, {seen} arrived")
    print(f"batches of {BATCH}, all {expected} fetched by a worker", file=sys.stderr)
    print(
        json.dumps(
            {
                "name": "enqueue",
                "value": round(value),
                "unit": "wake-ups/s",
                "baseline": round(baseline),
                "ratio": round(value / baseline, 2),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
