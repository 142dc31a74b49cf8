from datetime import datetime

import msgspec


class PoolWork(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the demand feed: the open tasks of one pool. Ages are of the oldest due task."""

    job_uid: str
    namespace: str
    job: str
    owner: str
    generation: int
    spec_hash: str
    suspended: bool
    outcome: str | None
    deleted: bool
    pool: str
    waiting: int
    running: int
    delayed: int
    oldest_due_at: datetime | None
    changed_at: datetime
    """When these numbers last changed, on the database's clock."""


class PoolBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """What an autoscaler asks of one pool."""

    waiting: int
    running: int
    delayed: int
    backlog: int
    """Tasks that ask for a worker now: those that may be claimed, and those that are."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since a cursor; ``version`` is the next one."""

    version: int
    pools: tuple[PoolWork, ...]


class ChangedJob(msgspec.Struct, frozen=True, kw_only=True):
    """``is_busy``: tasks are open, so its numbers change without a new version."""

    namespace: str
    name: str
    version: int
    is_busy: bool


class ChangedJobs(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    jobs: tuple[ChangedJob, ...]
