"""What workers, REST, ingest and the sweeper do, each with its own login and nothing more."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.schemas import NewStageOutput
from lexmill.documents.service import count_beneath, find_stage_outputs, list_ended
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.outbox import delay_undelivered, drop_delivered, take_due
from lexmill.events.service import read_event_data
from lexmill.jobs.service import read_progress, read_spec, replay_tasks
from lexmill.scaling.service import read_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import (
    complete_finalize,
    count_busy,
    extend_leases,
    fail_task,
    hand_back,
    record_page,
    start_finalize,
)
from lexmill.tasks.sweep import sweep_all
from lexmill.tenancy.service import enter_namespace, is_confined
from tests.core import building
from tests.core.tenancy.conftest import OURS, SINK, THEIRS

pytestmark = pytest.mark.servers

Engines = Callable[[str], Engine]
DOCUMENT = LexmillError("corrupt", "It is damaged.", ErrorClass.DOCUMENT)
DEFECT = LexmillError("internal_error", "Lexmill failed.", ErrorClass.OURS)


class NoWakeUps:
    """A broker for tests about PostgreSQL alone."""

    def ring(self, counts: Any) -> None:
        pass

    def waiting(self, queues: list[str]) -> list[int]:
        return [0] * len(queues)

    def forget(self, queues: list[str]) -> None:
        pass

    def clean_up(self) -> int:
        return 0


@contextmanager
def worker(engines: Engines, namespace: str = OURS) -> Iterator[Session]:
    with transaction(engines(namespace)) as session:
        yield session


@contextmanager
def rest(engines: Engines, namespace: str = OURS) -> Iterator[Session]:
    with transaction(engines("api")) as session:
        enter_namespace(session, namespace=namespace)
        yield session


@contextmanager
def ingest(engines: Engines) -> Iterator[Session]:
    with transaction(engines("ingest")) as session:
        yield session


def declared(engines: Engines, **changes: Any) -> uuid.UUID:
    with ingest(engines) as session:
        return building.declare(session, namespace=OURS, **changes)


def test_all_but_the_owner_are_confined(engines: Engines) -> None:
    confined = {}
    for login in ("owner", "ingest", "api", OURS):
        with transaction(engines(login)) as session:
            confined[login] = is_confined(session)
    assert confined == {"owner": False, "ingest": True, "api": True, OURS: True}


def test_a_worker_does_a_job_from_its_listing_to_its_reports(engines: Engines) -> None:
    pools = [{"name": "ocr", "stages": ["ocr"]}]
    uid = declared(engines, sink={"uri": SINK}, pools=pools)
    with worker(engines) as session:
        expand = building.claimed(session, uid)
        record_page(
            session,
            task=expand,
            documents=building.new_documents("a", "b", fingerprint="1"),
            pool="main",
            stage="parse",
            cursor={"source": 0},
            last=False,
        )
    with worker(engines) as session:
        record_page(
            session,
            task=expand,
            documents=building.new_documents("c"),
            pool="main",
            stage="parse",
            cursor={},
            last=True,
        )
    with worker(engines) as session:
        first = building.claimed(session, uid)
        assert read_spec(session, uid=uid, run_id=first.run_id).name
        assert extend_leases(session, claims=[first.claim], lease_seconds=15) == {first.claim}
        assert count_beneath(session, run_id=first.run_id, uri="a", limit=5) == 0
        assert hand_back(session, claims=[first.claim]) == 1
    with worker(engines) as session:
        first = building.claimed(session, uid)
        output = NewStageOutput(key=uuid.uuid4().bytes, stage="parse", object_key="ours/1")
        made = building.succeed(
            session, first, next_pool="ocr", next_stage="ocr", stage_outputs=(output,)
        )
        assert made == 1
        found = find_stage_outputs(session, namespace=OURS, keys=[output.key])
        assert found == {output.key: "ours/1"}
    with worker(engines) as session:
        second = building.claimed(session, uid)
        assert fail_task(session, task=second, error=DOCUMENT, retrying=Retrying()) is None
        third = building.claimed(session, uid)
        delay = fail_task(session, task=third, error=DEFECT, retrying=Retrying(limit=1))
        assert delay is not None
    with transaction(engines("owner")) as session:
        building.make_due(session)
    with worker(engines) as session:
        third = building.claimed(session, uid)
        assert fail_task(session, task=third, error=DEFECT, retrying=Retrying(limit=1)) is None
        recognised = building.claimed(session, uid, pool="ocr")
        children = building.new_documents("a#1", parent_id=recognised.document_id)
        assert building.succeed(session, recognised, children=tuple(children)) == 1
        child = building.claimed(session, uid)
        assert child.parent_uri == "a"
        building.succeed(session, child)
        assert start_finalize(session, run_id=child.run_id) == [(OURS, uid)]
    with worker(engines) as session:
        finalize = building.claimed(session, uid)
        ended = list_ended(session, run_ids=[finalize.run_id], after=None, limit=9)
        assert [each.state for each in ended] == ["succeeded", "succeeded", "failed", "dead"]
    with worker(engines) as session:
        complete_finalize(session, task=finalize)
    with rest(engines) as session:
        progress = read_progress(session, namespace=OURS, name=job_name(session, uid))
    assert progress is not None
    assert progress.state == "Complete"
    with transaction(engines("owner")) as session:
        told = text("SELECT count(*) FROM outgoing WHERE job_uid = :uid")
        assert session.scalar(told, {"uid": uid}) == 5


def test_a_worker_ends_a_job_whose_listing_or_reports_are_dead(engines: Engines) -> None:
    uid = declared(engines)
    with worker(engines) as session:
        fail_task(
            session,
            task=building.claimed(session, uid),
            error=DEFECT,
            retrying=Retrying(limit=0),
        )
        assert building.job_row(session, uid).outcome == "failed"


def test_a_worker_applies_the_failure_policy(engines: Engines) -> None:
    uid = declared(engines, failurePolicy={"maxFailedPercent": 10})
    with worker(engines) as session:
        record_page(
            session,
            task=building.claimed(session, uid),
            documents=building.new_documents("a"),
            pool="main",
            stage="parse",
            cursor={},
            last=True,
        )
        task = building.claimed(session, uid)
        fail_task(session, task=task, error=DOCUMENT, retrying=Retrying())
        start_finalize(session, run_id=task.run_id)
    with worker(engines) as session:
        complete_finalize(session, task=building.claimed(session, uid))
        assert building.job_row(session, uid).reason == "FailurePolicy"


def test_a_worker_reads_what_an_event_carried_and_nobody_elses(engines: Engines) -> None:
    with ingest(engines) as session:
        uid = building.listen(session, namespace=OURS)
        building.accept(session, building.event(data=b"ours"), namespace=OURS)
        event_id = uuid.UUID(building.document_row(session, uid).source.partition(":")[2])
    with worker(engines) as session:
        assert read_event_data(session, event_id=event_id) == b"ours"
    with worker(engines, THEIRS) as session, pytest.raises(LexmillError, match="no longer kept"):
        read_event_data(session, event_id=event_id)


def test_a_worker_gets_no_work_of_another_namespace(engines: Engines) -> None:
    uid = declared(engines)
    with worker(engines, THEIRS) as session:
        assert building.claim(session, uid) is None
        assert hand_back(session, claims=[uid]) == 0


def test_rest_reads_and_replays_what_is_its_own(engines: Engines) -> None:
    uid = declared(engines)
    with worker(engines) as session:
        building.fail_for_good(session, building.claimed(session, uid))
    with rest(engines) as session:
        name = job_name(session, uid)
        assert count_busy(session, namespace=OURS, name=name, pool="main") == {}
        dead = [
            task.id for task in building.dead_tasks(session, namespace=OURS) if task.job == name
        ]
    with rest(engines, THEIRS) as session:
        # As a route would that forgot its WHERE.
        assert read_progress(session, namespace=OURS, name=name) is None
        assert building.dead_tasks(session, namespace=OURS) == ()
        assert replay_tasks(session, namespace=OURS, task_ids=dead) == {}
    with rest(engines) as session:
        assert sum(replay_tasks(session, namespace=OURS, task_ids=dead).values()) == 1


def test_rest_replays_documents_and_reports(engines: Engines) -> None:
    uid = declared(engines)
    with worker(engines) as session:
        record_page(
            session,
            task=building.claimed(session, uid),
            documents=building.new_documents("a"),
            pool="main",
            stage="parse",
            cursor={},
            last=True,
        )
        task = building.claimed(session, uid)
        building.fail_for_good(session, task)
        start_finalize(session, run_id=task.run_id)
    with worker(engines) as session:
        building.fail_for_good(session, building.claimed(session, uid))
    with rest(engines) as session:
        name = job_name(session, uid)
        dead = [
            task.id for task in building.dead_tasks(session, namespace=OURS) if task.job == name
        ]
        assert len(dead) == 2
        assert sum(replay_tasks(session, namespace=OURS, task_ids=dead).values()) == 2


def test_rest_declares_changes_and_cancels(engines: Engines) -> None:
    with rest(engines) as session:
        uid = building.declare(session, namespace=OURS, owner="api")
        building.redeclare(session, uid, documents=building.LISTING, priority=3)
        assert building.cancel(session, uid, namespace=OURS) == 1


def test_a_uid_of_another_namespace_is_taken(engines: Engines) -> None:
    """REST makes uids itself, so nobody has one for the asking; should it come to that, the
    answer is the one that ingest gives."""
    with ingest(engines) as session:
        uid = building.declare(session, namespace=THEIRS)
    with pytest.raises(LexmillError, match="uid_taken"), rest(engines) as session:
        building.declare(session, namespace=OURS, uid=uid)


def test_ingest_accepts_delivers_feeds_and_sweeps(engines: Engines) -> None:
    with ingest(engines) as session:
        uid = building.listen(session, namespace=OURS, sink={"uri": SINK})
        event = building.event()
        assert building.accept(session, event, namespace=OURS).outcomes == ("routed",)
        assert building.accept(session, event, namespace=OURS).outcomes == ("duplicate",)
    with worker(engines) as session:
        fail_task(session, task=building.claimed(session, uid), error=DOCUMENT, retrying=Retrying())
    with ingest(engines) as session:
        again = building.event(id=event.id, knativeerrorcode="500")
        assert building.accept(session, again, namespace=OURS).outcomes == ("duplicate",)
        assert building.tasks_of(session, uid)["process", "waiting"] == 1
    with ingest(engines) as session:
        due = take_due(session, limit=100, lease_seconds=1)
        assert due
        delay_undelivered(session, events=due[:1])
        drop_delivered(session, ids=[each.id for each in due])
        assert {pool.namespace for pool in read_demand(session, after=0).pools} >= {OURS, THEIRS}
    scheduled = declared(engines, schedule={"cron": "0 6 * * *"})
    overdue = declared(engines, activeDeadlineSeconds=1)
    with transaction(engines("owner")) as session:
        silent = declare_silent(session)
        past = text("UPDATE job SET next_tick_at = now() - interval '1 minute' WHERE uid = :uid")
        session.execute(past, {"uid": scheduled})
        late = text("UPDATE run SET started_at = now() - interval '1 hour' WHERE job_uid = :uid")
        session.execute(late, {"uid": overdue})
        session.execute(text("UPDATE event_key SET received_at = now() - interval '40 days'"))
    sweep_all(engines("ingest"), wake_ups=NoWakeUps(), settings=TaskSettings(lease_seconds=0.001))
    with ingest(engines) as session:
        assert building.job_row(session, overdue).reason == "DeadlineExceeded"
        assert building.tasks_of(session, scheduled)["expand", "waiting"] == 1
        assert building.tasks_of(session, silent)["expand", "waiting"] == 1
        assert session.scalar(text("SELECT count(*) FROM event_key")) == 0


def declare_silent(session: Session) -> uuid.UUID:
    """A job whose worker fell silent."""
    uid = building.declare(session, namespace=OURS)
    building.claimed(session, uid, lease_seconds=building.RAN_OUT)
    return uid


def test_ingest_makes_the_partitions_of_the_months_ahead(engines: Engines) -> None:
    """They are tables, which only their owner may make."""
    with ingest(engines) as session:
        session.execute(text("SELECT create_event_partitions(5)"))


def test_with_one_login_for_all_rest_still_sees_one_namespace(engines: Engines) -> None:
    with transaction(engines("owner")) as session:
        enter_namespace(session, namespace=OURS)
        seen = session.scalars(text("SELECT DISTINCT namespace FROM document")).all()
        assert seen == [OURS]
    with transaction(engines("owner")) as session:
        assert len(session.scalars(text("SELECT DISTINCT namespace FROM job")).all()) > 1


def job_name(session: Session, uid: uuid.UUID) -> str:
    return str(building.job_row(session, uid).name)
