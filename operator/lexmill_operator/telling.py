"""What a LegalJob's status and Events say: counted, built, and written where it differs."""

import asyncio
import time

import structlog

from lexmill.errors import LexmillError
from lexmill.jobs.schemas import JobProgress
from lexmill.jobs.status import LegalJobStatus
from lexmill_operator.events import build_event
from lexmill_operator.kubernetes import KubernetesError
from lexmill_operator.status import transitions, without_counters
from lexmill_operator.visit import RETRY_SECONDS, Visit

log = structlog.get_logger(__name__)


async def count_documents(visit: Visit) -> tuple[JobProgress | None, str]:
    """How far the job is, if its demand has moved since the counts in its status.

    Beside it which state of the demand these counts include.
    """
    changed = max((work.changed_at for work in visit.works.values()), default=None)
    demand = "" if changed is None else changed.isoformat()
    is_urgent = _outcome_is_news(visit) or not visit.controller.wrote_status(visit.key, visit.body)
    if not demand or (demand == visit.previous.counted_demand and not is_urgent):
        return None, ""
    memory = visit.memory
    if not visit.previous.counted_demand and memory.counted_at < 0:
        memory.counted_at = time.monotonic()  # a new job has nothing to count yet
    rest = memory.counted_at + visit.controller.settings.counters_seconds - time.monotonic()
    if rest > 0 and not is_urgent:
        visit.again_in(rest)
        return None, ""
    memory.counted_at = time.monotonic()
    try:
        progress = await asyncio.to_thread(
            visit.controller.client.jobs.find, visit.key.namespace, visit.key.name
        )
    except LexmillError:
        visit.again_in(RETRY_SECONDS)
        return None, ""
    if progress is None or progress.uid != visit.uid:
        return None, ""
    memory.progress = progress
    return progress, demand


def _outcome_is_news(visit: Visit) -> bool:
    """The job has ended, or a replay has opened it again."""
    has_ended = visit.job is not None and visit.job.outcome is not None
    return has_ended != (visit.previous.completion_time is not None)


async def write_status(visit: Visit, status: LegalJobStatus) -> None:
    """Counters that moved alone may wait; each transition of a condition is told as an Event."""
    previous, memory = visit.previous, visit.memory
    if status == previous:
        return
    rest = memory.written_at + visit.controller.settings.counters_seconds - time.monotonic()
    if rest > 0 and without_counters(status) == without_counters(previous):
        visit.again_in(rest)
        return
    api, manifest = visit.controller.api, status.manifest()
    written = await api.apply_status(visit.key, visit.uid, manifest)
    if foreign := written["status"].keys() - manifest.keys():
        written = await api.remove_from_status(visit.key, visit.uid, foreign)
    visit.controller.remember_status(visit.key, written)
    memory.written_at = time.monotonic()
    await _create_events(visit, status)


async def _create_events(visit: Visit, status: LegalJobStatus) -> None:
    instance = visit.controller.settings.identity or "operator"
    for transition in transitions(visit.previous, status):
        event = build_event(visit.key, visit.uid, transition, instance=instance, now=visit.now)
        try:
            await visit.controller.api.create_event(visit.key.namespace, event)
        except KubernetesError as error:  # an Event is not worth another visit
            log.warning("event_refused", status=error.status, reason=error.reason)
