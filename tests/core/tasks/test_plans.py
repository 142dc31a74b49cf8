"""What is asked for each visit and each second reads only open tasks, however many are done."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from lexmill.jobs.service import open_run
from lexmill.jobs.sweep import stop_failing_jobs, stop_overdue_jobs, tick_schedules
from lexmill.scaling.service import fold_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.service import extend_leases, hand_back, start_finalize
from lexmill.tasks.sweep import expire_leases, move_tasks, stop_ended_jobs
from lexmill_cli.local.postgres import PostgresServer
from tests.core import building
from tests.core.conftest import connect
from tests.servers import temporary_database

DONE, WAITING = 200_000, 20_000


@pytest.fixture(scope="module")
def full_engine(postgres: PostgresServer, template_database: str) -> Iterator[Engine]:
    with temporary_database(postgres, template=template_database) as url:
        engine = connect(url)
        with Session(engine) as session:
            uid = building.declare_with_documents(session, name="large")
            building.fill(session, uid, done=DONE, waiting=WAITING)
            for number in range(50):
                building.declare_with_documents(session, f"{number}")
            session.commit()
            for table in ("task", "document", "run", "job"):
                session.execute(text(f"ANALYZE {table}"))
            session.commit()
        yield engine
        engine.dispose()


@pytest.fixture
def full(full_engine: Engine) -> Iterator[Session]:
    with Session(full_engine) as session:
        yield session
        session.rollback()


def _uid(session: Session) -> Any:
    return session.scalar(text("SELECT uid FROM job WHERE name = 'large'"))


def _run(session: Session) -> Any:
    return building.runs_of(session, _uid(session))[0].id


def _claims(session: Session) -> list[Any]:
    return [building.claimed(session, _uid(session)).claim for _ in range(3)]


def _limit(session: Session) -> None:
    """The large job has limits that it keeps."""
    session.execute(
        text("""
            UPDATE job SET spec = spec || jsonb_build_object(
              'activeDeadlineSeconds', 3600, 'failurePolicy',
              jsonb_build_object('maxFailedPercent', 10)
            ) WHERE name = 'large'
        """)
    )


@pytest.mark.parametrize(
    ("most_rows", "prepare", "act"),
    [
        pytest.param(100, None, lambda s, _: building.claim(s, _uid(s)), id="claim"),
        pytest.param(
            100,
            _claims,
            lambda s, claims: extend_leases(s, claims=claims, lease_seconds=5),
            id="beat",
        ),
        pytest.param(100, _claims, lambda s, claims: hand_back(s, claims=claims), id="hand back"),
        pytest.param(
            100,
            lambda s: building.claimed(s, _uid(s)),
            building.succeed,
            id="complete",
        ),
        pytest.param(
            100,
            _claims,
            lambda s, _: expire_leases(s, settings=TaskSettings(lease_seconds=0.001)),
            id="expire",
        ),
        pytest.param(100, _run, lambda s, run: start_finalize(s, run_id=run), id="last of a run?"),
        pytest.param(2 * WAITING, None, lambda s, _: start_finalize(s), id="finalize"),
        pytest.param(2 * WAITING, None, lambda s, _: fold_demand(s), id="fold"),
        pytest.param(1000, fold_demand, lambda s, _: stop_ended_jobs(s), id="stop ended"),
        pytest.param(1000, fold_demand, lambda s, _: move_tasks(s), id="move"),
        pytest.param(100, _limit, lambda s, _: stop_overdue_jobs(s), id="late?"),
        pytest.param(100, _limit, lambda s, _: stop_failing_jobs(s), id="too many failed?"),
        pytest.param(100, None, lambda s, _: tick_schedules(s), id="tick"),
        pytest.param(100, None, lambda s, _: open_run(s, job_uid=_uid(s)), id="open run"),
    ],
)
def test_no_statement_reads_what_is_done(
    full: Session,
    most_rows: int,
    prepare: Callable[[Session], Any] | None,
    act: Callable[[Session, Any], Any],
) -> None:
    prepared = prepare(full) if prepare else None
    read = [
        (rows, node) for statement in _explained(full, act, prepared) for rows, node in statement
    ]
    worst = max(read, key=lambda each: each[0], default=(0, "nothing"))
    assert worst[0] <= most_rows, worst


def _explained(
    session: Session, act: Callable[[Session, Any], Any], prepared: Any
) -> list[list[tuple[float, str]]]:
    """The rows that each scan of each statement read, filtered ones included."""
    statements: list[tuple[str, Any]] = []

    def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        statements.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", keep)
    savepoint = session.begin_nested()
    act(session, prepared)
    savepoint.rollback()
    event.remove(connection, "before_cursor_execute", keep)
    plans = []
    for statement, parameters in statements:
        if not statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")):
            continue
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        savepoint = session.begin_nested()
        (plan,) = connection.exec_driver_sql(explain, parameters).scalar_one()
        plans.append(list(_scans(plan["Plan"])))
        savepoint.rollback()
    return plans


def _scans(node: dict[str, Any]) -> Iterator[tuple[float, str]]:
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        loops = node["Actual Loops"]
        rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * loops
        where = f"{node['Node Type']} of {node['Relation Name']} {node.get('Index Name', '')}"
        yield rows, f"{where} {node.get('Filter', '')} {node.get('Index Cond', '')}"
    for child in node.get("Plans", ()):
        yield from _scans(child)
