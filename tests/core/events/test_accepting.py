"""Taking events in: once each, in one transaction, for the jobs that listen."""

import random
import uuid
from collections import Counter
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.models import Document
from lexmill.errors import LexmillError
from lexmill.events.cloudevents import CloudEvent
from lexmill.events.models import Event, EventKey
from lexmill.events.schemas import Accepted, Incoming
from lexmill.events.service import accept_events, read_event_data
from lexmill.jobs.models import Job
from lexmill.queue.broker import queue_name
from lexmill.scaling.service import fold_demand
from lexmill.tasks.models import Task
from lexmill.tasks.service import start_finalize
from lexmill.tasks.sweep import stop_ended_jobs
from tests.core import building
from tests.core.building import NAMESPACE, accept, event, json_event
from tests.core.threads import committed, together


def _count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_event_becomes_a_document_with_its_task(session: Session) -> None:
    uid = building.listen(session)
    received = event(id="7", source="/mail", subject="in/lease.pdf", traceparent="00-1-2-01")

    accepted = accept(session, received)

    assert accepted == Accepted(
        outcomes=("routed",), wake_ups={queue_name(NAMESPACE, str(uid), "main"): 1}
    )
    document = building.document_row(session, uid)
    assert (document.uri, document.name, document.state) == ("event:/mail#7", "lease.pdf", "queued")
    assert document.traceparent == "00-1-2-01"
    row = session.execute(select(Event.__table__)).one()
    assert document.source == f"event:{row.id}"
    assert (row.event_id, row.outcome, row.documents) == ("7", "routed", 1)
    assert row.attributes["traceparent"] == "00-1-2-01"
    task = building.claimed(session, uid)
    assert (task.source, task.stage) == (document.source, "parse")
    assert read_event_data(session, event_id=row.id) == b"a contract"


def test_data_that_is_no_longer_kept_fails_its_document(session: Session) -> None:
    with pytest.raises(LexmillError, match=r"^event_expired: ") as gone:
        read_event_data(session, event_id=uuid.uuid4())
    assert not gone.value.retryable


def test_the_same_event_again_changes_nothing(session: Session) -> None:
    uid = building.listen(session)
    accept(session, event(id="1"))
    accepted = accept(session, event(id="1", data=b"something else"))
    assert accepted == Accepted(outcomes=("duplicate",), wake_ups={})
    assert len(building.document_ids(session, uid)) == 1
    assert _count(session, Event) == 1


def test_the_same_event_twice_in_a_batch_is_taken_once(session: Session) -> None:
    uid = building.listen(session)
    accepted = accept(session, *(event(id=id_) for id_ in ("1", "2", "1", "1")))
    assert Counter(accepted.outcomes) == {"routed": 2, "duplicate": 2}
    assert accepted.outcomes[1] == "routed"
    assert len(building.document_ids(session, uid)) == 2
    assert sum(accepted.wake_ups.values()) == 2


def test_source_and_id_together_are_what_makes_an_event(session: Session) -> None:
    """Also where lengths could be mistaken for each other."""
    building.listen(session)
    pairs = [("/a", "bc"), ("/ab", "c"), ("/a1:", "bc"), ("/A", "bc")]
    accepted = accept(session, *(event(source=source, id=id_) for source, id_ in pairs))
    assert set(accepted.outcomes) == {"routed"}


def test_nobody_takes_or_blocks_the_events_of_another_namespace(session: Session) -> None:
    mine, theirs = building.listen(session), building.listen(session, namespace="other")
    accept(session, event(id="1"))
    assert building.document_ids(session, theirs) == []
    assert accept(session, event(id="1"), namespace="other").outcomes == ("routed",)
    assert len(building.document_ids(session, mine)) == 1
    assert len(building.document_ids(session, theirs)) == 1


def test_one_transaction_for_events_of_several_namespaces(session: Session) -> None:
    jobs = {name: building.listen(session, namespace=name, name="nda") for name in ("a", "b")}
    incoming = [
        Incoming(namespace=name, job="nda", event=event(id="1")) for name in ("a", "b", "a", "c")
    ]
    accepted = accept_events(session, incoming=incoming)
    assert accepted.outcomes[3] == "unknown_job"
    assert Counter(accepted.outcomes) == {"routed": 2, "duplicate": 1, "unknown_job": 1}
    assert accepted.wake_ups == {
        queue_name(name, str(uid), "main"): 1 for name, uid in jobs.items()
    }


