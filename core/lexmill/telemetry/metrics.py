"""Metrics of all processes, defined once; labels hold names of parts and reasons, never content."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("lexmill_events_total", "CloudEvents by outcome", ["outcome"])
DOCUMENTS = Counter("lexmill_documents_total", "Documents that ended, by state", ["state"])
TASKS = Counter(
    "lexmill_tasks_total", "Visits that ended, by kind and outcome", ["kind", "outcome"]
)
STAGE_SECONDS = Histogram(
    "lexmill_stage_seconds",
    "Time of one stage of one document",
    ["stage"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
)
STAGES_REUSED = Counter(
    "lexmill_stages_reused_total", "Stage outputs taken from the cache", ["stage"]
)
DELIVERIES = Counter("lexmill_deliveries_total", "Events sent to sinks, by outcome", ["outcome"])
SWEEPS = Counter("lexmill_sweeps_total", "Rows that a sweep changed", ["sweep"])
SWEEP_SECONDS = Histogram("lexmill_sweep_seconds", "Time of one round of all sweeps")
WAKE_UPS = Counter("lexmill_wake_ups_total", "Wake-ups sent")
# `namespace` and `job` are what Prometheus calls where it scraped: ours would be renamed (ADR 27).
_POOL = ["legaljob_namespace", "legaljob", "pool"]
POOL_WAITING = Gauge("lexmill_pool_waiting", "Due tasks of a pool", _POOL)
POOL_RUNNING = Gauge("lexmill_pool_running", "Claimed tasks of a pool", _POOL)
POOL_BACKLOG = Gauge(
    "lexmill_pool_backlog", "Tasks of a pool that ask for a worker now, for autoscalers", _POOL
)
