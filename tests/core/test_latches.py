"""What only one may do at a time holds up nothing else."""

from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.audit.schemas import NewEntry
from lexmill.audit.service import append_audit
from lexmill.database import transaction
from lexmill.latches import AUDIT, COUNT, STATISTICS, Latch, Turn
from tests.core.threads import committed


def test_no_number_stands_for_two_things() -> None:
    numbers = [*Turn, *STATISTICS, *AUDIT]
    assert sorted(set(numbers)) == sorted(numbers)
    assert max(numbers) < COUNT


def test_there_is_a_row_for_each_number(session: Session) -> None:
    assert set(session.scalars(select(Latch.number))) >= {*Turn, *STATISTICS, *AUDIT}


def test_whoever_sweeps_keeps_nobody_from_the_audit_trail(engine: Engine) -> None:
    """Purging holds its turn and then appends: waiting for each other would be a deadlock."""
    namespaces = {latches.latch_of(name, AUDIT): name for name in (f"ns-{n}" for n in range(500))}
    assert set(namespaces) == set(AUDIT)
    with transaction(engine) as holder:
        for turn in Turn:
            latches.wait_for(holder, turn)
        for namespace in namespaces.values():
            committed(engine, partial(_append, namespace=namespace))


def _append(session: Session, *, namespace: str) -> None:
    session.connection().exec_driver_sql("SET LOCAL lock_timeout = '2s'")
    append_audit(
        session,
        namespace=namespace,
        entries=[NewEntry(actor="a", action="b", subject={}, before=None, after=None)],
    )