def test_an_event_for_one_job_goes_to_no_other(session: Session) -> None:
    nda, lease = building.listen(session, name="nda"), building.listen(session, name="lease")
    assert accept(session, event(id="1"), job="nda").outcomes == ("routed",)
    assert building.document_ids(session, lease) == []
    assert accept(session, event(id="1"), job="lease").outcomes == ("routed",), "another target"
    assert accept(session, event(id="1"), job="nda").outcomes == ("duplicate",)
    assert accept(session, event(id="1")).outcomes == ("routed",), "the namespace is one, too"
    assert len(building.document_ids(session, nda)) == 2


def test_a_jobs_successor_under_the_same_name_is_a_new_target(session: Session) -> None:
    building.listen(session, name="nda")
    accept(session, event(id="1"), job="nda")
    successor = building.listen(session, name="nda")
    assert accept(session, event(id="1"), job="nda").outcomes == ("routed",)
    assert len(building.document_ids(session, successor)) == 1


def test_an_unknown_job_stores_nothing_so_that_the_sender_may_come_again(session: Session) -> None:
    building.declare(session, name="lists")
    for name in ("nobody", "lists"):
        assert accept(session, event(id="1"), job=name).outcomes == ("unknown_job",)
    assert (_count(session, Event), _count(session, EventKey)) == (0, 0)
    building.listen(session, name="nobody")
    assert accept(session, event(id="1"), job="nobody").outcomes == ("routed",)


def test_filters_decide_which_jobs_listen(session: Session) -> None:
    mails = building.listen(session, trigger={"filters": [{"exact": {"type": "mail"}}]})
    ndas = building.listen(
        session, trigger={"filters": [{"exact": {"type": "mail"}}, {"prefix": {"subject": "nda/"}}]}
    )
    accepted = accept(
        session,
        event(id="1", type="mail", subject="nda/1"),
        event(id="2", type="mail", subject="lease/1"),
        event(id="3", type="call"),
    )
    assert accepted.outcomes == ("routed", "routed", "unmatched")
    assert list(building.documents_of(session, mails)) == ["event:/mail#1", "event:/mail#2"]
    assert list(building.documents_of(session, ndas)) == ["event:/mail#1"]
    kept = session.execute(select(Event.event_id, Event.outcome, Event.documents))
    assert {row.event_id: (row.outcome, row.documents) for row in kept} == {
        "1": ("routed", 2),
        "2": ("routed", 1),
        "3": ("unmatched", 0),
    }
    assert accept(session, event(id="3", type="call")).outcomes == ("duplicate",)


def test_filters_hold_for_an_event_that_is_addressed_to_the_job(session: Session) -> None:
    building.listen(session, name="nda", trigger={"filters": [{"exact": {"type": "mail"}}]})
    assert accept(session, event(type="call"), job="nda").outcomes == ("unmatched",)


def test_a_stored_filter_that_cannot_be_used_stops_nobody_elses_events(session: Session) -> None:
    """Such as one that an older version took."""
    broken, sound = building.listen(session), building.listen(session)
    session.execute(
        text("""UPDATE job SET spec = jsonb_set(spec, '{trigger}', '{"filters": [{"like": 1}]}')
                WHERE uid = :uid"""),
        {"uid": broken},
    )
    assert accept(session, event()).outcomes == ("routed",)
    assert building.document_ids(session, broken) == []
    assert len(building.document_ids(session, sound)) == 1


def test_a_pointer_makes_a_document_of_each_uri(session: Session) -> None:
    uid = building.listen(session, trigger={"document": "/data/files"})
    files = ["s3://in/nda.pdf", "file:///in/lease%20.docx"]
    assert accept(session, json_event({"files": files})).outcomes == ("routed",)
    rows = building.document_rows(session, uid)
    assert {(row.uri, row.source, row.name) for row in rows} == {
        ("s3://in/nda.pdf", "s3://in/nda.pdf", "nda.pdf"),
        ("file:///in/lease%20.docx", "file:///in/lease%20.docx", "lease%20.docx"),
    }


def test_an_event_without_what_the_pointer_asks_for_is_kept(session: Session) -> None:
    uid = building.listen(session, trigger={"document": "/data/uri"})
    assert accept(session, json_event({"url": "s3://x"})).outcomes == ("unroutable",)
    assert building.document_ids(session, uid) == []
    assert session.scalars(select(Event.outcome)).one() == "unroutable"


def test_routed_is_what_at_least_one_job_could_take(session: Session) -> None:
    building.listen(session)
    building.listen(session, trigger={"document": "/data/uri"})
    building.listen(session)
    for _ in range(3):  # whatever the order in which the jobs are read
        building.listen(session, trigger={"document": "/data/uri"})
        assert accept(session, json_event({})).outcomes == ("routed",)


