import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Upload(Base):
    """One file on its way in, from before its first byte: what is not completed is swept.

    ``secret`` is the hash of what the address of a presigned upload ends in. ``incoming_until``:
    so long whoever has the bucket's own address can put something there, also when the upload is
    completed. ``sha256`` is what was announced, and then what came.
    """

    __tablename__ = "upload"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    namespace: Mapped[str]
    job_uid: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.uid"))
    name: Mapped[str]
    folder: Mapped[str]
    event_id: Mapped[str]
    created_by: Mapped[str]
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    sha256: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    incoming_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_upload_expires_at", "expires_at", postgresql_where=text("completed_at IS NULL")),
        Index("ix_upload_document_id", "document_id"),
        Index(
            "ix_upload_incoming_until",
            "incoming_until",
            postgresql_where=text("incoming_until IS NOT NULL"),
        ),
    )
