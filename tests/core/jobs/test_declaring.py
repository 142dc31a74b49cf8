"""Declaring a job: once, again, changed, against another's name."""

import uuid

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.schemas import DeclaredJob
from lexmill.jobs.service import declare_job, read_progress, read_spec
from lexmill.scaling.service import announce_job, fold_demand, read_demand
from lexmill.tasks.models import Task
from lexmill.tasks.service import extend_leases, hand_back
from lexmill.tasks.sweep import move_tasks, stop_ended_jobs
from tests.core import building
from tests.core.building import NAMESPACE, declaration
from tests.core.threads import committed, held_up, together


def _declare(session: Session, declared: DeclaredJob, namespace: str = NAMESPACE) -> list[str]:
    return declare_job(session, namespace=namespace, declared=declared)


def test_a_job_with_documents_begins_to_list_them(session: Session) -> None:
    declared = declaration(name="nda", priority=4, matter="ACME-1")
    assert _declare(session, declared) == ["main"]
    job = building.job_row(session, declared.uid)
    assert (job.namespace, job.name, job.owner, job.generation) == (NAMESPACE, "nda", "local", 1)
    assert job.spec["matter"] == "ACME-1"
    (run,) = building.runs_of(session, declared.uid)
    assert (run.number, run.listed_at) == (1, None)
    listing = building.claimed(session, declared.uid)
    assert listing.kind == "expand"
    assert building.task_row(session, listing.id).priority == 4


def test_a_listening_job_waits_for_events_without_a_run(session: Session) -> None:
    declared = declaration(trigger={"filters": [{"exact": {"type": "t"}}]})
    assert _declare(session, declared) == []
    assert building.runs_of(session, declared.uid) == []
    assert building.tasks_of(session, declared.uid) == {}
    (pool,) = read_demand(session, after=0).pools
    assert (pool.job_uid, pool.waiting) == (str(declared.uid), 0), "nothing to start workers for"


def test_the_same_again_changes_nothing(session: Session) -> None:
    declared = declaration()
    _declare(session, declared)
    before = building.job_row(session, declared.uid)
    assert _declare(session, declared) == []
    assert building.job_row(session, declared.uid) == before
    assert building.tasks_of(session, declared.uid) == {("expand", "waiting"): 1}
    assert len(building.runs_of(session, declared.uid)) == 1


def test_a_new_generation_of_the_same_state_only_counts_up(session: Session) -> None:
    declared = declaration()
    _declare(session, declared)
    _declare(session, declared.model_copy(update={"generation": 5}))
    assert building.job_row(session, declared.uid).generation == 5
    assert building.tasks_of(session, declared.uid) == {("expand", "waiting"): 1}


def test_scaling_policies_are_no_part_of_the_state() -> None:
    uid = uuid.uuid4()
    quiet = declaration(uid=uid, name="nda", pools=[{"name": "ocr", "stages": ["ocr"]}])
    busy = declaration(
        uid=uid,
        name="nda",
        workers={"maxReplicas": 7},
        pools=[{"name": "ocr", "stages": ["ocr"], "workers": {"threads": 3}}],
    )
    assert busy.spec_hash == quiet.spec_hash
    assert declaration(uid=uid, name="nda", priority=1).spec_hash != quiet.spec_hash


def test_an_older_generation_is_passed_over(session: Session) -> None:
    new = declaration(generation=3, priority=3)
    _declare(session, new)
    old = declaration(uid=new.uid, name=new.name, generation=2, priority=2)
    assert _declare(session, old) == []
    job = building.job_row(session, new.uid)
    assert (job.generation, job.spec["priority"]) == (3, 3)


