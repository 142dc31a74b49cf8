import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class PoolDemand(Base):
    """How much work each pool has, folded by the sweeper; ``version`` is the feed's cursor."""

    __tablename__ = "pool_demand"

    job_uid: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.uid"), primary_key=True)
    pool: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    waiting: Mapped[int] = mapped_column(server_default="0")
    running: Mapped[int] = mapped_column(server_default="0")
    delayed: Mapped[int] = mapped_column(server_default="0")
    oldest_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_pool_demand_version", "version"),)
