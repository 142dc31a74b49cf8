import json
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from lexmill_cli.local import postgres
from lexmill_cli.local.errors import LocalSystemError
from lexmill_cli.local.postgres import PostgresServer, running_postgres
from lexmill_cli.local.processes import is_alive, running_in, spawn, wait_until
from tests.servers import FAST, conninfo, temporary_postgres

pytestmark = pytest.mark.servers

AS_ROOT = os.geteuid() == 0
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def homes() -> Iterator[list[Path]]:
    """Erased all together: ext4 is slow to make a thousand files just after it removed as many."""
    used: list[Path] = []
    yield used
    for home in used:
        postgres.erase(home)


@pytest.fixture
def home(homes: list[Path], tmp_path: Path) -> Path:
    """A home of this test, erased afterwards, whatever still runs in it."""
    homes.append(tmp_path / "home")
    return homes[-1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """With fsync and all, for tests that only look at it."""
    with temporary_postgres(tmp_path_factory.mktemp("home"), durable=True) as running:
        yield running


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        yield connection


def remember(server: PostgresServer) -> None:
    with connected(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def remembered(server: PostgresServer) -> bool:
    with connected(server.url) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def data_of(home: Path) -> Path:
    return postgres._place(home).data


def left_in(home: Path) -> set[int]:
    return running_in(data_of(home), "postgres")


def ends(pid: int) -> bool:
    return wait_until(lambda: not is_alive(pid), timeout_seconds=PATIENCE_SECONDS)


def quick(home: Path) -> AbstractContextManager[PostgresServer]:
    return running_postgres(home, settings=FAST)


def test_data_is_kept_from_one_start_to_the_next(home: Path) -> None:
    with running_postgres(home) as first:
        remember(first)
    assert not is_alive(first.pid)
    assert not left_in(home)
    with running_postgres(home) as second:
        assert remembered(second)
    assert (first.url, first.admin_url) == (second.url, second.admin_url)


def test_the_application_is_no_superuser_and_owns_its_database(server: PostgresServer) -> None:
    with connected(server.url) as connection:
        role = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        # It makes the roles that the processes log in as; no process has its password.
        assert role == ("lexmill", False, False, True, False, False)
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert connection.execute(owner).fetchone() == ("lexmill",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")


def test_the_database_speaks_unicode_in_utc_and_keeps_what_it_promised(
    server: PostgresServer,
) -> None:
    with connected(server.url) as connection:
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datlocale, lower('ДОГОВОР'),"
            " current_setting('TimeZone'), current_setting('fsync'),"
            " current_setting('synchronous_commit'), current_setting('max_connections')"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("UTF8", "C.UTF-8", "договор", "UTC", "on", "on", "100")


@pytest.mark.parametrize("password", ["", "wrong"])
def test_the_application_needs_its_password(server: PostgresServer, password: str) -> None:
    stored = server.home / "postgres" / "password"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    url = server.url.replace(stored.read_text(), password)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(conninfo(url))


def test_only_the_owner_can_reach_the_server(server: PostgresServer) -> None:
    place = postgres._place(server.home)
    assert stat.S_IMODE(place.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.data.stat().st_mode) == 0o700
    with connected(server.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_what_a_statement_says_does_not_get_into_the_log(server: PostgresServer) -> None:
    with connected(server.url) as connection:
        connection.execute("CREATE TEMPORARY TABLE party (name text UNIQUE)")
        connection.execute("INSERT INTO party VALUES ('Acme Ltd')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO party VALUES (%s)", ["Acme Ltd"])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT 'Acme Ltd'::int")
    assert "Acme" not in (server.home / "postgres" / "server.log").read_text()


def test_a_password_file_that_got_lost_is_made_anew(home: Path) -> None:
    with quick(home) as server:
        remember(server)
    (home / "postgres" / "password").unlink()
    with quick(home) as again:
        assert again.url != server.url
        assert remembered(again)


def test_a_killed_server_starts_again_with_its_data(home: Path) -> None:
    with running_postgres(home) as server:
        remember(server)
        postgres.kill(server)
        assert not is_alive(server.pid)
        again = postgres.restart(server)
        assert again.pid != server.pid
        assert again.url == server.url
        assert remembered(again)
    assert not is_alive(again.pid)
    assert not left_in(home)


def test_a_backend_that_outlives_its_server_does_not_keep_the_next_from_starting(
    home: Path,
) -> None:
    with quick(home) as server:
        remember(server)
        with closing(psycopg.connect(conninfo(server.url))) as connection:
            backend = connection.info.backend_pid
            connection.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")  # never waits
            postgres.kill(server)
            assert is_alive(backend)
            again = postgres.restart(server)
            assert not is_alive(backend)
        assert remembered(again)


def test_a_pid_file_whose_pid_belongs_to_another_process_now(home: Path, tmp_path: Path) -> None:
    with running_postgres(home) as server:
        remember(server)
    place = postgres._place(home)
    sleep = shutil.which("sleep")
    assert sleep is not None
    stranger = spawn(  # as the server's own user: such a pid PostgreSQL itself believes
        *(sleep, "600"),
        folder=Path("/"),
        log=tmp_path / "log",
        death_signal=signal.SIGKILL,
        user=place.user,
    )
    try:
        wait_until(
            lambda: "sleep" in Path(f"/proc/{stranger}/cmdline").read_text().split("\0")[0],
            timeout_seconds=PATIENCE_SECONDS,
        )
        stale = f"{stranger}\n{place.data}\n1700000000\n5432\n{place.socket}\n\n 1 1\nready   \n"
        for file in (place.data / "postmaster.pid", place.socket / ".s.PGSQL.5432.lock"):
            file.write_text(stale)
            os.chown(file, *((place.user, place.user) if place.user else (-1, -1)))
            file.chmod(0o600)
        with running_postgres(home) as again:
            assert remembered(again)
        assert is_alive(stranger)
    finally:
        os.kill(stranger, signal.SIGKILL)
        assert ends(stranger)


def test_data_that_were_only_half_made_are_made_again(home: Path, tmp_path: Path) -> None:
    with quick(home):
        pass
    place = postgres._place(home)
    place.data.rename(place.base / "data.new")  # as if killed before the rename
    (place.base / "data.new" / "global" / "pg_control").unlink()
    sleep = shutil.which("sleep")
    assert sleep is not None
    helper = spawn(  # the killed initdb's helpers know nothing of its end and write on
        *(sleep, "600"),
        folder=place.base / "data.new",
        log=tmp_path / "log",
        death_signal=signal.SIGKILL,
    )
    assert wait_until(
        lambda: helper in running_in(place.base / "data.new"), timeout_seconds=PATIENCE_SECONDS
    )
    with quick(home) as server:
        remember(server)
    assert not (place.base / "data.new").exists()
    assert not is_alive(helper)


def test_a_home_serves_one_at_a_time_and_says_who(home: Path) -> None:
    with quick(home) as server:
        with pytest.raises(LocalSystemError, match=rf"process {os.getpid()}\b") as error:
            postgres.start(home)
        assert error.value.code == "home_in_use"
        with pytest.raises(LocalSystemError):
            postgres.erase(home)
        with connected(server.url):
            pass


def test_two_homes_run_side_by_side(home: Path, server: PostgresServer) -> None:
    with quick(home) as other:
        remember(other)
        with (
            connected(server.url) as connection,
            pytest.raises(psycopg.errors.UndefinedTable),
        ):
            connection.execute("SELECT FROM kept")


def test_a_deep_home_with_an_odd_name_works(tmp_path: Path) -> None:
    home = tmp_path / "Акты и договоры 100% 'sure', \"yes\"" / ("d" * 120)
    with temporary_postgres(home) as server:
        remember(server)


def test_an_erased_home_leaves_nothing(home: Path) -> None:
    with quick(home):
        place = postgres._place(home)
    postgres.erase(home)
    assert not [path for path in (place.data, place.socket, place.folder) if path.exists()]
    assert place.user is None or not place.base.exists()


def test_a_home_removed_by_hand_starts_empty(home: Path) -> None:
    with quick(home) as server:
        remember(server)
    shutil.rmtree(home)
    with quick(home) as again, pytest.raises(psycopg.errors.UndefinedTable):
        remembered(again)


def test_a_log_that_grew_too_large_is_emptied(home: Path) -> None:
    with quick(home) as server:
        log = server.home / "postgres" / "server.log"
    os.truncate(log, 11_000_000)
    with quick(home):
        assert log.stat().st_size < 100_000


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalSystemError) as error:
        postgres.start(tmp_path / "file" / "home")
    assert error.value.code == "home_not_writable"
    assert str(tmp_path / "file") in str(error.value)


def test_data_of_another_version_are_left_alone(home: Path) -> None:
    with quick(home):
        pass
    version = data_of(home) / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(LocalSystemError) as error:
        postgres.start(home)
    assert error.value.code == "data_version"
    assert version.exists()


def test_a_setting_that_postgres_refuses_is_named(home: Path) -> None:
    with pytest.raises(LocalSystemError, match="shared_buffers") as error:
        postgres.start(home, settings={"shared_buffers": "much"})
    assert error.value.code == "postgres_failed"
    assert not left_in(home)
    with quick(home):  # and the lock is free again
        pass


def test_a_server_that_refuses_us_is_stopped_again(home: Path) -> None:
    with quick(home) as server, connected(server.admin_url) as connection:
        connection.execute("ALTER ROLE postgres NOLOGIN")
    with pytest.raises(LocalSystemError, match=r"server\.log") as error:
        postgres.start(home)
    assert error.value.code == "postgres_failed"
    assert not left_in(home)


def test_a_server_started_beside_the_main_thread_outlives_the_thread(home: Path) -> None:
    servers: list[PostgresServer] = []
    thread = threading.Thread(target=lambda: servers.append(postgres.start(home)))
    thread.start()
    thread.join()
    with connected(servers[0].url):
        pass
    postgres.stop(servers[0])
    assert not is_alive(servers[0].pid)


# What another process does: it starts a server as the command would, prints what it got, and
# ends it when its input ends.
PLAY = """
import json, os, sys
from pathlib import Path
from lexmill_cli.local import postgres
server = postgres.start(Path(sys.argv[1]))
place = postgres._place(Path(sys.argv[1]))
with postgres.psycopg.connect(server.url.replace("+psycopg", "")) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
print(json.dumps({"pid": server.pid, "user": os.stat(f"/proc/{server.pid}").st_uid,
                  "data": str(place.data), "socket": str(place.socket)}), flush=True)
sys.stdin.read()
if sys.argv[2:] == ["erase"]:
    postgres.stop(server)
    postgres.erase(Path(sys.argv[1]))
"""


@contextmanager
def playing(
    command: list[str], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment,
    ) as play:
        yield play
        if play.poll() is None:
            play.communicate(timeout=PATIENCE_SECONDS)
            assert play.returncode == 0


def started(play: subprocess.Popen[str]) -> dict[str, str | int]:
    assert play.stdout is not None
    assert select.select([play.stdout], [], [], PATIENCE_SECONDS)[0]
    told: dict[str, str | int] = json.loads(play.stdout.readline())
    return told


def test_a_killed_command_takes_its_server_along_and_the_next_goes_on(home: Path) -> None:
    with playing([sys.executable, "-c", PLAY, str(home)]) as play:
        server = int(started(play)["pid"])
        play.kill()
        play.wait()
    with running_postgres(home) as again:  # at once, while the old one is still stopping
        assert ends(server)
        assert remembered(again)


@pytest.mark.skipif(not AS_ROOT, reason="every other test shows it already")
def test_an_ordinary_user_keeps_all_in_the_home(tmp_path: Path) -> None:
    user = pwd.getpwnam("nobody")
    command = [sys.executable, "-c", PLAY]
    if setpriv := shutil.which("setpriv"):
        # The interpreter may lie beneath a folder that only root can enter, as /root; reading is
        # all the user may do beyond their own, so that no copy of it is needed.
        identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        command = [setpriv, *identity, *reading, *command]
    else:
        pytest.skip("setpriv is not installed")
    home = Path("/tmp") / f"lexmill-test-{os.getpid()}"
    home.mkdir()
    try:
        os.chown(home, user.pw_uid, user.pw_gid)
        with playing([*command, str(home), "erase"]) as play:
            told = started(play)
            assert told["user"] == user.pw_uid
            assert told["data"] == str(home / "postgres" / "data")
            assert Path(str(told["socket"])).stat().st_uid == user.pw_uid
        assert not is_alive(int(told["pid"]))
        assert not list(home.iterdir())
    finally:
        shutil.rmtree(home)


@pytest.mark.skipif(not AS_ROOT, reason="only root changes the user")
def test_as_root_the_server_has_a_user_of_its_own(server: PostgresServer) -> None:
    user = Path(f"/proc/{server.pid}").stat().st_uid
    assert user in postgres.FREE_USERS
    data = data_of(server.home)
    assert {path.lstat().st_uid for path in (data, *data.rglob("*"))} == {user}
    place = postgres._place(server.home)
    for path in (place.base, postgres.SYSTEM_FOLDER):
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (0, 0o755)


@pytest.mark.skipif(not AS_ROOT, reason="only root changes the user")
def test_as_root_binaries_that_its_user_cannot_reach_are_copied(home: Path, tmp_path: Path) -> None:
    binaries = postgres._binaries(for_others=False)
    wheel = binaries.parents[1]
    closed = tmp_path / "closed"
    shutil.copytree(binaries.parent, closed / wheel.name / binaries.parent.name)
    shutil.copytree(f"{wheel}.libs", closed / f"{wheel.name}.libs")
    (closed / wheel.name / "__init__.py").touch()
    closed.chmod(0o700)
    environment = os.environ | {"PYTHONPATH": str(closed)}
    before = set(postgres.SYSTEM_FOLDER.glob("bin-*"))
    with playing([sys.executable, "-c", PLAY, str(home), "erase"], environment) as play:
        program = Path(f"/proc/{started(play)['pid']}/exe").readlink()
    assert program.parents[3].parent == postgres.SYSTEM_FOLDER
    for copy in set(postgres.SYSTEM_FOLDER.glob("bin-*")) - before:
        shutil.rmtree(copy)


def test_a_folder_that_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path)
    for path in (tmp_path / "taken", tmp_path / "link"):
        with pytest.raises(LocalSystemError) as error:
            postgres._own_folder(path, None)
        assert error.value.code == "folder_taken"