def test_a_changed_state_replaces_the_spec_and_goes_through_the_feed(session: Session) -> None:
    declared = declaration(config_maps={"playbook": {"p.yaml": "old"}})
    _declare(session, declared)
    cursor = read_demand(session, after=0).version
    changed = declaration(
        uid=declared.uid,
        name=declared.name,
        generation=2,
        suspend=True,
        config_maps={"playbook": {"p.yaml": "new"}},
    )
    assert _declare(session, changed) == []
    job = building.job_row(session, declared.uid)
    assert (job.generation, job.suspended) == (2, True)
    assert job.spec_hash == changed.spec_hash
    (pool,) = read_demand(session, after=cursor).pools
    assert (pool.suspended, pool.spec_hash, pool.generation) == (True, changed.spec_hash, 2)
    spec = read_spec(
        session, uid=declared.uid, run_id=building.runs_of(session, declared.uid)[0].id
    )
    assert spec.config_maps == {"playbook": {"p.yaml": "new"}}
    assert (spec.name, spec.run_number) == (declared.name, 1)


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({}, {"documents": [{"uri": "file:///other"}]}, "documents"),
        ({}, {"trigger": {}}, "documents"),
        ({"trigger": {}}, {"trigger": {"document": "/data/uri"}}, "trigger"),
    ],
)
def test_where_documents_come_from_cannot_change(
    session: Session, first: dict[str, object], second: dict[str, object], field: str
) -> None:
    declared = declaration(**first)
    _declare(session, declared)
    before = building.job_row(session, declared.uid)
    with pytest.raises(LexmillError, match=rf"^immutable: spec\.{field} ") as refused:
        _declare(session, declaration(uid=declared.uid, name=declared.name, generation=2, **second))
    assert refused.value.error_class is ErrorClass.DOCUMENT
    assert building.job_row(session, declared.uid) == before


def test_tasks_follow_their_stage_into_another_pool(session: Session) -> None:
    """No worker of a pool that the job no longer has would ever take them."""
    pools = [{"name": "ocr", "stages": ["ocr"]}, {"name": "checks", "stages": ["check"]}]
    uid = building.declare_with_documents(session, "a", "b", "c", name="nda", pools=pools)
    for pool, stage in (("ocr", "ocr"), ("checks", "check")):
        building.succeed(session, building.claimed(session, uid), next_pool=pool, next_stage=stage)
    running = building.claimed(session, uid, pool="checks")

    fewer = [{"name": "slow", "stages": ["ocr"]}]
    _declare(session, declaration(uid=uid, name="nda", generation=2, pools=fewer))
    fold_demand(session)
    assert move_tasks(session) == 1

    assert building.claimed(session, uid, pool="slow").stage == "ocr"
    hand_back(session, claims=[running.claim])
    fold_demand(session)
    assert move_tasks(session) == 1
    assert {building.claimed(session, uid).stage for _ in range(2)} == {"parse", "check"}
    assert building.claim(session, uid, pool="ocr") is None


def test_a_visit_planned_by_an_older_spec_goes_on_in_the_pool_of_now(session: Session) -> None:
    pools = [{"name": "ocr", "stages": ["ocr"]}]
    uid = building.declare_with_documents(session, "a", name="nda", pools=pools)
    task = building.claimed(session, uid)
    _declare(session, declaration(uid=uid, name="nda", generation=2))
    building.succeed(session, task, next_pool="ocr", next_stage="ocr")
    fold_demand(session)
    assert move_tasks(session) == 1
    assert building.claimed(session, uid).stage == "ocr"


def test_a_new_uid_takes_the_name_over_and_the_old_job_is_deleted(session: Session) -> None:
    old = building.declare_with_documents(session, "a", "b", name="nda")
    running = building.claimed(session, old)
    new = building.declare(session, name="nda")
    job = building.job_row(session, old)
    assert job.deleted_at is not None
    assert (job.outcome, job.reason) == ("cancelled", "Deleted")
    assert building.documents_of(session, old) == {"a": "dead", "b": "dead"}
    assert {row.error_code for row in building.document_rows(session, old)} == {"job_deleted"}
    assert building.task_row(session, running.id).claim is None
    assert building.claim(session, old) is None
    assert building.claimed(session, new).kind == "expand"
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    assert progress.uid == str(new)


