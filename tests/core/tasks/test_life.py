"""Whatever happens to tasks, in whatever order: every document ends, once, and is reported."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.service import replay_documents
from lexmill.scaling.service import fold_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.schemas import ClaimedTask, Retrying
from lexmill.tasks.service import (
    complete_finalize,
    extend_leases,
    fail_task,
    hand_back,
    record_page,
    start_finalize,
)
from lexmill.tasks.sweep import expire_leases, move_tasks, stop_ended_jobs
from tests.core import building

SWEEPING = TaskSettings(lease_seconds=0.001, max_crashes=2)
RETRYING = Retrying(limit=1)


class TaskLife(RuleBasedStateMachine):
    """One job, in one transaction; claims that were lost stay in the hands of who had them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.session = Session(engine)
        self.held: list[ClaimedTask] = []
        self.ended: dict[object, tuple[Any, ...]] = {}
        self.finalized: dict[int, object] = {}
        self.pages = self.generation = self.received = 1
        self.pools = ["main"]

    @initialize(is_listening=st.booleans())
    def declare(self, is_listening: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        self.is_listening = is_listening
        self.origin: dict[str, Any] = {"trigger": {}} if is_listening else {}
        self.uid = building.declare(self.session, name="nda", **self.origin)
        if is_listening:
            self.receive(3)
        else:
            self._page(building.claimed(self.session, self.uid), count=3, last=False)

    # What workers do.

    @rule(data=st.data(), dies=st.booleans())
    def claim(self, data: st.DataObject, dies: bool) -> None:  # noqa: FBT001
        self._claim(data, dies=dies)

    def _claim(self, data: st.DataObject, *, dies: bool = False) -> bool:
        """Workers are there for the pools that the job has now."""
        pool = data.draw(st.sampled_from(self.pools))
        lease = building.RAN_OUT if dies else building.LEASE_SECONDS
        task = building.claim(self.session, self.uid, pool=pool, lease_seconds=lease)
        if task is None:
            return False
        assert all(task.claim != other.claim for other in self.held)
        self.held.append(task)
        return True

    @rule(data=st.data())
    def claim_and_complete(self, data: st.DataObject) -> None:
        if self._claim(data):
            self.complete(data=data)

    @rule(data=st.data(), error_class=st.sampled_from([ErrorClass.PASSING, ErrorClass.OURS]))
    def claim_and_fail(self, data: st.DataObject, error_class: ErrorClass) -> None:
        self.wait()
        if self._claim(data):
            self.fail(data=data, error_class=error_class)

    @rule(data=st.data())
    def claim_and_die(self, data: st.DataObject) -> None:
        if self._claim(data, dies=True):
            self.sweep()

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        task = self._take(data)
        if task.kind == "finalize":
            self._try(task, lambda: complete_finalize(self.session, task=task))
        elif task.kind == "expand":
            self._page(task, count=data.draw(st.integers(0, 3)), last=data.draw(st.booleans()))
        else:
            count = data.draw(st.integers(0, 2)) if task.parent_uri is None else 0
            children = building.new_documents(
                *(f"{task.uri}#{number}" for number in range(count)), parent_id=task.document_id
            )
            following = (
                {"next_pool": "ocr", "next_stage": "ocr"} if data.draw(st.booleans()) else {}
            )
            self._try(
                task,
                lambda: building.succeed(self.session, task, children=tuple(children), **following),
            )

    @precondition(lambda self: self.held)
    @rule(data=st.data(), error_class=st.sampled_from(ErrorClass))
    def fail(self, data: st.DataObject, error_class: ErrorClass) -> None:
        task = self._take(data)
        error = LexmillError("some_code", "Some sentence.", error_class)
        self._try(task, lambda: fail_task(self.session, task=task, error=error, retrying=RETRYING))

    @precondition(lambda self: self.held)
    @rule()
    def beat(self) -> None:
        """Claims whose lease ran out but were not taken yet live on, too."""
        living = extend_leases(
            self.session, claims=[task.claim for task in self.held], lease_seconds=60
        )
        assert living == {task.claim for task in self.held if self._holds(task)}

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def shut_down(self, data: st.DataObject) -> None:
        task = self._take(data)
        expected = int(self._holds(task))
        before = building.task_row(self.session, task.id)
        assert hand_back(self.session, claims=[task.claim]) == expected
        after = building.task_row(self.session, task.id)
        assert (after.failures, after.crashes) == (before.failures, before.crashes)

    # What the clock and the API do.

    @rule()
    def sweep(self) -> None:
        expire_leases(self.session, settings=SWEEPING)
        start_finalize(self.session)
        fold_demand(self.session)
        stop_ended_jobs(self.session)
        move_tasks(self.session)

    @rule()
    def wait(self) -> None:
        building.make_due(self.session)

    @precondition(lambda self: self.is_listening)
    @rule(count=st.integers(1, 3))
    def receive(self, count: int) -> None:
        events = [building.event(id=f"{self.received}/{number}") for number in range(count)]
        building.accept(self.session, *events)
        self.received += 1

    @rule(keeps_ocr=st.booleans(), is_suspended=st.sampled_from([False, False, False, True]))
    def redeclare(self, keeps_ocr: bool, is_suspended: bool) -> None:  # noqa: FBT001
        self.generation += 1
        self.pools = ["main", "ocr"] if keeps_ocr else ["main"]
        building.declare(
            self.session,
            uid=self.uid,
            name="nda",
            generation=self.generation,
            suspend=is_suspended,
            pools=[{"name": "ocr", "stages": ["ocr"]}] if keeps_ocr else [],
            **self.origin,
        )

    @precondition(lambda self: len(self.ended) > 2)
    @rule()
    def cancel(self) -> None:
        building.cancel(self.session, self.uid)

    @precondition(lambda self: self.ended)
    @rule()
    def replay(self) -> None:
        ids = building.document_ids(self.session, self.uid)
        replay_documents(self.session, document_ids=ids)
        for row in building.document_rows(self.session, self.uid):
            if row.state == "queued":
                self.ended.pop(row.id, None)

    # What has to be true after each of it.

    @invariant()
    def a_document_ends_once(self) -> None:
        for row in building.document_rows(self.session, self.uid):
            if row.id in self.ended:
                assert tuple(row) == self.ended[row.id]
            elif row.state != "queued":
                self.ended[row.id] = tuple(row)

    @invariant()
    def an_open_document_has_one_open_task_and_an_ended_one_has_none(self) -> None:
        wrong = text("""
            SELECT document.uri, document.state, count(task.id) FROM document
            LEFT JOIN task ON task.document_id = document.id
              AND task.state IN ('waiting', 'running')
            GROUP BY document.id
            HAVING count(task.id) <> CASE document.state WHEN 'queued' THEN 1 ELSE 0 END
        """)
        assert self.session.execute(wrong).all() == []

    @invariant()
    def a_run_is_reported_once_and_when_nothing_of_it_is_open(self) -> None:
        for run in building.runs_of(self.session, self.uid):
            if run.id in self.finalized:
                assert run.finalized_at == self.finalized[run.id]
            elif run.finalized_at is not None:
                self.finalized[run.id] = run.finalized_at
        begun = text("""
            SELECT run.id FROM run JOIN task AS reports ON reports.run_id = run.id
            WHERE reports.kind = 'finalize' AND EXISTS (
              SELECT FROM task WHERE run_id = run.id AND id <> reports.id
                AND state IN ('waiting', 'running')
            )
        """)
        assert self.session.execute(begun).all() == []

    @invariant()
    def a_complete_job_has_nothing_left_to_do(self) -> None:
        if building.job_row(self.session, self.uid).outcome == "complete":
            states = {state for _, state in building.tasks_of(self.session, self.uid)}
            assert not states & {"waiting", "running"}

    def teardown(self) -> None:
        try:
            if hasattr(self, "uid"):
                self._drain()
        finally:
            self.session.rollback()
            self.session.close()

    def _drain(self) -> None:
        """Nothing more happens to anybody: everything ends."""
        if building.job_row(self.session, self.uid).suspended:
            self.redeclare(keeps_ocr="ocr" in self.pools, is_suspended=False)
        hand_back(self.session, claims=[task.claim for task in self.held])
        for _ in range(20):
            self.wait()
            self.sweep()
            done = sum(building.drain(self.session, self.uid, pool=pool) for pool in self.pools)
            self.a_document_ends_once()
            if not done:
                break
        tasks = building.tasks_of(self.session, self.uid)
        assert not {state for _, state in tasks} & {"waiting", "running"}, tasks
        assert "queued" not in building.documents_of(self.session, self.uid).values()
        for run in building.runs_of(self.session, self.uid):
            reports = self.session.scalars(
                text("SELECT state FROM task WHERE run_id = :run AND kind = 'finalize'"),
                {"run": run.id},
            ).all()
            assert reports == (["done"] if run.finalized_at else ["dead"])
        if not self.is_listening:
            assert building.job_row(self.session, self.uid).outcome is not None

    def _take(self, data: st.DataObject) -> ClaimedTask:
        return self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))

    def _holds(self, task: ClaimedTask) -> bool:
        return bool(building.task_row(self.session, task.id).claim == task.claim)

    def _try(self, task: ClaimedTask, end: Callable[[], object]) -> None:
        """Ends the visit if the claim is still held; else nothing changes."""
        if self._holds(task):
            end()
            assert not self._holds(task)
            return
        before = building.document_rows(self.session, self.uid)
        with pytest.raises(ClaimLostError), self.session.begin_nested():
            end()
        assert building.document_rows(self.session, self.uid) == before

    def _page(self, task: ClaimedTask, *, count: int, last: bool) -> None:
        self.pages += 1

        def record() -> None:
            record_page(
                self.session,
                task=task,
                documents=building.new_documents(*(f"{self.pages}/{n}" for n in range(count))),
                pool="main",
                stage="parse",
                cursor={"after": self.pages},
                last=last,
            )

        if last or not self._holds(task):
            self._try(task, record)
        else:
            record()
            self.held.append(task)


def test_every_document_ends_once_whatever_happens(shared_engine: Engine) -> None:
    class OnItsEngine(TaskLife):
        def __init__(self) -> None:
            super().__init__(shared_engine)

    run_state_machine_as_test(
        OnItsEngine,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            # Shrinking takes minutes here; the steps that are printed tell enough.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
