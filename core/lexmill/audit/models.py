from sqlalchemy import BigInteger, CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Audit(Base):
    """One link of a namespace's chain; the database itself refuses to change or remove a row.

    ``entry`` is canonical JSON and the whole truth of the row: who, when, what, before and after.
    Its values may be content of documents: they leave this table for nobody but who may read it.
    """

    __tablename__ = "audit"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry: Mapped[str]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (CheckConstraint("number > 0", name="number"),)
