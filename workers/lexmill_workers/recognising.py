"""OCR: the pages of a document, several at a time, each by a Tesseract that is locked down."""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import Final

import msgspec

from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.settings import SandboxSettings
from lexmill_legal.parsing import PageImage
from lexmill_workers.sandbox import Limits, Sandbox, SandboxError, is_installed, run_program
from lexmill_workers.sandbox.limits import MIB
from lexmill_workers.stages import PageRequest, Readings, ReadPage

TESSERACT: Final = "tesseract"
_LIMITS: Final = Limits(
    memory_bytes=2048 * MIB,
    file_bytes=64 * MIB,
    result_bytes=64 * MIB,
    cpu_seconds=240,
    wall_seconds=300,
)
# with more of them it gets slower and surer of what is not there
_MOST_LANGUAGES: Final = 4
_FIRST: Final[tuple[str, ...]] = ("eng", "rus")
_NO_LANGUAGES: Final = frozenset({"osd", "equ", "snum"})


@dataclass(frozen=True)
class Engine:
    version: str
    languages: str

    @property
    def name(self) -> str:
        return f"{self.version} {self.languages}"


def recognise(
    sandbox: Sandbox,
    *,
    settings: SandboxSettings,
    processes: int | None,
    data: bytes,
    pages: Sequence[int],
    passwords: tuple[str, ...],
    lost: Event,
) -> Readings:
    """What stands on the pages; one that cannot be drawn or read is left out.

    Raises LexmillError for what another try may mend, ClaimLostError when the task is not ours
    any more.
    """
    engine = find_engine(settings.allow_without_seccomp)
    if engine is None:
        return Readings(engine=None)

    def read(page: int) -> ReadPage | None:
        if lost.is_set():
            raise ClaimLostError
        request = PageRequest(data=data, page=page, passwords=passwords)
        try:
            return _read(sandbox, settings, engine, request, lost)
        except SandboxError as error:
            if lost.is_set():
                raise ClaimLostError from error
            if error.retryable:
                raise LexmillError(error.code, error.message, ErrorClass.OURS) from error
            return None

    at_once = min(processes or len(os.sched_getaffinity(0)), len(pages))
    with ThreadPoolExecutor(at_once, thread_name_prefix="ocr") as threads:
        found = list(threads.map(read, pages))
    return Readings(engine=engine.name, pages=tuple(page for page in found if page is not None))


@lru_cache(maxsize=2)
def find_engine(allow_without_seccomp: bool) -> Engine | None:  # noqa: FBT001 - for the cache
    """Tesseract with the languages that are installed; None where it or all of them are missing."""
    if not is_installed(TESSERACT):
        return None
    said = _ask("--version", allow_without_seccomp=allow_without_seccomp)
    version = re.search(r"tesseract\s+v?([\w.-]+)", said)
    listed = _ask("--list-langs", allow_without_seccomp=allow_without_seccomp).splitlines()
    installed = {
        line.strip() for line in listed if re.fullmatch(r"[a-z]{3}(?:_\w+)?", line.strip())
    }
    installed -= _NO_LANGUAGES
    languages = [name for name in _FIRST if name in installed]
    languages += sorted(installed - set(_FIRST))
    if not languages:
        return None
    name = f"{TESSERACT} {version[1]}" if version else TESSERACT
    return Engine(name, "+".join(languages[:_MOST_LANGUAGES]))


def _ask(option: str, *, allow_without_seccomp: bool) -> str:
    result = run_program(
        [TESSERACT, option], input_files={}, allow_without_seccomp=allow_without_seccomp
    )
    return result.stdout.decode("utf-8", "replace")


def _read(
    sandbox: Sandbox, settings: SandboxSettings, engine: Engine, request: PageRequest, lost: Event
) -> ReadPage | None:
    answer = sandbox.call(
        msgspec.msgpack.encode(request),
        wall_seconds=settings.wall_seconds,
        cancelled=lost.is_set,
    )
    image = msgspec.msgpack.decode(answer, type=PageImage | None)
    if image is None:
        return None
    name = f"page.{image.suffix}"
    result = run_program(
        [
            *(TESSERACT, name, "stdout", "-l", engine.languages),
            # finds out by itself how the page is turned
            *("--psm", "1", "--dpi", str(image.dpi)),
            *("-c", f"tessedit_page_number={image.index}", "tsv"),
        ],
        input_files={name: image.data},
        limits=_LIMITS,
        # pages in parallel, not threads in a page: those cost more than they bring
        environment={"OMP_THREAD_LIMIT": "1"},
        cancelled=lost.is_set,
        allow_without_seccomp=settings.allow_without_seccomp,
    )
    if result.exit_code != 0:
        return None
    return ReadPage(number=request.page, width=image.width, height=image.height, tsv=result.stdout)
