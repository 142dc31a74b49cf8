"""Pictures of pages, drawn by a helper process in the sandbox: see ADR 22."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import structlog

from lexmill.drawing import LENGTH, DrawnPage, PageToDraw
from lexmill.errors import ErrorClass, LexmillError
from lexmill.settings import SandboxSettings

log = structlog.get_logger(__name__)

_START_SECONDS = 60


@dataclass
class Drawing:
    """One page at a time; the helper starts with the first, and anew when it is gone."""

    settings: SandboxSettings
    _helper: Process | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def draw(self, data: bytes, page: int) -> bytes:
        """The page as PNG. Raises LexmillError where there is none."""
        payload = msgspec.msgpack.encode(PageToDraw(page=page, data=data))
        async with self._turn:
            try:
                async with asyncio.timeout(self.settings.wall_seconds + _START_SECONDS):
                    answer = await self._ask(payload)
            except (OSError, EOFError, TimeoutError) as error:
                log.warning("drawing_failed", error=type(error).__name__)
                await self._end()
                raise LexmillError(
                    "drawing_away",
                    "no page can be drawn at the moment; come again",
                    ErrorClass.PASSING,
                ) from error
            except BaseException:
                # Who asked has gone in the middle of an answer that the next must not get.
                await asyncio.shield(self._end())
                raise
        drawn = msgspec.msgpack.decode(answer, type=DrawnPage)
        if drawn.refusal is not None:
            raise LexmillError("no_page_image", drawn.refusal, ErrorClass.DOCUMENT)
        return drawn.png

    async def stop(self) -> None:
        async with self._turn:
            await self._end()

    async def _ask(self, payload: bytes) -> bytes:
        if self._helper is None or self._helper.returncode is not None:
            # No environment: it has no business with our secrets.
            self._helper = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lexmill_workers.drawing"),
                self.settings.model_dump_json(),
                stdin=PIPE,
                stdout=PIPE,
                env={},
            )
        assert self._helper.stdin is not None
        assert self._helper.stdout is not None
        self._helper.stdin.write(LENGTH.pack(len(payload)) + payload)
        await self._helper.stdin.drain()
        (size,) = LENGTH.unpack(await self._helper.stdout.readexactly(LENGTH.size))
        return await self._helper.stdout.readexactly(size)

    async def _end(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            with suppress(ProcessLookupError):
                helper.kill()
            await helper.wait()
