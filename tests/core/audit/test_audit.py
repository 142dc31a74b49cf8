"""The audit trail: only appended to, and any change to it shows."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from lexmill.audit.chain import GENESIS, canonical, link_hash, verify_chain
from lexmill.audit.schemas import AuditEntry, Head, NewEntry
from lexmill.audit.service import append_audit, list_audit, read_head, verify_audit
from tests.core.threads import committed, held_up, together

ACME = "acme"


def entry(number: int = 1, **changes: object) -> NewEntry:
    given = NewEntry(
        actor="anna",
        action="review.accepted",
        subject={"sha256": "0" * 64, "item": f"item {number}"},
        before=None,
        after={"value": "ООО «Ромашка»", "revision": number},
    )
    return msgspec.structs.replace(given, **changes)


def chain(count: int, namespace: str = ACME) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    previous = GENESIS
    for number in range(1, count + 1):
        content = canonical({"namespace": namespace, "number": number, "after": {"n": number}})
        link = AuditEntry(
            namespace=namespace,
            number=number,
            entry=content,
            previous=previous,
            hash=link_hash(previous, content),
        )
        entries.append(link)
        previous = link.hash
    return entries


def test_an_entry_says_who_when_what_before_and_after(session: Session) -> None:
    before = session.scalar(text("SELECT clock_timestamp()"))
    append_audit(session, namespace=ACME, entries=[entry(before={"value": "x"})])
    (link,) = list_audit(session, namespace=ACME)
    content = json.loads(link.entry)
    assert content.pop("at") >= before.isoformat()
    assert content == {
        "namespace": ACME,
        "number": 1,
        "actor": "anna",
        "action": "review.accepted",
        "subject": {"sha256": "0" * 64, "item": "item 1"},
        "before": {"value": "x"},
        "after": {"value": "ООО «Ромашка»", "revision": 1},
    }
    assert link.hash == link_hash(GENESIS, link.entry)


def test_each_namespace_has_its_chain(session: Session) -> None:
    for number in (1, 2):
        append_audit(session, namespace=ACME, entries=[entry(number)])
    head = append_audit(session, namespace="other", entries=[entry(1), entry(2), entry(3)])
    assert head == read_head(session, namespace="other")
    assert [link.number for link in list_audit(session, namespace=ACME)] == [1, 2]
    assert [link.number for link in list_audit(session, namespace="other", after=1)] == [2, 3]
    for namespace, count in ((ACME, 2), ("other", 3), ("empty", 0)):
        verdict = verify_audit(session, namespace=namespace)
        assert (verdict.entries, verdict.broken) == (count, None)
        assert verdict.head == read_head(session, namespace=namespace)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET entry = '{}'",
        "UPDATE audit SET number = number + 1",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(session: Session, statement: str) -> None:
    """Its owner's everyday role, too: that is whom the tests are connected as."""
    append_audit(session, namespace=ACME, entries=[entry()])
    owner = session.scalar(
        text("SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'audit'")
    )
    assert owner
    with (
        pytest.raises(ProgrammingError, match="only ever appended to"),
        session.begin_nested(),
    ):
        session.execute(text(statement))
    assert verify_audit(session, namespace=ACME).entries == 1


@pytest.mark.parametrize(
    ("harm", "number", "reason"),
    [
        ("UPDATE audit SET entry = replace(entry, 'anna', 'otto') WHERE number = 3", 3, "content"),
        ("DELETE FROM audit WHERE number = 2", 2, "missing"),
        ("DELETE FROM audit WHERE number = 1", 1, "missing"),
        ("UPDATE audit SET hash = previous WHERE number = 4", 4, "content"),
        ("UPDATE audit SET previous = hash WHERE number = 5", 5, "follow"),
        ("UPDATE audit SET number = 9 WHERE number = 5", 5, "missing"),
    ],
)
def test_what_a_superuser_does_behind_the_triggers_is_named(
    session: Session, harm: str, number: int, reason: str
) -> None:
    append_audit(session, namespace=ACME, entries=[entry(n) for n in range(1, 6)])
    session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
    session.execute(text(harm))
    broken = verify_audit(session, namespace=ACME).broken
    assert broken is not None
    assert broken.number == number
    assert reason in broken.reason