def test_the_deleted_job_cannot_come_back(session: Session) -> None:
    declared = declaration(name="nda")
    _declare(session, declared)
    building.cancel(session, declared.uid, "deleted")
    assert _declare(session, declared.model_copy(update={"generation": 9})) == []
    assert building.job_row(session, declared.uid).deleted_at is not None


def test_another_owners_name_is_refused(session: Session) -> None:
    mine = building.declare(session, name="nda", owner="kubernetes")
    with pytest.raises(LexmillError, match=r"^name_taken: .*owned by kubernetes") as refused:
        building.declare(session, name="nda", owner="api")
    assert not refused.value.retryable
    assert building.job_row(session, mine).deleted_at is None


def test_the_same_name_in_another_namespace_is_another_job(session: Session) -> None:
    building.declare(session, name="nda", owner="kubernetes")
    building.declare(session, name="nda", owner="api", namespace="other")


def test_a_uid_of_another_namespace_is_refused(session: Session) -> None:
    declared = declaration()
    _declare(session, declared)
    with pytest.raises(LexmillError, match=r"^uid_taken: "):
        _declare(session, declared, namespace="other")


@pytest.mark.parametrize(
    ("trigger", "place"),
    [
        ({"filters": [{"exact": 5}]}, "filters"),
        ({"filters": [{"like": {"type": "x"}}]}, "filters"),
        ({"document": ""}, "document"),
        ({"document": "/data/~2"}, "document"),
    ],
)
def test_a_trigger_that_no_event_could_be_held_against_is_refused(
    trigger: dict[str, object], place: str
) -> None:
    with pytest.raises(ValidationError, match=rf"trigger\.{place}"):
        declaration(trigger=trigger)


def test_a_takeover_beside_a_visit_that_adds_documents_is_no_deadlock(engine: Engine) -> None:
    """The visit holds its task and needs the job for its children, the takeover the reverse."""
    old = committed(
        engine, lambda session: building.declare_with_documents(session, "mail", name="nda")
    )
    with transaction(engine) as session:
        task = building.claimed(session, old)
    with transaction(engine) as completing:
        extend_leases(completing, claims=[task.claim], lease_seconds=15)
        with held_up(engine, lambda session: building.declare(session, name="nda")) as taking_over:
            assert not taking_over.done(), "it waits for the visit"
            children = building.new_documents("mail#1", parent_id=task.document_id)
            building.succeed(completing, task, children=tuple(children))
            completing.commit()
    with transaction(engine) as session:
        fold_demand(session)
        stop_ended_jobs(session)
        assert building.documents_of(session, old) == {"mail": "succeeded", "mail#1": "dead"}


def test_a_change_of_a_job_beside_a_fold_is_no_deadlock(engine: Engine) -> None:
    """The fold holds the feed and needs the job for a new pool's row, the change the reverse."""
    declared = declaration(name="nda")
    other = committed(engine, building.declare)
    with transaction(engine) as session:
        _declare(session, declared)
        session.execute(update(Task).where(Task.job_uid == declared.uid).values(pool="new"))
    changed = declaration(uid=declared.uid, name="nda", generation=2, suspend=True)
    with transaction(engine) as folding:
        announce_job(folding, job_uid=other)
        with held_up(engine, lambda session: _declare(session, changed)) as changing:
            assert not changing.done(), "it waits for the feed"
            assert fold_demand(folding) > 0
            folding.commit()
    assert changing.result() == []


def test_two_that_declare_the_same_job_at_once_make_one(engine: Engine) -> None:
    declared = declaration(name="nda")

    def declare() -> bool:
        try:
            committed(engine, lambda session: _declare(session, declared))
        except IntegrityError:
            return False  # the API answers 503 and the sender comes again
        return True

    assert any(together(declare, declare))
    with transaction(engine) as session:
        assert building.tasks_of(session, declared.uid) == {("expand", "waiting"): 1}