@pytest.mark.parametrize("uri", ["object:other/visits/1/text", "event:1", "configmap:secrets/key"])
def test_an_event_cannot_name_what_is_inside_lexmill(session: Session, uri: str) -> None:
    building.listen(session, trigger={"document": "/data/uri"})
    uid = building.listen(session)
    assert accept(session, json_event({"uri": uri}), job=None).outcomes == ("routed",)
    assert _count(session, Document) == 1
    assert len(building.document_ids(session, uid)) == 1


@pytest.mark.parametrize(
    ("given", "priority"),
    [(None, 3), ("7", 7), (7, 7), ("-2000", -1000), ("5000", 1000), ("high", 3), ("", 3)],
)
def test_an_event_may_carry_its_own_priority(
    session: Session, given: str | int | None, priority: int
) -> None:
    uid = building.listen(session, priority=3)
    accept(session, event() if given is None else event(priority=given))
    assert building.document_row(session, uid).priority == priority
    task = building.claimed(session, uid)
    assert building.task_row(session, task.id).priority == priority


def test_events_of_a_suspended_job_wait_for_it(session: Session) -> None:
    uid = building.listen(session, suspend=True, name="nda")
    assert accept(session, event()).outcomes == ("routed",)
    assert building.claim(session, uid) is None
    building.listen(session, uid=uid, name="nda", generation=2)
    assert building.claim(session, uid) is not None


def test_ended_jobs_take_no_events(session: Session) -> None:
    uid = building.listen(session)
    building.cancel(session, uid)
    assert accept(session, event()).outcomes == ("unmatched",)


def test_events_join_the_open_run(session: Session) -> None:
    uid = building.listen(session)
    for _ in range(3):
        accept(session, event(), event())
    assert [run.number for run in building.runs_of(session, uid)] == [1]
    building.drain(session, uid)
    accept(session, event())
    assert [run.number for run in building.runs_of(session, uid)] == [1, 2]


def test_all_or_nothing(engine: Engine) -> None:
    """One event that PostgreSQL refuses leaves no trace of the others."""
    committed(engine, building.listen)
    bad = event(datacontenttype="text/\x00")  # which the parser would not have let through
    with pytest.raises((DBAPIError, ValueError)):
        committed(engine, lambda session: accept(session, event(), event(), bad))
    with transaction(engine) as session:
        assert [_count(session, table) for table in (Event, EventKey, Document, Task)] == [0] * 4


def test_an_event_beside_the_deletion_of_its_job_leaves_nothing_waiting(engine: Engine) -> None:
    uid = committed(engine, building.listen)
    committed(engine, lambda session: accept(session, event()))
    with transaction(engine) as receiving:
        accept(receiving, event())
        assert committed(engine, lambda session: building.cancel(session, uid, "deleted")) == 1
    with transaction(engine) as session:
        assert building.tasks_of(session, uid) == {
            ("process", "dead"): 1,
            ("process", "waiting"): 1,
        }
        fold_demand(session)
        assert stop_ended_jobs(session) == 1
        assert set(building.documents_of(session, uid).values()) == {"dead"}


