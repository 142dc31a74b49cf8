"""Answers that others give about callers, asked for once and remembered for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from lexmill_api.identity.callers import UndecidedError

_MAX_KNOWN = 1_000
_MAX_ASKING = 16
_PAUSE_SECONDS = 1.0

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Answer(NamedTuple, Generic[V]):
    value: V
    seconds: float
    """How long it may be believed."""


@dataclass
class Answers(Generic[K, V]):
    """Asks once however many wait for it; who does not answer is left alone for a second."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[K, tuple[float, V]] = field(default_factory=dict)
    _asking: "dict[K, asyncio.Task[V]]" = field(default_factory=dict)
    _away_until: float = float("-inf")

    async def get(self, key: K, ask: Callable[[], Awaitable[Answer[V]]]) -> V:
        """Raise UndecidedError where ``ask`` does, or has just done."""
        known = self._known.get(key)
        if known is not None and self.clock() < known[0]:
            return known[1]
        question = self._asking.get(key)
        if question is None:
            if self.clock() < self._away_until or len(self._asking) >= _MAX_ASKING:
                raise UndecidedError
            question = asyncio.create_task(self._ask(key, ask), name="identity")
            self._asking[key] = question
            question.add_done_callback(lambda _: self._asking.pop(key))
        # A sender that hangs up takes the answer from none of the others.
        return await asyncio.shield(question)

    async def _ask(self, key: K, ask: Callable[[], Awaitable[Answer[V]]]) -> V:
        try:
            answer = await ask()
        except UndecidedError:
            self._away_until = self.clock() + _PAUSE_SECONDS
            raise
        self._known.pop(key, None)
        self._known[key] = (self.clock() + answer.seconds, answer.value)
        if len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return answer.value
