"""What the pools have to do, as Prometheus sees it; all replicas of the API export the same."""

from collections import Counter
from collections.abc import Iterable

import msgspec
from prometheus_client import Gauge

from lexmill.telemetry.metrics import POOL_BACKLOG, POOL_RUNNING, POOL_WAITING


class PoolGauges(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str
    job: str
    pool: str
    waiting: int
    running: int
    is_claimable: bool


def show_pools(pools: Iterable[PoolGauges]) -> None:
    """These and no others: a pool that is not named any more has no gauges either.

    A deleted job and its successor of the same name count as one.
    """
    waiting: Counter[tuple[str, ...]] = Counter()
    running: Counter[tuple[str, ...]] = Counter()
    backlog: Counter[tuple[str, ...]] = Counter()
    for each in pools:
        labels = (each.namespace, each.job, each.pool)
        waiting[labels] += each.waiting
        running[labels] += each.running
        backlog[labels] += each.running + (each.waiting if each.is_claimable else 0)
    _show(POOL_WAITING, waiting)
    _show(POOL_RUNNING, running)
    _show(POOL_BACKLOG, backlog)


def _show(gauge: Gauge, numbers: "Counter[tuple[str, ...]]") -> None:
    for labels, number in numbers.items():
        gauge.labels(*labels).set(number)
    shown = {tuple(sample.labels.values()) for each in gauge.collect() for sample in each.samples}
    for labels in shown - numbers.keys():
        gauge.remove(*labels)
