"""The schema: as the models have it, however often and by how many it is migrated."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.orm import Session

import lexmill_migrations
from alembic import command
from lexmill.database import transaction
from lexmill.errors import LexmillError
from lexmill.events.models import Event
from lexmill.jobs.models import Job
from lexmill.jobs.service import read_progress
from lexmill.jobs.sweep import tick_schedules
from lexmill.models import Base
from lexmill_cli.local.postgres import PostgresServer
from lexmill_migrations.__main__ import main
from lexmill_migrations.revisions import OLDEST_SERVED
from tests.core import building
from tests.servers import temporary_database


def test_an_empty_database_is_not_current_and_a_migrated_one_is(postgres: PostgresServer) -> None:
    with temporary_database(postgres) as url:
        assert not lexmill_migrations.is_current(url)
        lexmill_migrations.upgrade(url)
        assert lexmill_migrations.is_current(url)


def test_a_revision_from_elsewhere_is_not_current(database: str) -> None:
    """Such as one of a newer Lexmill that has broken with this one."""
    newer(database, note="newer newer")
    assert not lexmill_migrations.is_current(database)
    assert not lexmill_migrations.serves(database)
    assert not lexmill_migrations.is_prepared(database)
    with pytest.raises(LexmillError, match="install that one again, or restore a backup"):
        lexmill_migrations.upgrade(database)


def test_a_newer_lexmill_says_that_this_one_may_go_on(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its replicas that still run while the newer one is installed, and those of a rollback."""
    newer(database, note=f"newer newer {head()}")
    assert not lexmill_migrations.is_current(database)
    assert lexmill_migrations.serves(database)
    assert lexmill_migrations.is_prepared(database)
    monkeypatch.setenv("LEXMILL_DATABASE__URL", database)
    assert main([]) == 0
    assert "of a newer version, which serves this one too" in capsys.readouterr().err
    assert main(["wait"]) == 0
    assert revision(database) == "newer"


def test_what_an_earlier_revision_said_is_not_believed_of_another(database: str) -> None:
    newer(database, note=f"in-between {head()}")
    assert not lexmill_migrations.serves(database)


def test_an_older_schema_serves_nobody_newer(postgres: PostgresServer) -> None:
    with temporary_database(postgres) as url:
        assert not lexmill_migrations.serves(url)
        command.upgrade(lexmill_migrations._config(url), "0011_results")
        assert not lexmill_migrations.serves(url)
        assert not lexmill_migrations.is_prepared(url)
        lexmill_migrations.upgrade(url)
        assert lexmill_migrations.serves(url)


def test_the_schema_names_its_own_revision_and_the_oldest_it_serves(database: str) -> None:
    engine = create_engine(database)
    with engine.connect() as connection:
        query = "SELECT col_description('alembic_version'::regclass, 1)"
        at, *served = str(connection.scalar(text(query))).split()
    engine.dispose()
    assert (at, served[0], served[-1]) == (head(), head(), OLDEST_SERVED)


def test_policies_are_the_next_versions_business(database: str) -> None:
    """A replica that runs goes on when only they were changed; one that starts waits."""
    engine = create_engine(database)
    with transaction(engine) as session:
        session.execute(text("COMMENT ON TABLE alembic_version IS 'access of another'"))
    engine.dispose()
    assert lexmill_migrations.serves(database)
    assert not lexmill_migrations.is_prepared(database)


