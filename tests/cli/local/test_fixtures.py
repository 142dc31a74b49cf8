"""The fixtures that every test of the platform stands on."""

import psycopg
import redis

from lexmill_cli.local.valkey import ValkeyServer
from tests.servers import conninfo, database_name


def test_a_database_is_migrated_and_fresh(database: str) -> None:
    with psycopg.connect(conninfo(database)) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("lexmill", database_name(database))
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
        connection.execute("CREATE TABLE only_here ()")


def test_the_next_test_gets_another_one(database: str) -> None:
    with psycopg.connect(conninfo(database)) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_the_queue_answers(valkey: ValkeyServer) -> None:
    client = redis.Redis.from_url(valkey.url)
    assert client.ping()
    client.close()
