"""Two namespaces with rows in every table, and a connection for each login that there may be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lexmill.access.service import issue_token
from lexmill.database import transaction
from lexmill.documents.schemas import NewStageOutput
from lexmill.idempotency.schemas import RequestKey
from lexmill.idempotency.service import claim_request
from lexmill.playbooks.service import add_playbook
from lexmill.records.holds import place_hold
from lexmill.records.purging import purge_document
from lexmill.results.rows import result_rows
from lexmill.reviews.schemas import NewDecision
from lexmill.reviews.service import decide
from lexmill.statistics.service import read_statistics
from lexmill.tasks.service import start_finalize
from lexmill.uploads.service import begin_upload
from lexmill_cli.local.postgres import PostgresServer
from tests.core import building
from tests.core.conftest import connect
from tests.core.results.reading import read
from tests.logins import service_url, tenant_url
from tests.servers import conninfo, temporary_database

OURS, THEIRS = "ours", "theirs"
PLAYBOOK = b"name: the-same\nrules: []\n"
SINK = "http://sink.example/events"
SHARED_EVENT = building.event(id="the-same", source="/the-same")
"""Both have been sent it."""


@dataclass(frozen=True)
class Tenants:
    """``url`` is the owner's. Logins: ingest, api, and the workers of each namespace."""

    url: str
    urls: dict[str, str]

    @contextmanager
    def connected(self, login: str) -> Iterator["psycopg.Connection[Any]"]:
        """One transaction, undone in the end."""
        with psycopg.connect(conninfo(self.urls[login])) as connection:
            yield connection
            connection.rollback()


def fill(session: Session, namespace: str) -> None:
    """Rows in every table: a job whose first run is through, and another that waits."""
    done = building.declare(
        session, namespace=namespace, sink={"uri": SINK}, name="the-same", trigger={}
    )
    building.accept(session, SHARED_EVENT, namespace=namespace)
    visited = building.claimed(session, done)
    building.succeed(
        session,
        visited,
        sha256="0" * 64,
        result_key=f"{namespace}/visits/1/bundle",
        children=tuple(building.new_documents("child", parent_id=visited.document_id)),
        result=result_rows(read()),
        stage_outputs=(NewStageOutput(key=b"the-same", stage="parse", object_key=namespace),),
    )
    building.drain(session, done)
    start_finalize(session)
    building.declare_with_documents(session, "waiting", namespace=namespace)
    read_statistics(session, namespace=namespace)
    law = NewDecision(
        sha256="0" * 64,
        field="governing_law",
        choice="correct",
        value="US-NY",
        reviewer="anna",
    )
    decide(session, namespace=namespace, decisions=[law])
    building.listen(session, namespace=namespace, name="uploads")
    begin_upload(session, namespace=namespace, job="uploads", name="the-same", by="me", seconds=60)
    add_playbook(session, namespace=namespace, name="the-same", source=PLAYBOOK, by="me")
    place_hold(
        session,
        namespace=namespace,
        job=None,
        document=None,
        matter="the-same",
        case_name="the-same",
        reason="it is",
        by="me",
    )
    purged = building.declare_with_documents(session, "purged", namespace=namespace)
    building.cancel(session, purged, namespace=namespace)
    purge_document(
        session,
        namespace=namespace,
        document=building.document_ids(session, purged)[0],
        cause="request",
        reason="it is",
        by="me",
    )
    issue_token(session, namespace=namespace, name="the-same", roles=["reader"], days=1, by="me")
    claim_request(
        session,
        namespace=namespace,
        key=RequestKey(caller="the-same", key="the-same", request=b"the-same"),
    )


@pytest.fixture(scope="module")
def tenants(postgres: PostgresServer, template_database: str) -> Iterator[Tenants]:
    with temporary_database(postgres, template=template_database) as url:
        urls = {
            "owner": url,
            "ingest": service_url(url, "ingest"),
            "api": service_url(url, "api"),
            OURS: tenant_url(url, OURS),
            THEIRS: tenant_url(url, THEIRS),
        }
        engine = connect(url)
        with transaction(engine) as session:
            for namespace in (OURS, THEIRS):
                fill(session, namespace)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        engine.dispose()
        yield Tenants(url, urls)


@pytest.fixture
def engines(tenants: Tenants) -> Iterator[Callable[[str], Engine]]:
    made: dict[str, Engine] = {}

    def engine(login: str) -> Engine:
        return made.setdefault(login, connect(tenants.urls[login]))

    yield engine
    for each in made.values():
        each.dispose()
