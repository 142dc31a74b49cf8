"""A tenant that has its login for itself, and knows all of another's ids, URIs and hashes."""

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row
from sqlalchemy import Engine

from lexmill import latches
from lexmill.database import transaction
from lexmill.scaling.service import CHANNEL
from lexmill.tenancy.roles import tenant_role
from lexmill_migrations import logins
from tests.core import building
from tests.core.tenancy.conftest import OURS, SINK, THEIRS, Tenants
from tests.logins import tenant_url
from tests.servers import conninfo

pytestmark = pytest.mark.servers

DENIED = errors.InsufficientPrivilege

ADD_TASK = """
    INSERT INTO task (kind, namespace, job_uid, run_id, document_id, pool, stage)
    VALUES ('process', %(namespace)s, %(job)s, %(run)s, %(document)s, 'main', 'parse')
"""
ADD_DOCUMENT = """
    INSERT INTO document (namespace, job_uid, run_id, parent_id, uri, source, name)
    VALUES (%(namespace)s, %(job)s, %(run)s, %(parent)s, 'new', 'file:///new', 'new')
"""
TELL = """
    INSERT INTO outgoing (namespace, job_uid, sink, event)
    VALUES (%(namespace)s, %(job)s, %(sink)s, '{}')
"""


def known(tenants: Tenants, namespace: str) -> dict[str, Any]:
    """Of the job with a sink, as everybody may have come to know it."""
    with tenants.connected("owner") as connection:
        row = (
            connection.cursor(row_factory=dict_row)
            .execute(
                """
                SELECT job.uid, run.id AS run, document.id AS document FROM job
                JOIN run ON run.job_uid = job.uid JOIN document ON document.run_id = run.id
                WHERE job.namespace = %s AND job.name = 'the-same' AND document.parent_id IS NULL
                """,
                [namespace],
            )
            .fetchone()
        )
    assert row is not None
    return {
        "namespace": namespace,
        "job": row["uid"],
        "run": row["run"],
        "document": row["document"],
        "parent": row["document"],
        "sink": SINK,
    }


@pytest.mark.parametrize("statement", [ADD_TASK, ADD_DOCUMENT, TELL])
def test_what_a_worker_adds_is_its_own(tenants: Tenants, statement: str) -> None:
    with tenants.connected(OURS) as connection:
        assert connection.execute(statement.encode(), known(tenants, OURS)).rowcount == 1


@pytest.mark.parametrize(
    ("statement", "stolen"),
    [
        # A task would let the sweeper end the document, which acts for all namespaces.
        *((ADD_TASK, stolen) for stolen in ("namespace", "job", "run", "document")),
        # A document in another's run is in its reports; a child takes the name of one to come.
        *((ADD_DOCUMENT, stolen) for stolen in ("namespace", "job", "run", "parent")),
        *((TELL, stolen) for stolen in ("namespace", "job")),
    ],
)
def test_nothing_of_another_gets_into_a_row(tenants: Tenants, statement: str, stolen: str) -> None:
    row = known(tenants, OURS) | {stolen: known(tenants, THEIRS)[stolen]}
    with tenants.connected(OURS) as connection, pytest.raises(DENIED):
        connection.execute(statement.encode(), row)


def test_an_id_that_is_taken_is_refused_as_one_that_is_free(tenants: Tenants) -> None:
    messages = []
    for document in (known(tenants, THEIRS)["document"], uuid.uuid4()):
        row = known(tenants, OURS) | {"document": document}
        with tenants.connected(OURS) as connection, pytest.raises(DENIED) as refused:
            connection.execute(ADD_TASK, row)
        messages.append(str(refused.value))
    assert messages[0] == messages[1]


def test_only_the_sink_of_the_job_is_told(tenants: Tenants) -> None:
    """The API's process delivers it, from where more can be reached."""
    row = known(tenants, OURS) | {"sink": "http://169.254.169.254/latest/meta-data"}
    with tenants.connected(OURS) as connection, pytest.raises(DENIED):
        connection.execute(TELL, row)


def test_the_same_cache_key_is_another_entry(tenants: Tenants) -> None:
    query = "SELECT object_key FROM stage_output WHERE key = 'the-same'"
    for namespace in (OURS, THEIRS):
        with tenants.connected(namespace) as connection:
            assert connection.execute(query).fetchall() == [(namespace,)]


