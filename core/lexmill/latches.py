"""What only one may do at a time, across processes.

Rows and not advisory locks: those anybody can hold who can log in, a tenant too.
"""

from typing import Final

from sqlalchemy import SmallInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lexmill.database import Base

DEMAND: Final = 0
"""Writing to the demand feed. The sweeps have the numbers from 1 on."""
STATISTICS: Final = 16
"""Counting: namespaces share the numbers from here on."""
AUDIT: Final = 32
"""Appending to audit trails: namespaces share the numbers from here to the end."""
COUNT: Final = 64


class Latch(Base):
    """Rows without content, made by the migration: 0 to 63."""

    __tablename__ = "latch"

    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)


def wait_for(session: Session, number: int) -> None:
    """Until the transaction ends nobody else has it."""
    session.execute(select(Latch.number).where(Latch.number == number).with_for_update()).one()


def is_free(session: Session, number: int) -> bool:
    """As `wait_for`, but False where somebody has it."""
    assert 0 <= number < COUNT
    free = select(Latch.number).where(Latch.number == number).with_for_update(skip_locked=True)
    return session.scalar(free) is not None
