"""Page 1 and page 1,000 of a million documents, as REST reads them: by its login, in a namespace.

Times are PostgreSQL's own (EXPLAIN ANALYZE, planning and execution, the median of nine), so that
other load on the machine matters little. ``value`` is page 1,000, ``baseline`` page 1; ``ratio``
is 20 ms / value where page 1,000 takes at most twice as long as page 1, else 0.

    python benchmarks/lists.py [--documents N]
"""

import argparse
import json
import statistics
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

import lexmill_migrations
from lexmill.database import create_database_engine, transaction
from lexmill.documents.listing import list_documents
from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec, Trigger
from lexmill.jobs.service import declare_job, open_run
from lexmill.listing.pages import ListRequest
from lexmill.settings import DatabaseSettings
from lexmill.tenancy.service import enter_namespace
from lexmill_cli.local import postgres
from lexmill_migrations import logins

NAMESPACE = "benchmark"
PAGES, LIMIT, ROUNDS = 1_000, 100, 9
GOAL_MS = 20.0

FILL = text("""
    INSERT INTO document
      (namespace, job_uid, run_id, uri, source, name, state, sha256, created_at, ended_at)
    SELECT CASE n % 10 WHEN 0 THEN 'other' ELSE :namespace END, :job, :run, 's3://bucket/' || n,
      's3://bucket/' || n, n || '.pdf',
      CASE WHEN n % 1000 = 0 THEN 'dead' ELSE 'succeeded' END, repeat('0', 64),
      now() - make_interval(secs => (:last - n) / 100), now()
    FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
""")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=1_000_000)
    documents = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            with postgres.running_postgres(home, settings={"fsync": "off"}) as server:
                lexmill_migrations.upgrade(server.url)
                logins.add_service(server.url, service="api", name="api", password="benchmark")
                owner = connect(server.url)
                job = fill(owner, documents * 10 // 9)
                rest = connect(logins.url_as(server.url, role="api", password="benchmark"))
                value, baseline = measure(rest, job)
                owner.dispose()
                rest.dispose()
        finally:
            postgres.erase(home)
    print(
        json.dumps(
            {
                "name": "lists",
                "value": round(value, 3),
                "unit": "ms",
                "baseline": round(baseline, 3),
                "ratio": round(GOAL_MS / value if value <= 2 * baseline else 0.0, 3),
            }
        )
    )
    return 0


def connect(url: str) -> Engine:
    settings = DatabaseSettings(url=SecretStr(url))
    return create_database_engine(settings, application="benchmark")


def fill(engine: Engine, documents: int) -> uuid.UUID:
    spec = LegalJobSpec(trigger=Trigger(filters=({"exact": {"type": "none"}},)))
    declared = DeclaredJob(uid=uuid.uuid4(), name="lists", owner="local", spec=spec)
    with transaction(engine) as session:
        declare_job(session, namespace=NAMESPACE, declared=declared)
        run_id = open_run(session, job_uid=declared.uid)
    page = 50_000
    for first in range(1, documents + 1, page):
        last = min(documents, first + page - 1)
        with transaction(engine) as session:
            values = {"namespace": NAMESPACE, "job": declared.uid, "run": run_id}
            session.execute(FILL, {**values, "first": first, "last": last})
        print(f"\rfilling {last:,}", end="", file=sys.stderr)
    print(file=sys.stderr)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE document"))
    return declared.uid


def measure(engine: Engine, job: uuid.UUID) -> tuple[float, float]:
    """Page 1,000 and page 1 of the whole namespace; the others are printed beside."""
    figures: dict[str, tuple[float, float]] = {}
    for name, request in {
        "newest first": ListRequest(limit=LIMIT),
        "oldest first": ListRequest(limit=LIMIT, sort="created_at"),
        "of one job": ListRequest(limit=LIMIT, filters={"job": str(job)}),
        "dead ones": ListRequest(limit=1, filters={"state": "dead"}),
    }.items():
        first, last = request, request
        for _ in range(PAGES - 1):
            with entered(engine) as session:
                page = list_documents(session, namespace=NAMESPACE, request=last)
            if page.next is None:
                break
            last = ListRequest(request.limit, page.next, request.sort, request.filters)
        figures[name] = (explained(engine, last), explained(engine, first))
        print(
            f"{name}: page 1,000 {figures[name][0]:.2f} ms, page 1 {figures[name][1]:.2f} ms",
            file=sys.stderr,
        )
    return figures["newest first"]


def explained(engine: Engine, request: ListRequest) -> float:
    """Milliseconds in PostgreSQL."""
    times = []
    for _ in range(ROUNDS):
        with entered(engine) as session, explaining(session.connection()) as plans:
            list_documents(session, namespace=NAMESPACE, request=request)
            times.append(plans[0]["Planning Time"] + plans[0]["Execution Time"])
    return statistics.median(times)


@contextmanager
def entered(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        enter_namespace(session, namespace=NAMESPACE)
        yield session


@contextmanager
def explaining(connection: Connection) -> Iterator[list[dict[str, float]]]:
    """The next statement is explained besides, with its own parameters."""
    plans: list[dict[str, float]] = []

    def explain(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        other = connection.connection.cursor()
        other.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        plans.append(other.fetchall()[0][0][0])
        other.close()

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(connection, "before_cursor_execute", explain)


if __name__ == "__main__":
    sys.exit(main())
