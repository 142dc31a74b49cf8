"""The shortcut does what the long way does, or nothing."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.models import Document
from lexmill.events.cloudevents import CloudEvent
from lexmill.events.models import Event, EventKey
from lexmill.events.routing import new_ids
from lexmill.events.schemas import Accepted, Incoming
from lexmill.events.service import accept_events
from lexmill.events.shortcut import ACCEPT, LOCK, Hints, find_shortcut
from lexmill.queue.broker import queue_name
from lexmill.scaling.service import fold_demand
from lexmill.tasks.models import Task
from lexmill.tasks.service import start_finalize
from tests.core import building
from tests.core.building import NAMESPACE, event, json_event


def incoming(*events: CloudEvent, job: str | None = None) -> list[Incoming]:
    return [
        Incoming(namespace=NAMESPACE, job=job, event=each, traceparent="00-1-2-00")
        for each in events
    ]


def learned(session: Session) -> Hints:
    """Hints after two events by the long way: the first finds the pool at rest."""
    hints = Hints()
    for _ in range(2):
        accept_events(session, incoming=incoming(event(type="warm.up")), hints=hints)
    return hints


def by_shortcut(session: Session, hints: Hints, given: list[Incoming]) -> Accepted | None:
    shortcut = find_shortcut(given, hints)
    assert shortcut is not None
    connection = session.connection()
    connection.exec_driver_sql(LOCK, shortcut.parameters)
    holds, fresh = connection.exec_driver_sql(ACCEPT, shortcut.parameters).one()
    return shortcut.read((holds, fresh))


def stored(session: Session) -> list[list[dict[str, Any]]]:
    """Every column but ids and moments of what the newest events made."""
    own = {"id", "event_id", "document_id", "source", "received_at", "digest"}
    return [
        sorted(
            (
                {name: value for name, value in row.items() if name not in own}
                for row in session.execute(select(table.__table__)).mappings()
            ),
            key=repr,
        )
        for table in (Event, Document, Task)
    ]


EVENTS = [
    json_event({"uris": ["s3://a/1", "s3://a/" + "long" * 700]}, id="1", priority=7),
    json_event({"uris": "s3://a/2"}, id="2", traceparent="00-3-4-01"),
    json_event({"uris": 5}, id="3"),
    event(id="4", data=b""),
    event(id="5", type="for.nobody"),
]


def test_both_ways_write_the_same(session: Session) -> None:
    building.listen(session, trigger={"document": "/data/uris"}, priority=3)
    building.listen(session, trigger={"filters": [{"exact": {"subject": "none"}}]})
    hints = learned(session)
    accept_events(session, incoming=incoming(json_event({"uris": "s3://a"}, id="0")), hints=hints)
    accept_events(session, incoming=incoming(json_event({"uris": "s3://b"}, id="0b")), hints=hints)
    with session.begin_nested() as savepoint:
        accepted = accept_events(session, incoming=incoming(*EVENTS))
        written = stored(session)
        savepoint.rollback()
    assert by_shortcut(session, hints, incoming(*EVENTS)) == accepted
    assert stored(session) == written


def test_once_each(session: Session) -> None:
    uid = building.listen(session)
    hints = learned(session)
    accepted = by_shortcut(session, hints, incoming(*(event(id=id_) for id_ in "1211")))
    assert accepted is not None
    assert Counter(accepted.outcomes) == {"routed": 2, "duplicate": 2}
    assert accepted.wake_ups == {queue_name(NAMESPACE, str(uid), "main"): 2}
    assert by_shortcut(session, hints, incoming(event(id="1"))) == Accepted(
        outcomes=("duplicate",), wake_ups={}
    )
    assert len(building.document_ids(session, uid)) == 4
    again = accept_events(session, incoming=incoming(event(id="2")))
    assert again.outcomes == ("duplicate",), "one key for both ways"


def test_an_event_for_one_job_goes_to_no_other(session: Session) -> None:
    nda, lease = building.listen(session, name="nda"), building.listen(session, name="lease")
    hints = learned(session)
    given = incoming(event(id="1"), job="nda")
    accepted = by_shortcut(session, hints, given)
    assert accepted is not None
    assert accepted.wake_ups == {queue_name(NAMESPACE, str(nda), "main"): 1}
    assert len(building.document_ids(session, lease)) == 2
    assert accept_events(session, incoming=given).outcomes == ("duplicate",)


def _finalize(session: Session, uid: uuid.UUID) -> None:
    session.execute(text("UPDATE task SET state = 'done' WHERE job_uid = :uid"), {"uid": uid})
    assert start_finalize(session)


def _newer_run(session: Session, uid: uuid.UUID) -> None:
    session.execute(text("INSERT INTO run (job_uid, number) VALUES (:uid, 2)"), {"uid": uid})


def _come_to_rest(session: Session, uid: uuid.UUID) -> None:
    session.execute(text("UPDATE task SET state = 'done' WHERE job_uid = :uid"), {"uid": uid})
    fold_demand(session)


@pytest.mark.parametrize(
    "change",
    [
        building.cancel,
        lambda s, uid: building.cancel(s, uid, "deleted"),
        lambda s, _: building.listen(s),
        lambda s, uid: building.listen(s, uid=uid, name="nda", priority=9, generation=2),
        lambda s, _: building.listen(s, name="nda"),
        _finalize,
        _newer_run,
        _come_to_rest,
    ],
    ids=["cancelled", "deleted", "another", "changed", "replaced", "reports", "run", "at rest"],
)
def test_where_anything_has_changed_nothing_is_stored(
    session: Session, change: Callable[[Session, uuid.UUID], object]
) -> None:
    uid = building.listen(session, name="nda")
    hints = learned(session)
    change(session, uid)
    before = stored(session)
    keys = len(session.scalars(select(EventKey.digest)).all())
    assert by_shortcut(session, hints, incoming(event(id="1"))) is None
    assert stored(session) == before
    assert len(session.scalars(select(EventKey.digest)).all()) == keys


def test_what_needs_more_goes_the_long_way(session: Session) -> None:
    building.listen(session, name="nda")
    assert find_shortcut(incoming(event()), Hints()) is None, "nothing is known"
    hints = learned(session)
    assert find_shortcut(incoming(event()), hints) is not None
    assert find_shortcut(incoming(event(knativeerrorcode=500)), hints) is None
    assert find_shortcut(incoming(event(), job="lease"), hints) is None
    elsewhere = Incoming(namespace="other", job=None, event=event())
    assert find_shortcut([*incoming(event()), elsewhere], hints) is None
    hints.forget()
    assert find_shortcut(incoming(event()), hints) is None


def test_hints_are_bounded(session: Session) -> None:
    building.listen(session)
    hints = learned(session)
    for number in range(1_100):
        hints.learn({f"namespace-{number}"}, {}, {})
    assert len(hints.listeners) <= 1_001
    assert find_shortcut(incoming(event()), hints) is None


def test_a_pool_at_rest_is_announced_by_the_long_way(session: Session) -> None:
    building.listen(session)
    hints = Hints()
    accept_events(session, incoming=incoming(event()), hints=hints)
    assert find_shortcut(incoming(event()), hints) is None


def test_the_run_stays_open_until_the_commit(engine: Engine) -> None:
    with transaction(engine) as session:
        building.listen(session)
        hints = learned(session)
    with transaction(engine) as receiving:
        assert by_shortcut(receiving, hints, incoming(event())) is not None
        with transaction(engine) as ending:
            ending.execute(text("UPDATE task SET state = 'done'"))
            assert start_finalize(ending) == []


def test_ids_are_of_version_7_and_grow() -> None:
    first, second = new_ids(500), new_ids(500)
    assert len(set(first + second)) == 1000
    assert {(id_.version, id_.variant) for id_ in first} == {(7, uuid.RFC_4122)}
    assert max(id_.int >> 80 for id_ in first) <= min(id_.int >> 80 for id_ in second)
