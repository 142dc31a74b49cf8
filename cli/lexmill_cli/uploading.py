"""Sending files and folders to a listening job, several at a time."""

import hashlib
import io
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.uploads.schemas import UploadedDocument
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.showing import printable, say, show_json

_AT_ONCE: Final = 4
_LASTING: Final = frozenset({"job_takes_no_documents", "not_found", "forbidden", "unauthorised"})
"""What every other file would be told, too."""


@dataclass(frozen=True)
class LocalFile:
    """``name`` is what it is called from where the person named it on."""

    path: Path
    name: str
    bytes: int


@dataclass(frozen=True)
class Sent:
    """What became of a file: a document, or why it is none."""

    file: LocalFile
    document: UploadedDocument | None
    code: str | None = None
    message: str | None = None


class _Counted(io.FileIO):
    """A file that tells how far it was read; begun again, it tells so."""

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        super().__init__(path, "rb")
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(-1 if size is None else size)
        self._told(self.tell())
        return piece


class ReadSoFar:
    """Of how many bytes files were read, together."""

    def __init__(self) -> None:
        self._of: dict[LocalFile, int] = {}
        self._all = 0

    def told(self, file: LocalFile, position: int) -> int:
        """How much of all was read, now that one of them is there."""
        self._all += position - self._of.get(file, 0)
        self._of[file] = position
        return self._all


@dataclass(frozen=True)
class Sender:
    client: ApiClient
    namespace: str
    job: str
    presigned: bool
    again: bool

    def send(self, file: LocalFile, told: Callable[[int], None]) -> UploadedDocument:
        """Raises LexmillError, OSError."""
        name = os.fsencode(Path(file.name).name).decode(errors="replace")
        if self.presigned:
            address = self.client.uploads.presign(self.namespace, self.job, name=name)
            with _Counted(file.path, told) as opened:
                return self.client.uploads.put(address, opened)
        key = str(uuid.uuid4()) if self.again else _key(self.job, file)
        with _Counted(file.path, told) as opened:
            return self.client.uploads.send(
                self.namespace, self.job, file=opened, name=name, key=key
            )


def files_beneath(paths: Sequence[Path]) -> list[LocalFile]:
    """In a stable order. Raises CommandError where one cannot be there."""
    found: list[LocalFile] = []
    for path in paths:
        try:
            if path.is_dir():
                beneath = sorted(each for each in path.rglob("*") if _is_wanted(path, each))
                found.extend(_local(each, each.relative_to(path)) for each in beneath)
            else:
                found.append(_local(path, Path(path.name)))
        except OSError as error:
            raise CommandError(Exit.MISUSE, f"{path}: {error.strerror}.") from error
    if not found:
        raise CommandError(Exit.MISUSE, "There is no file in what you name.")
    return found


def upload_files(sender: Sender, files: Sequence[LocalFile], *, as_json: bool) -> list[Sent]:
    """Of each file what became of it, said as soon as it and those before it are known."""
    sent: list[Sent] = []
    with ThreadPoolExecutor(_AT_ONCE) as threads, _progress(files) as told:
        try:
            for each in threads.map(lambda file: _send(sender, file, told(file)), files):
                sent.append(each)
                _show(each, as_json=as_json)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    fresh = sum(each.document is not None and each.document.state != "duplicate" for each in sent)
    refused = sum(each.document is None for each in sent)
    known = len(sent) - fresh - refused
    say(
        f"{fresh} of {len(sent)} files were taken"
        + (f", {known} had come before" if known else "")
        + (f", {refused} were refused" if refused else "")
        + "."
    )
    return sent


def _send(sender: Sender, file: LocalFile, told: Callable[[int], None]) -> Sent:
    try:
        return Sent(file, sender.send(file, told))
    except LexmillError as error:
        if error.retryable or error.code in _LASTING:
            raise
        return Sent(file, None, error.code, error.message)
    except OSError as error:
        return Sent(file, None, "unreadable", error.strerror or "it cannot be read")


def _show(sent: Sent, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "file": printable(str(sent.file.path)),
                "document": sent.document,
                "code": sent.code,
                "message": sent.message,
            }
        )
    elif sent.document is None:
        say(f"{sent.file.path}: {sent.message}")
    else:
        print(  # noqa: T201 - the answer
            sent.document.id, sent.document.state, printable(sent.file.name), flush=True
        )


def _key(job: str, file: LocalFile) -> str:
    """The same file sent again has the same one, as long as the job has its name."""
    digest = hashlib.sha256(f"{job}\0{file.name}\0".encode(errors="replace"))
    with file.path.open("rb") as content:
        digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def _is_wanted(folder: Path, path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.is_file()


def _local(path: Path, name: Path) -> LocalFile:
    return LocalFile(path, str(name), path.stat().st_size)


@contextmanager
def _progress(
    files: Sequence[LocalFile],
) -> Iterator[Callable[[LocalFile], Callable[[int], None]]]:
    """A bar on a terminal; elsewhere lines say enough."""
    console = Console(stderr=True)
    lock, read, over = Lock(), ReadSoFar(), Event()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    task = bar.add_task("Sending", total=sum(file.bytes for file in files))

    def told(file: LocalFile) -> Callable[[int], None]:
        def tell(position: int) -> None:
            if over.is_set():
                raise InterruptedError
            with lock:
                bar.update(task, completed=read.told(file, position))

        return tell

    try:
        with bar:
            yield told
    except BaseException:
        over.set()  # what is under way ends, too, and is not waited for
        raise