class TestRedrive:
    """A dead letter sent again carries `knativeerrorcode`."""

    def test_its_failed_and_dead_documents_are_queued_again(self, session: Session) -> None:
        failed, dead, done = (building.listen(session) for _ in range(3))
        accept(session, event(id="1"))
        building.succeed(session, building.claimed(session, failed), state="failed")
        building.cancel(session, dead)
        building.succeed(session, building.claimed(session, done))
        start_finalize(session)
        for uid in (failed, dead, done):
            building.drain(session, uid)

        accepted = accept(session, event(id="1", knativeerrorcode=500))

        assert accepted.outcomes == ("duplicate",)
        assert accepted.wake_ups == {
            queue_name(NAMESPACE, str(uid), "main"): 1 for uid in (failed, dead)
        }
        for uid, state in ((failed, "queued"), (dead, "queued"), (done, "succeeded")):
            assert building.document_row(session, uid).state == state
        assert building.drain(session, failed) == 2
        assert building.document_row(session, failed).state == "succeeded"
        assert len(building.runs_of(session, failed)) == 2

    def test_without_the_extension_nothing_changes(self, session: Session) -> None:
        uid = building.listen(session)
        accept(session, event(id="1"))
        building.succeed(session, building.claimed(session, uid), state="failed")
        accept(session, event(id="1"))
        assert building.document_row(session, uid).state == "failed"

    def test_what_is_queued_or_running_goes_on(self, session: Session) -> None:
        uid = building.listen(session)
        accept(session, event(id="1"))
        accepted = accept(session, event(id="1", knativeerrorcode=500))
        assert accepted.wake_ups == {}
        assert building.tasks_of(session, uid) == {("process", "waiting"): 1}

    def test_attachments_are_queued_again_too(self, session: Session) -> None:
        uid = building.listen(session)
        accept(session, event(id="1"))
        mail = building.claimed(session, uid)
        children = building.new_documents("a", "b", parent_id=mail.document_id)
        building.succeed(session, mail, children=tuple(children))
        building.succeed(session, building.claimed(session, uid), state="failed")
        building.succeed(session, building.claimed(session, uid))
        accept(session, event(id="1", knativeerrorcode=500))
        assert sorted(building.documents_of(session, uid).items()) == [
            ("a", "queued"),
            ("b", "succeeded"),
            ("event:/mail#1", "succeeded"),
        ]

    def test_a_first_delivery_may_carry_it(self, session: Session) -> None:
        building.listen(session)
        assert accept(session, event(id="1", knativeerrorcode=500)).outcomes == ("routed",)

    def test_dead_letters_of_another_namespace_rearm_nothing_here(self, session: Session) -> None:
        uid = building.listen(session)
        accept(session, event(id="1"))
        building.succeed(session, building.claimed(session, uid), state="failed")
        redriven = event(id="1", knativeerrorcode=500)
        assert accept(session, redriven, namespace="other").outcomes == ("unmatched",)
        assert building.document_row(session, uid).state == "failed"

    def test_batches_with_each_others_jobs_do_not_deadlock(self, engine: Engine) -> None:
        first, second = (
            committed(engine, partial(building.listen, name=name)) for name in ("a", "b")
        )
        for round_ in range(8):
            for name, uid in (("a", first), ("b", second)):
                with transaction(engine) as session:
                    accept(session, event(id=f"{round_}"), job=name)
                    building.succeed(session, building.claimed(session, uid), state="failed")
                    start_finalize(session)
                    building.drain(session, uid)
            together(
                *(
                    partial(
                        _commit_to, engine, ("b", f"new {round_}", False), ("a", f"{round_}", True)
                    ),
                    partial(
                        _commit_to, engine, ("a", f"new {round_}", False), ("b", f"{round_}", True)
                    ),
                )
            )
            for uid in (first, second):
                with transaction(engine) as session:
                    assert building.drain(session, uid) >= 2
                    start_finalize(session)
                    building.drain(session, uid)
                    assert set(building.documents_of(session, uid).values()) == {"succeeded"}


def _commit_to(engine: Engine, *given: tuple[str, str, bool]) -> None:
    with transaction(engine) as session:
        accept_events(
            session,
            incoming=[
                Incoming(
                    namespace=NAMESPACE,
                    job=name,
                    event=event(id=id_, knativeerrorcode=500) if letter else event(id=id_),
                )
                for name, id_, letter in given
            ],
        )


def test_identical_batches_in_any_order_at_once_are_taken_once(engine: Engine) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    rng = random.Random(seed)
    with transaction(engine) as session:
        jobs = [
            building.listen(session, trigger={"filters": [{"suffix": {"source": f"/{number}"}}]})
            for number in range(3)
        ]
    taken: Counter[str] = Counter()
    for round_ in range(6):
        events = [event(id=f"{round_}-{n}", source=f"/{n % 3}") for n in range(40)]
        shuffled: list[list[CloudEvent]] = [rng.sample(events, len(events)) for _ in range(3)]
        for outcome in together(*(partial(_accept, engine, batch) for batch in shuffled)):
            taken.update(outcome)
        if round_ % 2:  # so that runs end and begin beside it
            for uid in jobs:
                with transaction(engine) as session:
                    building.drain(session, uid)
    assert taken == {"routed": 240, "duplicate": 480}
    with transaction(engine) as session:
        assert _count(session, Document) == _count(session, Event) == 240
        uris = session.execute(select(Document.job_uid, Document.uri))
        assert len({tuple(row) for row in uris}) == 240
        assert session.scalar(select(func.count()).where(Job.uid.in_(jobs))) == 3


def _accept(engine: Engine, events: list[CloudEvent]) -> tuple[str, ...]:
    return committed(engine, lambda session: accept(session, *events)).outcomes
