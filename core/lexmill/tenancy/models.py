from datetime import datetime

from sqlalchemy import DateTime, String, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Tenant(Base):
    """A namespace whose workers have a login of their own, and what they may read and write.

    Without a list of prefixes nothing but the folders of each process's own settings limits it.
    """

    __tablename__ = "tenant"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(unique=True)
    reads: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    writes: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
