"""The audit trail: only ever appended to, one chain a namespace.

Every function here runs inside the caller's transaction, so that what was done and its entry are
committed together or not at all.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import DateTime, func, insert, select
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.audit.chain import GENESIS, canonical, link_hash, verify_chain
from lexmill.audit.models import Audit
from lexmill.audit.schemas import AuditEntry, Head, NewEntry, Verdict

_PAGE = 1_000


def lock_chain(session: Session, *, namespace: str) -> datetime:
    """Until the commit nobody else appends to this chain; the answer is the time now.

    The time is asked for behind the lock, so that it never goes back along a chain.
    """
    latches.wait_for(session, latches.latch_of(namespace, latches.AUDIT))
    clock = func.clock_timestamp(type_=DateTime(timezone=True))
    return session.execute(select(clock)).scalar_one()


def append_audit(session: Session, *, namespace: str, entries: Sequence[NewEntry]) -> Head:
    """Append in the order given; the answer is the new head."""
    now = lock_chain(session, namespace=namespace).astimezone(UTC).isoformat()
    head = read_head(session, namespace=namespace)
    rows = []
    for new in entries:
        content = {
            "namespace": namespace,
            "number": head.number + 1,
            "at": now,
            "actor": new.actor,
            "action": new.action,
            "subject": new.subject,
            "before": new.before,
            "after": new.after,
        }
        entry = canonical(content)
        after = Head(number=head.number + 1, hash=link_hash(head.hash, entry))
        rows.append(
            {
                "namespace": namespace,
                "number": after.number,
                "entry": entry,
                "previous": bytes.fromhex(head.hash),
                "hash": bytes.fromhex(after.hash),
            }
        )
        head = after
    if rows:
        session.execute(insert(Audit), rows)
    return head


def read_head(session: Session, *, namespace: str) -> Head:
    """Number 0 where nothing was recorded yet."""
    row = session.execute(
        select(Audit.number, Audit.hash)
        .where(Audit.namespace == namespace)
        .order_by(Audit.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Head(number=0, hash=GENESIS)
    return Head(number=row.number, hash=row.hash.hex())


def list_audit(
    session: Session, *, namespace: str, after: int = 0, limit: int = 500
) -> list[AuditEntry]:
    """One page of the chain, oldest first, from behind a number on."""
    rows = session.execute(
        select(Audit.namespace, Audit.number, Audit.entry, Audit.previous, Audit.hash)
        .where(Audit.namespace == namespace, Audit.number > after)
        .order_by(Audit.number)
        .limit(limit)
    )
    return [
        AuditEntry(
            namespace=row.namespace,
            number=row.number,
            entry=row.entry,
            previous=row.previous.hex(),
            hash=row.hash.hex(),
        )
        for row in rows
    ]


def verify_audit(session: Session, *, namespace: str, noted: Head | None = None) -> Verdict:
    """Compute the whole chain again and name the first link that does not hold."""

    def entries() -> Iterator[AuditEntry]:
        after = 0
        while page := list_audit(session, namespace=namespace, after=after, limit=_PAGE):
            yield from page
            after = page[-1].number

    return verify_chain(entries(), namespace=namespace, noted=noted)
