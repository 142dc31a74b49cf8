import datetime as dt
from typing import Any

from sqlalchemy import DateTime, func
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class StatisticDay(Base):
    """What was counted of one day (UTC), when, and how long counting took.

    Nothing is kept up to date with each change: a day is counted anew when somebody asks and it is
    too old for what it costs.
    """

    __tablename__ = "statistic_day"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    counted_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    seconds: Mapped[float] = mapped_column(DOUBLE_PRECISION)
