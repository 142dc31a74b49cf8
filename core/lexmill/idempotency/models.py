from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class IdempotencyKey(Base):
    """A request that was answered, by SHA-256 of caller and key.

    Written in the transaction that does what was asked: a row that others can see has its answer.
    """

    __tablename__ = "idempotency_key"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