@pytest.mark.parametrize(
    "statement",
    [
        f"SET ROLE {tenant_role(THEIRS)}",
        "SET ROLE lexmill_api",
        "SET ROLE lexmill_ingest",
        "SET ROLE lexmill",
        f"SET SESSION AUTHORIZATION {tenant_role(THEIRS)}",
        f"ALTER ROLE {tenant_role(THEIRS)} PASSWORD 'mine'",
        "ALTER TABLE document DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON document USING (true)",
        "CREATE TABLE mine (id integer)",
        "TRUNCATE document",
        "SELECT * FROM event_part_default",  # the policies are the parent's
        "SELECT last_value FROM task_id_seq",
        "SELECT nextval('task_id_seq')",
        "SELECT nextval('demand_version')",
        "SELECT create_event_partitions(500)",
        # Who may lock a table stops everybody.
        *(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE" for table in ("job", "task", "event")),
        "SELECT pg_read_file('/etc/hostname')",
        "COPY document TO PROGRAM 'cat'",
    ],
)
def test_what_a_tenant_may_not_do_at_all(tenants: Tenants, statement: str) -> None:
    with tenants.connected(OURS) as connection, pytest.raises(DENIED):
        connection.execute(statement.encode())


def test_entering_a_namespace_is_for_rest_alone(tenants: Tenants) -> None:
    with tenants.connected(OURS) as connection:
        connection.execute(f"SET lexmill.namespace = '{THEIRS}'".encode())
        connection.execute("SET search_path = pg_temp, public")
        connection.execute("CREATE TEMPORARY TABLE tenant (namespace text, role text)")
        connection.execute(
            f"INSERT INTO tenant VALUES ('{THEIRS}', '{tenant_role(OURS)}')".encode()
        )
        seen = connection.execute("SELECT DISTINCT namespace FROM public.document").fetchall()
    assert seen == [(OURS,)]


def test_rest_has_no_rights_before_it_entered_a_namespace(tenants: Tenants) -> None:
    with tenants.connected("api") as connection, pytest.raises(DENIED):
        connection.execute("SELECT FROM document")
    with tenants.connected("api") as connection:
        connection.execute("SET ROLE lexmill_api")
        assert connection.execute("SELECT FROM document").rowcount == 0


def test_a_condition_of_the_tenants_own_sees_no_other_rows(tenants: Tenants) -> None:
    """A cheap function would be asked before a dear condition; not before a policy."""
    seen: list[str] = []
    with tenants.connected(OURS) as connection:
        connection.add_notice_handler(lambda notice: seen.append(str(notice.message_primary)))
        connection.execute("""
            CREATE FUNCTION pg_temp.tell(namespace text) RETURNS boolean COST 0.0000001
            LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', namespace; RETURN true; END $$
        """)
        connection.execute("SELECT FROM document WHERE pg_temp.tell(namespace)")
    assert set(seen) == {OURS}


def test_what_planner_and_server_know_of_others_is_not_shown(tenants: Tenants) -> None:
    with tenants.connected("ingest") as other, tenants.connected(OURS) as connection:
        other.execute("SELECT 'a query of another'")
        statistics = "SELECT tablename FROM pg_stats WHERE schemaname = 'public'"
        assert connection.execute(statistics).fetchall() == []
        queries = connection.execute(
            "SELECT DISTINCT query FROM pg_stat_activity WHERE usename <> current_user"
        ).fetchall()
        assert queries in ([], [("<insufficient privilege>",)])


def test_the_demands_notification_says_nothing(
    tenants: Tenants, engines: Callable[[str], Engine]
) -> None:
    """Anybody may listen; that something happened somewhere is all there is to hear."""
    with psycopg.connect(conninfo(tenants.urls[OURS]), autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}".encode())
        with transaction(engines("ingest")) as session:
            building.listen(session, namespace=THEIRS)
        (heard,) = listening.notifies(timeout=20, stop_after=1)
    assert heard.payload == ""


def test_no_lock_of_a_tenant_stops_the_others(
    tenants: Tenants, engines: Callable[[str], Engine]
) -> None:
    """Anybody may hold any advisory lock, so none of those is what the others wait for."""
    with tenants.connected(OURS) as connection:
        for number in range(64):
            connection.execute("SELECT pg_advisory_lock(%s)", [number])
            connection.execute("SELECT pg_advisory_lock(%s, %s)", [0x6C65786D, number])
        connection.execute("SELECT pg_advisory_lock(%s)", [0x6C65786D646D])
        connection.execute("SELECT FROM task FOR UPDATE")
        with transaction(engines("ingest")) as session:
            assert all(latches.is_free(session, number) for number in range(latches.COUNT))
            uid = building.listen(session, namespace=THEIRS)
            building.accept(session, building.event(), namespace=THEIRS)
            assert building.tasks_of(session, uid)["process", "waiting"] == 1
            session.rollback()


def test_a_session_of_a_tenant_that_was_removed_has_no_rights_left(tenants: Tenants) -> None:
    with psycopg.connect(conninfo(tenant_url(tenants.url, "leaving"))) as leaving:
        assert leaving.execute("SELECT FROM tenant").rowcount == 1
        leaving.commit()
        assert logins.remove_tenant(tenants.url, namespace="leaving")
        with pytest.raises(DENIED):
            leaving.execute("SELECT FROM tenant")
        leaving.rollback()
    assert not logins.remove_tenant(tenants.url, namespace="leaving")
