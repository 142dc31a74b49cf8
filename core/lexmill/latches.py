"""What only one may do at a time, across processes.

Rows and not advisory locks: those anybody can hold who can log in, a tenant too.
"""

from enum import IntEnum, unique
from typing import Final
from zlib import crc32

from sqlalchemy import SmallInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lexmill.database import Base


@unique
class Turn(IntEnum):
    """Who has it, is alone at this; one number each, or what waits for one holds up another."""

    FEED = 0
    """Writing to the demand feed."""

    # The sweeps of each second; metrics have these names.
    EXPIRED_LEASES = 1
    FINALIZE = 2
    DEMAND = 3
    EVENT_KEYS = 4
    ENDED_JOBS = 5
    MOVED_TASKS = 6
    EVENT_PARTITIONS = 7
    SCHEDULES = 8
    DEADLINES = 9
    FAILURE_POLICIES = 10
    IDEMPOTENCY_KEYS = 11

    # Housekeeping, which takes its time.
    UPLOADS = 12
    RETENTION = 13
    REMOVAL = 14

    RECORDS = 15
    """Placing a hold, or purging: neither may overlook the other."""
    PLAYBOOKS = 16
    """Adding a version: its number follows the one before."""


STATISTICS: Final = range(17, 32)
"""Counting; namespaces share these."""
AUDIT: Final = range(32, 64)
"""Appending to audit trails; namespaces share these, and nobody waits who holds one."""
COUNT: Final = 64


class Latch(Base):
    """Rows without content, made by the migration: 0 to 63."""

    __tablename__ = "latch"

    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)


def latch_of(namespace: str, among: range) -> int:
    return among[crc32(namespace.encode()) % len(among)]


def wait_for(session: Session, number: int) -> None:
    """Until the transaction ends nobody else has it."""
    session.execute(select(Latch.number).where(Latch.number == number).with_for_update()).one()


def is_free(session: Session, number: int) -> bool:
    """As `wait_for`, but False where somebody has it."""
    assert 0 <= number < COUNT
    free = select(Latch.number).where(Latch.number == number).with_for_update(skip_locked=True)
    return session.scalar(free) is not None
