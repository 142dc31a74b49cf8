from dataclasses import dataclass
from functools import cached_property

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from lexmill.bootstrap import Process
from lexmill.events.cloudevents import Limits
from lexmill.settings import ApiSettings
from lexmill.storage.objects import Objects
from lexmill_api.batching import Batcher
from lexmill_api.drawing import Drawing
from lexmill_api.feed import DemandFeed
from lexmill_api.identity import Identities
from lexmill_api.live.hub import Hub
from lexmill_api.rates import Rates


@dataclass(frozen=True)
class ApiRuntime:
    """What every request of one API process shares."""

    process: Process
    settings: ApiSettings
    identities: Identities
    batcher: Batcher
    feed: DemandFeed
    hub: Hub
    limits: Limits
    rates: Rates
    objects: Objects
    drawing: Drawing

    @cached_property
    def public_limits(self) -> Limits:
        """Whoever may not send control events may not send anything of their size either."""
        return msgspec.structs.replace(self.limits, control_event_bytes=self.limits.event_bytes)

    def session(self) -> AsyncSession:
        """Across namespaces, for ingest and the feed; routes of a namespace take its `Database`."""
        return AsyncSession(self.process.async_engine, expire_on_commit=False)
