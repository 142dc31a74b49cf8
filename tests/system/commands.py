"""The command `lexmill` as a person or a script uses it: a process of its own in a folder."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import namedtuple_row

from lexmill_cli.local import postgres

T = TypeVar("T")

LEXMILL = Path(sys.executable).with_name("lexmill")
SAMPLES = Path(__file__).parents[2] / "samples"
PATIENCE_SECONDS = 120.0
"""For a whole run, on a machine that others use too."""


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    stderr: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object that stdout is."""
        answer: dict[str, Any] = json.loads(self.stdout)
        return answer


@dataclass
class Command:
    """One that may still run. Its output goes to files, so that nobody has to read along."""

    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def stderr(self) -> str:
        return self.output.with_suffix(".err").read_text(encoding="utf-8")

    def interrupt(self) -> None:
        """Ctrl-C: the terminal sends it to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> Ended:
        code = self.process.wait(seconds)
        return Ended(code, self.output.with_suffix(".out").read_text(encoding="utf-8"), self.stderr)


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Workplace:
    """A folder to type commands in; Lexmill's own data lie in its ``.lexmill``."""

    folder: Path
    command: tuple[str, ...] = (str(LEXMILL),)
    """What `lexmill` is here, and what starts it as somebody else."""
    environment: Mapping[str, str] | None = None

    @property
    def home(self) -> Path:
        return self.folder / ".lexmill"

    def path(self, name: str, content: str | bytes | None = None) -> Path:
        path = self.folder / name
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @contextmanager
    def started(self, *words: str | Path) -> Iterator[Command]:
        """A command that is certainly over after the block, with all it started."""
        output = self.folder / f"command-{time.monotonic_ns()}"
        with (
            output.with_suffix(".out").open("wb") as out,
            output.with_suffix(".err").open("wb") as err,
        ):
            process = subprocess.Popen(
                [*self.command, *map(str, words)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                # A test run in the background ignores SIGINT, and its children would inherit that.
                preexec_fn=_hear_interrupts,  # noqa: PLW1509 - no threads here
                env={**os.environ, **(self.environment or {})},
            )
        try:
            yield Command(process, output)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def run(self, *words: str | Path) -> Ended:
        with self.started(*words) as command:
            return command.wait()

    @contextmanager
    def database(self) -> Iterator["psycopg.Connection[Any]"]:
        """Lexmill's own database while a command runs."""
        place = postgres._place(self.home)
        password = (self.home / "postgres" / "password").read_text(encoding="ascii")
        with psycopg.connect(
            f"host={place.socket} port=5432 user=lexmill password={password} dbname=lexmill",
            autocommit=True,
            row_factory=namedtuple_row,
        ) as connection:
            yield connection

    def ask(self, query: str) -> list[Any]:
        with self.database() as connection:
            return connection.execute(query).fetchall()

    def ended_documents(self) -> int:
        """0 as long as nobody can be asked."""
        try:
            ((count,),) = self.ask("SELECT count(*) FROM document WHERE state <> 'queued'")
        except (psycopg.Error, OSError):
            return 0
        return int(count)


@contextmanager
def workplace(folder: Path) -> Iterator[Workplace]:
    folder.mkdir(parents=True, exist_ok=True)
    place = Workplace(folder)
    try:
        yield place
    finally:
        postgres.erase(place.home)


def until(condition: Callable[[], T | None], *, seconds: float = PATIENCE_SECONDS) -> T:
    """What ``condition`` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "the deadline passed"
        time.sleep(0.02)
    return found


@dataclass(frozen=True)
class Process:
    pid: int
    started: str
    """In the kernel's ticks: tells it from a later process with the same pid."""
    command: str

    @property
    def is_alive(self) -> bool:
        return self in _processes()


def descendants(pid: int) -> list[Process]:
    """All that this process started, and what these started."""
    found: list[Process] = []
    parents = {pid}
    known = _processes()
    while parents:
        children = [process for process, parent in known.items() if parent in parents]
        found += children
        parents = {process.pid for process in children}
    return found


def one_of(pid: int, program: str) -> Process | None:
    """A descendant whose command line has this word."""
    words = re.compile(rf"(^|[\s/]){re.escape(program)}(\s|$)")
    return next((each for each in descendants(pid) if words.search(each.command)), None)


def _processes() -> dict[Process, int]:
    """All processes with their parents; zombies do not count."""
    found: dict[Process, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words[0] not in {"Z", "X"}:
            found[Process(int(entry.name), words[19], command)] = int(words[1])
    return found


def contract(number: int) -> str:
    """A small contract whose bytes no other number has."""
    return (
        f"SUPPLY AGREEMENT No. {number}\n\n"
        f"This Supply Agreement is made on {number % 28 + 1} March 2026 between Northwind Metals "
        f'Ltd ("Supplier") and Baltic Trade {number} GmbH ("Buyer").\n\n'
        f"1. Supply. The Supplier shall deliver {number + 10} tonnes of steel.\n"
        f"2. Price. The Buyer shall pay USD {number * 1000 + 5000}.\n"
        "3. Governing law. This Agreement is governed by the laws of England and Wales.\n"
    )


def write_contracts(folder: Path, numbers: range) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"supply-{number:04}.txt").write_text(contract(number), encoding="utf-8")
    return folder
