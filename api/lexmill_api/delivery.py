"""Delivering the outbox to the jobs' sinks; every replica takes its share."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import structlog
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lexmill.events.outbox import (
    OutgoingEvent,
    delay_undelivered,
    drop_delivered,
    take_due,
)
from lexmill.telemetry.metrics import DELIVERIES
from lexmill_api.egress import ForbiddenAddressError, GuardedTransport, Network

log = structlog.get_logger(__name__)

_BATCH = 100
_IDLE_SECONDS = 1.0
_SEND_SECONDS = 10.0
_LEASE_SECONDS = 60.0


@dataclass
class Delivery:
    engine: AsyncEngine
    allowed_networks: Sequence[Network]
    _task: "asyncio.Task[None] | None" = None
    _http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        # Redirects are not followed: a sink is where the job says it is.
        self._http = httpx.AsyncClient(
            timeout=_SEND_SECONDS,
            trust_env=False,
            transport=GuardedTransport(self.allowed_networks),
        )

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="delivery")

    async def stop(self) -> None:
        """What is under way and not yet recorded is sent again by whoever comes next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.aclose()

    async def _run(self) -> None:
        while True:
            try:
                delivered = await self.deliver_due()
            except Exception as error:  # noqa: BLE001 - one bad event must not stop all sinks
                log.warning("delivery_failed", error=type(error).__name__)
                delivered = 0
            if not delivered:
                await asyncio.sleep(_IDLE_SECONDS)

    async def deliver_due(self) -> int:
        """Send one batch; gives how many events were taken, whether or not their sink took them."""
        async with AsyncSession(self.engine) as session, session.begin():
            events = await session.run_sync(
                lambda sync: take_due(sync, limit=_BATCH, lease_seconds=_LEASE_SECONDS)
            )
        if not events:
            return 0
        taken = await asyncio.gather(*(self._send(event) for event in events))
        delivered = [event.id for event, ok in zip(events, taken, strict=True) if ok]
        refused = [event for event, ok in zip(events, taken, strict=True) if not ok]
        async with AsyncSession(self.engine) as session, session.begin():
            await session.run_sync(lambda sync: drop_delivered(sync, ids=delivered))
            await session.run_sync(lambda sync: delay_undelivered(sync, events=refused))
        return len(events)

    async def _send(self, outgoing: OutgoingEvent) -> bool:
        attributes = {name: value for name, value in outgoing.event.items() if name != "data"}
        attributes["time"] = datetime.fromisoformat(attributes["time"])
        message = to_structured_event(
            CloudEvent(
                {**attributes, "datacontenttype": "application/json"}, outgoing.event["data"]
            )
        )
        try:
            answer = await self._http.post(
                outgoing.sink, content=message.body, headers=message.headers
            )
        except ForbiddenAddressError:
            log.warning("sink_forbidden", outgoing=outgoing.id)
            DELIVERIES.labels("forbidden").inc()
            return False
        except Exception as error:  # noqa: BLE001 - a host or port that cannot be has many errors
            log.warning("sink_away", outgoing=outgoing.id, error=type(error).__name__)
            DELIVERIES.labels("away").inc()
            return False
        DELIVERIES.labels("delivered" if answer.is_success else "refused").inc()
        if not answer.is_success:
            log.warning("sink_refused", outgoing=outgoing.id, status=answer.status_code)
        return answer.is_success
