"""Whether the operator still works: each of its loops beats, and /livez looks at the slowest."""

import time
from dataclasses import dataclass, field

SILENT_SECONDS = 90.0
"""Longer than one call of Lexmill's API takes to fail, when that hangs."""


@dataclass
class Heart:
    """Beats come from the event loop, questions from the probes' thread."""

    limits: dict[str, float] = field(default_factory=dict)
    _beats: dict[str, float] = field(default_factory=dict)

    def beat(self, part: str) -> None:
        self._beats[part] = time.monotonic()

    def stop(self, part: str) -> None:
        """It is not expected to beat any more."""
        self._beats.pop(part, None)

    def silent(self) -> list[str]:
        """The parts that have not beaten for too long."""
        now = time.monotonic()
        return sorted(
            part
            for part, at in tuple(self._beats.items())
            if now - at > self.limits.get(part, SILENT_SECONDS)
        )