def test_a_chain_that_was_cut_off_shows_where_its_head_was_noted(session: Session) -> None:
    noted = append_audit(session, namespace=ACME, entries=[entry(n) for n in range(1, 4)])
    append_audit(session, namespace=ACME, entries=[entry(4)])
    assert verify_audit(session, namespace=ACME, noted=noted).broken is None
    session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
    session.execute(text("DELETE FROM audit WHERE number >= 3"))
    assert verify_audit(session, namespace=ACME).broken is None
    broken = verify_audit(session, namespace=ACME, noted=noted).broken
    assert broken is not None
    assert (broken.number, "ends at number 2" in broken.reason) == (3, True)


def test_a_chain_that_was_written_anew_shows_by_the_noted_head(session: Session) -> None:
    noted = append_audit(session, namespace=ACME, entries=[entry(1), entry(2)])
    session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
    session.execute(text("DELETE FROM audit"))
    append_audit(session, namespace=ACME, entries=[entry(1), entry(9), entry(3)])
    assert verify_audit(session, namespace=ACME).broken is None
    broken = verify_audit(session, namespace=ACME, noted=noted).broken
    assert broken is not None
    assert broken.number == 2


def test_who_appends_at_the_same_time_waits(engine: Engine) -> None:
    with engine.connect() as connection, Session(connection) as first:
        append_audit(first, namespace=ACME, entries=[entry(1)])
        with held_up(
            engine, lambda session: append_audit(session, namespace=ACME, entries=[entry(2)])
        ) as second:
            assert not second.done()
            committed(
                engine, lambda session: append_audit(session, namespace="b", entries=[entry(1)])
            )
            first.commit()
        assert second.result().number == 2
    assert committed(engine, lambda one: verify_audit(one, namespace=ACME)).broken is None


def test_many_at_once_make_one_chain(engine: Engine) -> None:
    def append() -> None:
        for _ in range(10):
            committed(engine, lambda one: append_audit(one, namespace=ACME, entries=[entry()]))

    together(*[append] * 5)
    verdict = committed(engine, lambda session: verify_audit(session, namespace=ACME))
    assert (verdict.entries, verdict.broken) == (50, None)
    times = [
        json.loads(link.entry)["at"]
        for link in committed(engine, lambda session: list_audit(session, namespace=ACME))
    ]
    assert times == sorted(times)


# Not drawn in the test: making a table of all of Unicode is slow once, and would count as drawing.
changes = (
    st.tuples(st.just("number"), st.integers(-2, 20))
    | st.tuples(st.just("entry"), st.tuples(st.integers(0, 80), st.text(max_size=3)))
    | st.tuples(st.sampled_from(["previous", "hash"]), st.text("0123456789abcdefg", max_size=64))
)


@given(st.integers(1, 6), st.integers(0, 5), changes)
def test_any_change_to_any_entry_breaks_the_chain(
    count: int, at: int, change: tuple[str, Any]
) -> None:
    assume(at < count)
    entries = chain(count)
    victim = entries[at]
    name, new = change
    old = getattr(victim, name)
    if name == "entry":
        where, piece = new
        new = old[:where] + piece + old[where + 1 :]
    assume(new != old)
    changed = [*entries]
    changed[at] = msgspec.structs.replace(victim, **{name: new})
    verdict = verify_chain(changed, namespace=ACME)
    assert verdict.broken is not None
    assert verdict.broken.number == at + 1
    assert verdict.head.number == at


@given(st.permutations(range(5)), st.integers(0, 5))
def test_any_other_order_and_any_gap_breaks_the_chain(order: list[int], kept: int) -> None:
    entries = chain(5)
    taken = [entries[number] for number in order][:kept]
    verdict = verify_chain(taken, namespace=ACME, noted=Head(number=5, hash=entries[-1].hash))
    assert (verdict.broken is None) == (taken == entries)


@given(st.integers(1, 5))
def test_the_chain_of_another_namespace_is_none_of_this_one(count: int) -> None:
    verdict = verify_chain(chain(count, "other"), namespace=ACME)
    assert verdict.broken is not None
    assert verdict.broken.number == 1
