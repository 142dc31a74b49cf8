"""Empty visits a second of one process, on an empty database and on a full one.

An empty visit is what a worker does around a document's stages: claim, complete, ask whether the
run is done. Full means a million finished and 100,000 waiting tasks of other documents beside.
``value`` is the rate on the full database, ``baseline`` on the empty one; the same is printed for
ingest (events a second in transactions of 100) and for claims alone.

    python benchmarks/tasks.py [--finished N] [--waiting N] [--visits N]
"""

import argparse
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

import lexmill_migrations
from lexmill.database import create_database_engine, transaction
from lexmill.documents.schemas import NewDocument
from lexmill.documents.service import add_documents
from lexmill.events.cloudevents import CloudEvent, DataKind
from lexmill.events.schemas import Incoming
from lexmill.events.service import accept_events
from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec, Trigger
from lexmill.jobs.service import declare_job, open_run
from lexmill.settings import DatabaseSettings
from lexmill.tasks.schemas import Visit
from lexmill.tasks.service import claim_task, complete_visit, hand_back, start_finalize
from lexmill_cli.local import postgres

GOAL = 0.8
LEASE_SECONDS = 15.0


@dataclass(frozen=True)
class Rates:
    ingest: float
    claims: float
    visits: float
    commits_per_visit: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--finished", type=int, default=1_000_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--visits", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            with postgres.running_postgres(home) as server:
                lexmill_migrations.upgrade(server.url)
                settings = DatabaseSettings(url=SecretStr(server.url))
                engine = create_database_engine(settings, application="benchmark")
                measure(engine, arguments.visits // 4)  # warms caches on both sides
                empty = measure(engine, arguments.visits)
                fill(engine, finished=arguments.finished, waiting=arguments.waiting)
                full = measure(engine, arguments.visits)
                engine.dispose()
        finally:
            postgres.erase(home)
    for name, rates in (("empty", empty), ("full", full)):
        print(
            f"{name}: ingest {rates.ingest:.0f} events/s, claims {rates.claims:.0f}/s, "
            f"empty visits {rates.visits:.0f}/s, {rates.commits_per_visit:.1f} commits a visit",
            file=sys.stderr,
        )
    print(
        f"full/empty: ingest {full.ingest / empty.ingest:.2f}, "
        f"claims {full.claims / empty.claims:.2f}, visits {full.visits / empty.visits:.2f} "
        f"(goal {GOAL})",
        file=sys.stderr,
    )
    print(
        json.dumps(
            {
                "name": "tasks",
                "value": round(full.visits),
                "unit": "visits/s",
                "baseline": round(empty.visits),
                "ratio": round(full.visits / empty.visits, 3),
            }
        )
    )
    return 0


def measure(engine: Engine, visits: int) -> Rates:
    job_uid = listen(engine)
    ingest = per_second(visits, lambda: ingest_events(engine, visits))
    claims = per_second(visits // 4, lambda: claim_and_return(engine, job_uid, visits // 4))
    before = commits(engine)
    rate = per_second(visits, lambda: visit_all(engine, job_uid, visits))
    return Rates(ingest, claims, rate, (commits(engine) - before) / visits)


def per_second(count: int, work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def listen(engine: Engine) -> uuid.UUID:
    """A new listening job takes the place of the last one, so each measure has its own."""
    spec = LegalJobSpec(trigger=Trigger(filters=({"exact": {"type": "benchmark"}},)))
    declared = DeclaredJob(uid=uuid.uuid4(), name="benchmark", owner="local", spec=spec)
    with transaction(engine) as session:
        declare_job(session, namespace="benchmark", declared=declared)
    return declared.uid


def ingest_events(engine: Engine, count: int) -> None:
    data = b"x" * 300
    for _ in range(-(-count // 100)):
        incoming = [
            Incoming(
                namespace="benchmark",
                job=None,
                event=CloudEvent(
                    id=str(uuid.uuid4()),
                    source="/benchmark",
                    type="benchmark",
                    data_kind=DataKind.TEXT,
                    data=data,
                ),
            )
            for _ in range(100)
        ]
        with transaction(engine) as session:
            accept_events(session, incoming=incoming)


def claim_and_return(engine: Engine, job_uid: uuid.UUID, count: int) -> None:
    for _ in range(count):
        with transaction(engine, durable=False) as session:
            task = claim_task(
                session, job_uid=job_uid, pool="main", worker="b", lease_seconds=LEASE_SECONDS
            )
            assert task is not None
            hand_back(session, claims=[task.claim])


def visit_all(engine: Engine, job_uid: uuid.UUID, count: int) -> None:
    for _ in range(count):
        with transaction(engine, durable=False) as session:
            task = claim_task(
                session, job_uid=job_uid, pool="main", worker="b", lease_seconds=LEASE_SECONDS
            )
        assert task is not None
        with transaction(engine) as session:
            complete_visit(session, task=task, visit=Visit(sha256="0" * 64, result_key="none"))
            start_finalize(session, run_id=task.run_id)


def commits(engine: Engine) -> int:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        return int(
            connection.scalar(
                text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            )
            or 0
        )


def fill(engine: Engine, *, finished: int, waiting: int) -> None:
    """Documents and tasks of another job, made by the service in large pages."""
    spec = LegalJobSpec(trigger=Trigger(filters=({"exact": {"type": "none"}},)))
    declared = DeclaredJob(uid=uuid.uuid4(), name="other", owner="local", spec=spec)
    with transaction(engine) as session:
        declare_job(session, namespace="benchmark", declared=declared)
        run_id = open_run(session, job_uid=declared.uid)
    page = 20_000
    for start in range(0, finished + waiting, page):
        count = min(page, finished + waiting - start)
        with transaction(engine) as session:
            add_documents(
                session,
                namespace="benchmark",
                job_uid=declared.uid,
                run_id=run_id,
                pool="main",
                stage="parse",
                documents=[
                    NewDocument(uri=f"s3://bucket/{n}.pdf", source=f"s3://bucket/{n}.pdf", name="n")
                    for n in range(start, start + count)
                ],
            )
            if start < finished:
                end_all(session, declared.uid)
        print(f"\rfilling {start + count:,}", end="", file=sys.stderr)
    print(file=sys.stderr)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def end_all(session: Session, job_uid: uuid.UUID) -> None:
    values = {"uid": job_uid}
    session.execute(
        text("""
            UPDATE task SET state = 'done', ended_at = now()
            WHERE job_uid = :uid AND state = 'waiting'
        """),
        values,
    )
    session.execute(
        text("""
            UPDATE document SET state = 'succeeded', ended_at = now()
            WHERE job_uid = :uid AND state = 'queued'
        """),
        values,
    )


if __name__ == "__main__":
    sys.exit(main())