def newer(database: str, *, note: str) -> None:
    """The database as a Lexmill of the future leaves it."""
    engine = create_engine(database)
    with transaction(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
        session.execute(text(f"COMMENT ON COLUMN alembic_version.version_num IS '{note}'"))
    engine.dispose()


def revision(database: str) -> str:
    engine = create_engine(database)
    with engine.connect() as connection:
        found = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    engine.dispose()
    return found


def head() -> str:
    script = ScriptDirectory.from_config(lexmill_migrations._config(""))
    return str(script.get_current_head())


def test_an_upgrade_twice_changes_nothing(database: str) -> None:
    engine = create_engine(database)
    with transaction(engine) as session:
        uid = building.declare(session)
    lexmill_migrations.upgrade(database)
    assert lexmill_migrations.is_current(database)
    with transaction(engine) as session:
        assert building.claimed(session, uid).kind == "expand"
    engine.dispose()


def test_installers_at_once_wait_for_each_other(postgres: PostgresServer) -> None:
    with temporary_database(postgres) as url:
        # Processes, as Alembic keeps its state in module variables.
        upgrade = "import lexmill_migrations, sys; lexmill_migrations.upgrade(sys.argv[1])"
        installers = [
            subprocess.Popen([sys.executable, "-c", upgrade, url], stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        for installer in installers:
            _, errors = installer.communicate(timeout=20)
            assert installer.returncode == 0, errors.decode()
        assert lexmill_migrations.is_current(url)


def test_the_schema_is_what_the_models_say(database: str) -> None:
    engine = create_engine(database)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True, "include_object": _is_compared}
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_the_index_of_the_reports_has_the_order_of_code_points(session: Session) -> None:
    query = "SELECT pg_get_indexdef('ix_document_run_id_uri'::regclass)"
    assert session.scalar(text(query)).endswith('(run_id, uri COLLATE "C", id)')


def _is_compared(_: object, name: str | None, *__: object) -> bool:
    """Partitions are made as time goes on; an index's collation is not read back by SQLAlchemy."""
    return not str(name).startswith("event_part_") and name != "ix_document_run_id_uri"


def test_every_table_is_the_applications_own(database: str) -> None:
    engine = create_engine(database)
    names = {name for name in inspect(engine).get_table_names() if "part" not in name}
    assert names == {*Base.metadata.tables, "alembic_version"}
    with engine.connect() as connection:
        owners = connection.scalars(
            text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        superuser = connection.scalar(
            text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        )
    engine.dispose()
    assert owners == ["lexmill"]
    assert superuser is False


def test_down_and_up_again(postgres: PostgresServer) -> None:
    with temporary_database(postgres) as url:
        lexmill_migrations.upgrade(url)
        command.downgrade(lexmill_migrations._config(url), "base")
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == ["alembic_version"]
        engine.dispose()
        lexmill_migrations.upgrade(url)
        assert lexmill_migrations.is_current(url)


def test_what_an_older_build_wrote_is_counted_and_goes_on(postgres: PostgresServer) -> None:
    """Local data folders outlive the builds that made them."""
    with temporary_database(postgres) as url:
        command.upgrade(lexmill_migrations._config(url), "0001")
        engine = create_engine(url)
        with transaction(engine) as session:
            session.execute(text(_OLD_ROWS))
        assert not lexmill_migrations.is_current(url)
        lexmill_migrations.upgrade(url)
        with transaction(engine) as session:
            runs = read_progress(session, namespace="acme", name="old")
            assert runs is not None
            assert [(run.number, run.total, run.failed) for run in runs.runs] == [
                (2, 1, 0),  # under way: counted when asked
                (1, 2, 1),
            ]
            (job,) = session.scalars(select(Job))
            assert tick_schedules(session) == 0, "its first tick is still to come"
            session.refresh(job)
            assert job.next_tick_at is not None
        engine.dispose()


_OLD_ROWS = """
    WITH job AS (
      INSERT INTO job (uid, namespace, name, owner, generation, spec, spec_hash, config_maps,
        suspended)
      VALUES (gen_random_uuid(), 'acme', 'old', 'local', 1,
        '{"documents": [{"uri": "file\\:///x"}], "schedule": {"cron": "0 6 * * *"}}', 'hash', '{}',
        false)
      RETURNING uid
    ), runs AS (
      INSERT INTO run (job_uid, number, listed_at, finalized_at)
      SELECT uid, n, now(), CASE WHEN n = 1 THEN now() END FROM job, generate_series(1, 2) AS n
      RETURNING id, job_uid, number
    )
    INSERT INTO document (namespace, job_uid, run_id, uri, source, name, state, ended_at)
    SELECT 'acme', job_uid, id, each.uri, 'file\\:///x', 'x', each.state,
      CASE WHEN each.state <> 'queued' THEN now() END
    FROM runs JOIN (
      VALUES (1, 'a', 'succeeded'), (1, 'b', 'failed'), (2, 'c', 'queued')
    ) AS each (number, uri, state) ON each.number = runs.number
"""


def test_event_partitions_exist_for_this_month_and_the_next_two(session: Session) -> None:
    names = session.scalars(
        text("SELECT relid::text FROM pg_partition_tree('event') WHERE isleaf ORDER BY 1")
    ).all()
    months, month = [], datetime.now(UTC).replace(day=1)
    for _ in range(3):
        months.append(f"event_part_{month:%Y_%m}")
        month = (month + timedelta(days=32)).replace(day=1)
    assert names == [*months, "event_part_default"]


def test_events_are_kept_in_the_partition_of_their_month(session: Session) -> None:
    building.accept(session, building.event())
    where = session.scalar(select(text("tableoid::regclass::text")).select_from(Event))
    assert where == f"event_part_{datetime.now(UTC):%Y_%m}"


def test_an_event_from_a_clock_gone_wrong_is_kept_too(session: Session) -> None:
    building.accept(session, building.event())
    session.execute(text("UPDATE event SET received_at = '1970-01-01T00:00:00Z'"))
    where = session.scalar(select(text("tableoid::regclass::text")).select_from(Event))
    assert where == "event_part_default"


def test_partitions_may_be_asked_for_again_and_further_ahead(session: Session) -> None:
    count = text("SELECT count(*) FROM pg_partition_tree('event') WHERE isleaf")
    session.execute(select(func.create_event_partitions(2)))
    assert session.scalar(count) == 4
    session.execute(select(func.create_event_partitions(13)))
    assert session.scalar(count) == 15
    for month in range(13):  # a year of months without a gap or an overlap
        session.execute(
            text("""
                INSERT INTO event (received_at, id, namespace, source, event_id, type, attributes,
                  data_kind, outcome, documents)
                VALUES (date_trunc('month', now(), 'UTC') + make_interval(months => :month),
                  gen_random_uuid(), 'n', 's', 'i', 't', '{}', 'absent', 'unmatched', 0)
            """),
            {"month": month},
        )
    assert session.scalar(text("SELECT count(*) FROM ONLY event_part_default")) == 0
