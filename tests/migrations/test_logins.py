"""The command that makes logins, as an administrator types it."""

from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

import lexmill_migrations
from lexmill.errors import LexmillError
from lexmill.tenancy.roles import tenant_role
from lexmill_cli.local.postgres import PostgresServer
from lexmill_migrations import logins
from lexmill_migrations.__main__ import main
from tests.servers import conninfo, execute, temporary_database

pytestmark = pytest.mark.servers


@pytest.fixture
def command(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LEXMILL_DATABASE__URL", database)
    return database


def test_a_tenant_gets_a_login_that_works_and_is_told_once(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tenant", "add", "told-once", "--read", "s3://in/", "--read", "s3://more/"]) == 0
    url = capsys.readouterr().out.strip()
    with psycopg.connect(conninfo(url)) as connection:
        row = connection.execute("SELECT namespace, role, reads, writes FROM tenant").fetchall()
        assert row == [("told-once", "tenant_told-once", ["s3://in/", "s3://more/"], None)]
    assert main(["tenant", "add", "told-once", "--write", "s3://out/"]) == 0
    again = capsys.readouterr()
    assert (again.out, again.err) == (
        "",
        "lexmill-migrations: the login tenant_told-once is there\n",
    )
    assert main(["tenant", "list"]) == 0
    assert capsys.readouterr().out == (
        "told-once\ttenant_told-once\treads s3://in/ s3://more/\twrites s3://out/\n"
    )
    assert main(["tenant", "add", "told-once", "--read", "any"]) == 0
    assert main(["tenant", "list"]) == 0
    assert "reads anything\twrites s3://out/" in capsys.readouterr().out
    with psycopg.connect(conninfo(url)):  # its password stays
        pass
    assert main(["tenant", "remove", "told-once"]) == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo(url))
    assert main(["tenant", "remove", "told-once"]) == 1


def test_a_given_password_is_set_and_not_printed(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("from-a-secret\n", encoding="utf-8")
    words = ["login", "ingest", "--name", "ingest_given", "--password-file", str(file)]
    assert main(words) == 0
    assert "from-a-secret" not in "".join(capsys.readouterr())
    url = logins.url_as(command, role="ingest_given", password="from-a-secret")
    with psycopg.connect(conninfo(url)) as connection:
        assert connection.execute("SELECT FROM job").rowcount == 0


def test_the_command_alone_migrates(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with temporary_database(postgres) as url:
        monkeypatch.setenv("LEXMILL_DATABASE__URL", url)
        assert main([]) == 0
        assert lexmill_migrations.is_current(url)


def test_policies_that_were_changed_by_hand_are_put_right(database: str) -> None:
    """When the mark says so; a changed `ACCESS` changes the mark."""
    with psycopg.connect(conninfo(database)) as connection:
        connection.execute("DROP POLICY tenant ON document")
        connection.execute("COMMENT ON TABLE alembic_version IS NULL")
    assert not lexmill_migrations.is_current(database)
    lexmill_migrations.upgrade(database)
    assert lexmill_migrations.is_current(database)
    with psycopg.connect(conninfo(database)) as connection:
        query = "SELECT FROM pg_policies WHERE tablename = 'document' AND policyname = 'tenant'"
        assert connection.execute(query).rowcount == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tenant", "add", "Not_A_Label"], "a namespace is named as Kubernetes does"),
        (["tenant", "add", "a" * 64], "at most 63"),
        (["login", "api", "--name", "x; DROP"], "no name for a login"),
        (["tenant", "add", "acme", "--read", "/data"], "a prefix is a bucket or a folder"),
        (["tenant", "add", "acme", "--write", "s3://b/../c"], "without . and .. in it"),
    ],
)
def test_names_that_cannot_be(
    command: str, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(words) == 1
    assert says in capsys.readouterr().err


def test_without_a_url_or_a_server_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LEXMILL_DATABASE__URL", raising=False)
    assert main([]) == 2
    assert "LEXMILL_DATABASE__URL is not set" in capsys.readouterr().err
    monkeypatch.setenv("LEXMILL_DATABASE__URL", "postgresql+psycopg://x@127.0.0.1:1/x")
    for words in ([], ["tenant", "list"]):
        assert main(words) == 1
        assert "is the database there?" in capsys.readouterr().err


def test_an_unmigrated_database_is_named(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with temporary_database(postgres) as url:
        monkeypatch.setenv("LEXMILL_DATABASE__URL", url)
        assert main(["tenant", "list"]) == 1
    assert "is not migrated" in capsys.readouterr().err


def test_who_may_not_make_roles_is_told_what_to_do(postgres: PostgresServer, database: str) -> None:
    """An owner without CREATEROLE, in a cluster where the groups exist already."""
    execute(postgres, sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier("plain")))
    execute(postgres, sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(sql.Identifier("plain")))
    plain = logins.url_as(database, role="plain", password="x")
    with pytest.raises(LexmillError, match="may not make roles"):
        logins.add_service(plain, service="api", name="another", password="x")
    with temporary_database(postgres) as url:
        name = url.partition("@/")[2].partition("?")[0]
        execute(
            postgres,
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                sql.Identifier(name), sql.Identifier("plain")
            ),
        )
        own = logins.url_as(url, role="plain", password="x")
        lexmill_migrations.upgrade(own)  # the groups are there, and that is enough
        assert lexmill_migrations.is_current(own)
    execute(postgres, sql.SQL("DROP ROLE {}").format(sql.Identifier("plain")))


def test_long_namespaces_have_short_names_of_their_own(database: str) -> None:
    one, other = "a" * 60 + "bcd", "a" * 60 + "bce"
    assert tenant_role("acme") == "tenant_acme"
    assert tenant_role("a" * 56) == f"tenant_{'a' * 56}"
    assert len(tenant_role(one)) == len(tenant_role(other)) == 63
    assert tenant_role(one) != tenant_role(other)
    for namespace in (one, other):
        logins.add_tenant(database, namespace=namespace, password="x")
        url = logins.url_as(database, role=tenant_role(namespace), password="x")
        with psycopg.connect(conninfo(url)) as connection:
            assert connection.execute("SELECT namespace FROM tenant").fetchall() == [(namespace,)]
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("SELECT FROM event_key")
