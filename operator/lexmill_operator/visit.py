"""One visit to one LegalJob: what its steps share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lexmill.jobs.status import ConditionType, LegalJobStatus
from lexmill.scaling.schemas import PoolWork
from lexmill_operator.controller import Controller, Memory
from lexmill_operator.kubernetes import Key

RETRY_SECONDS = 5.0
REFUSED_SECONDS = 60.0
"""What was refused may be mended where nobody watches: a label, another job of the same name."""


@dataclass(frozen=True)
class Visit:
    controller: Controller
    key: Key
    body: Mapping[str, Any]
    memory: Memory
    previous: LegalJobStatus
    """The status that the object came with, without conditions that others have added."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    waits: list[float] = field(default_factory=list)

    @property
    def uid(self) -> str:
        return self.memory.uid

    @property
    def works(self) -> Mapping[str, PoolWork]:
        """What the feed says of the job's pools; empty while the API knows no such job."""
        return self.controller.feed.pools(self.uid)

    @property
    def job(self) -> PoolWork | None:
        """What the feed says of the job as a whole."""
        return self.controller.feed.job(self.uid)

    def again_in(self, seconds: float) -> None:
        """The LegalJob should be looked at again then, if not earlier."""
        self.waits.append(seconds)


def begin_visit(controller: Controller, key: Key, body: Mapping[str, Any], memory: Memory) -> Visit:
    status = LegalJobStatus.model_validate(body.get("status") or {})
    ours = frozenset(ConditionType)
    kept = tuple(each for each in status.conditions if each.type in ours)
    return Visit(controller, key, body, memory, status.model_copy(update={"conditions": kept}))
