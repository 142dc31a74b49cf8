"""One idempotent visit to one LegalJob.

It reads what is there, builds what should be and writes only what differs.
"""

import time

from lexmill.errors import LexmillError
from lexmill.jobs.schemas import LegalJobSpec
from lexmill.jobs.status import Address, LegalJobStatus
from lexmill_operator.accepting import declare
from lexmill_operator.controller import Controller, is_paused, told
from lexmill_operator.declaring import RefusedError, parse_spec
from lexmill_operator.kubernetes import Key
from lexmill_operator.pools import scale_pools
from lexmill_operator.status import Finding, View, build_status, say_accepted
from lexmill_operator.telling import count_documents, write_status
from lexmill_operator.visit import REFUSED_SECONDS, RETRY_SECONDS, Visit, begin_visit

_ACCEPTED = Finding("True", "Accepted", "Lexmill has taken the job.")
_FEED_SECONDS = 2.0
"""After a declaration the feed soon tells how much work there is; so one apply is enough."""


async def reconcile(controller: Controller, key: Key) -> float | None:
    """Gives in how many seconds the LegalJob wants to be looked at again."""
    body = controller.bodies.pop(key, None) or await controller.api.get_legaljob(key)
    if body is None or body["metadata"].get("deletionTimestamp"):
        controller.forget(key)
        await controller.cancel_gone(key)
        return None
    memory = controller.recall(key, body["metadata"]["uid"])
    await controller.cancel_gone(key)
    memory.generation = body["metadata"]["generation"]
    memory.is_paused = is_paused(body)
    memory.reconciled_at = time.monotonic()
    if memory.is_paused:
        return None
    return await _visit(begin_visit(controller, key, body, memory))


async def _visit(visit: Visit) -> float | None:
    if not visit.controller.feed.is_read:
        visit.controller.stale.add(visit.key)
        await _say_unknown(visit)
        return None
    spec: LegalJobSpec | None = None
    try:
        spec = parse_spec(visit.body)
        was_told = await declare(visit, spec)
    except RefusedError as error:
        visit.again_in(REFUSED_SECONDS)
        accepted = Finding("False", error.reason, error.message)
    except LexmillError as error:
        visit.again_in(RETRY_SECONDS)
        accepted = _api_away(error.code)
    else:
        accepted = _ACCEPTED
        if was_told:
            visit.controller.keep(visit.key, visit.body)
            return _FEED_SECONDS
    await _settle(visit, spec, accepted)
    return min(visit.waits, default=None)


async def _settle(visit: Visit, spec: LegalJobSpec | None, accepted: Finding) -> None:
    progress, counted = await count_documents(visit)
    pools = [] if spec is None else await scale_pools(visit, spec)
    view = View(
        uid=visit.uid,
        generation=visit.memory.generation,
        spec=spec,
        accepted=accepted,
        pools=pools,
        progress=progress,
        counted_demand=counted,
        address=_address(visit, spec),
        declared_hash=visit.memory.declared_hash,
    )
    visit.memory.told = told(visit.job)
    status = build_status(view, visit.previous, visit.now)
    await write_status(visit, status)
    await _expire(visit, spec, status)


async def _say_unknown(visit: Visit) -> None:
    """Nobody knows anything since the start: what is new is told so, all else stays."""
    generation = visit.memory.generation
    if visit.previous.observed_generation != generation:
        unknown = _api_away(visit.controller.feed.refusal)
        await write_status(visit, say_accepted(visit.previous, unknown, generation, visit.now))


def _address(visit: Visit, spec: LegalJobSpec | None) -> Address | None:
    if spec is None or spec.trigger is None:
        return None
    settings = visit.controller.settings
    base = (settings.public_api_url or settings.api_url).rstrip("/")
    return Address(
        url=f"{base}/ns/{visit.key.namespace}/jobs/{visit.key.name}/events",
        audience=settings.audience,
    )


async def _expire(visit: Visit, spec: LegalJobSpec | None, status: LegalJobStatus) -> None:
    """ttlSecondsAfterFinished: the Kubernetes objects go, results stay."""
    ttl = None if spec is None else spec.ttl_seconds_after_finished
    works = visit.works.values()
    if ttl is None or status.completion_time is None:
        return
    if any(work.waiting or work.running or work.delayed for work in works):
        return  # a job that failed still has its reports to write
    rest = ttl - (visit.now - status.completion_time).total_seconds()
    if rest > 0:
        visit.again_in(rest)
    else:
        await visit.controller.api.delete_legaljob(visit.key, visit.uid)


def _api_away(code: str) -> Finding:
    return Finding(
        "Unknown",
        "ApiUnavailable",
        f"Lexmill's API takes nothing from the operator now ({code}); it tries again.",
    )
