"""The Deployments of one LegalJob's pools: as many replicas as the work asks for."""

import asyncio
import time
from dataclasses import dataclass, replace
from http import HTTPStatus

import structlog

from lexmill.errors import LexmillError
from lexmill.jobs.schemas import LegalJobSpec, Workers
from lexmill.jobs.status import LastScaling
from lexmill.scaling.plan import Decision, Reason, State
from lexmill.scaling.schemas import PoolWork
from lexmill_operator.controller import Shortage
from lexmill_operator.deployments import (
    HASH_ANNOTATION,
    SeenDeployment,
    build_deployment,
    pool_name,
    read_deployment,
    selector_text,
)
from lexmill_operator.kubernetes import KubernetesError
from lexmill_operator.metrics import DECISIONS
from lexmill_operator.pods import why_not_ready
from lexmill_operator.scaling import decide, pick_deletion_costs, workers_of
from lexmill_operator.status import Finding, PoolView
from lexmill_operator.visit import REFUSED_SECONDS, RETRY_SECONDS, Visit

log = structlog.get_logger(__name__)

_REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_LATE_SECONDS = 20.0
"""Workers need a few seconds to start, and on a busy cluster some more."""
_ASK_AGAIN_SECONDS = 30.0
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


@dataclass(frozen=True)
class _Pool:
    visit: Visit
    spec: LegalJobSpec
    name: str
    workers: Workers

    @property
    def deployment(self) -> str:
        return pool_name(self.name, self.visit.key)

    @property
    def work(self) -> PoolWork | None:
        return self.visit.controller.feed.work(self.visit.uid, self.name)

    @property
    def is_over(self) -> bool:
        return self.work is not None and (self.work.outcome is not None or self.work.deleted)

    @property
    def applied_generation(self) -> int:
        return self.visit.memory.applied.get(self.name, 0)

    def view(
        self,
        decision: Decision | None = None,
        seen: SeenDeployment | None = None,
        *,
        refusal: Finding | None = None,
        scaling: LastScaling | None = None,
    ) -> PoolView:
        return PoolView(
            self.name, decision, seen, self.applied_generation, self.work, refusal, scaling
        )


async def scale_pools(visit: Visit, spec: LegalJobSpec) -> list[PoolView]:
    """Bring each pool's Deployment to what it should be; those of pools that are gone go, too."""
    wanted = workers_of(spec)
    for pool in visit.previous.pools:
        if pool.name not in wanted:
            await _remove(visit, pool_name(pool.name, visit.key))
    applied = {pool.name: pool.applied_generation for pool in visit.previous.pools}
    visit.memory.applied = applied | visit.memory.applied
    views = [await _scale(_Pool(visit, spec, name, workers)) for name, workers in wanted.items()]
    return [await _explain(visit, view) for view in views]


async def _scale(pool: _Pool) -> PoolView:
    visit = pool.visit
    seen = await _find_deployment(visit, pool.deployment)
    if seen is not None and seen.owner_uid != visit.uid:
        return await _refuse_other(pool, seen)
    if not visit.works:
        return pool.view(seen=seen)
    decision = _decide(pool, seen)
    is_empty = seen is None or (seen.ready == 0 and seen.replicas == 0)
    if pool.is_over and is_empty and not decision.replicas:
        await _remove(visit, pool.deployment)
        return pool.view(decision)
    try:
        return await _apply(pool, decision, seen)
    except KubernetesError as error:
        if error.status not in _REFUSALS:
            raise
        visit.again_in(REFUSED_SECONDS)
        refusal = Finding("False", "DeploymentRefused", error.message)
        return pool.view(decision, seen, refusal=refusal)


async def _explain(visit: Visit, view: PoolView) -> PoolView:
    """Why workers do not come; their pods are asked once these are late, and now and then after."""
    shortages, now = visit.memory.shortages, time.monotonic()
    if not view.is_short:
        shortages.pop(view.name, None)
        return view
    shortage = shortages.setdefault(view.name, Shortage(now))
    next_at = max(shortage.since + _LATE_SECONDS, shortage.asked_at + _ASK_AGAIN_SECONDS)
    if next_at <= now:
        pods = await visit.controller.api.list_pods(
            visit.key.namespace, selector_text(visit.uid, view.name)
        )
        shortage = Shortage(shortage.since, now, why_not_ready(pods))
        shortages[view.name] = shortage
        next_at = now + _ASK_AGAIN_SECONDS
    visit.again_in(next_at - now)
    return replace(view, trouble=shortage.trouble)


async def _find_deployment(visit: Visit, name: str) -> SeenDeployment | None:
    """The watch shows only Deployments with our label: a foreign one has to be asked for."""
    seen = visit.controller.deployments.find(visit.key.namespace, name)
    if seen is None:
        body = await visit.controller.api.get_deployment(visit.key.namespace, name)
        seen = None if body is None else read_deployment(body)
    return seen


async def _refuse_other(pool: _Pool, seen: SeenDeployment) -> PoolView:
    """A foreign Deployment stays; that of an earlier LegalJob of this name goes."""
    visit, name = pool.visit, pool.deployment
    visit.again_in(RETRY_SECONDS)
    if not seen.owner_uid or seen.legaljob != visit.key.name:
        return pool.view(
            refusal=Finding(
                "False",
                "DeploymentNotOwned",
                f"A Deployment named {name} exists that this LegalJob did not make: "
                "delete it, or give the LegalJob another name.",
            )
        )
    # Garbage collection would find it, too, but this job's work is waiting.
    await visit.controller.api.delete_deployment(visit.key.namespace, name, seen.uid)
    return pool.view(
        refusal=Finding(
            "False",
            "WorkersStarting",
            f"The Deployment {name} of an earlier LegalJob of this name has to go first.",
        )
    )


def _decide(pool: _Pool, seen: SeenDeployment | None) -> Decision:
    visit = pool.visit
    decision = decide(
        pool.spec,
        pool.workers,
        pool.work,
        replicas=seen.replicas if seen else 0,
        state=visit.memory.plans.get(pool.name, State()),
        progress=visit.memory.progress,
        read_at=visit.controller.feed.read_at,
        settings=visit.controller.settings,
    )
    visit.memory.plans[pool.name] = decision.state
    if decision.reason is Reason.FEED_STALE:
        visit.controller.stale.add(visit.key)
    if decision.wake_at is not None:
        visit.again_in(max(0.1, decision.wake_at - time.monotonic()))
    return decision


async def _apply(pool: _Pool, decision: Decision, seen: SeenDeployment | None) -> PoolView:
    """Write the Deployment unless it is already what is wanted."""
    visit = pool.visit
    wanted = build_deployment(
        visit.key,
        visit.uid,
        pool.spec,
        pool=pool.name,
        workers=pool.workers,
        replicas=decision.replicas,
        template=visit.controller.template,
    )
    if (
        seen is not None
        and seen.applied_hash == wanted["metadata"]["annotations"][HASH_ANNOTATION]
        and seen.generation == pool.applied_generation
    ):
        return pool.view(decision, seen)
    if seen is not None:  # if it has become another's meanwhile, Kubernetes refuses
        wanted["metadata"]["uid"] = seen.uid
    before = seen.replicas if seen else 0
    if decision.replicas < before:
        await _spare_busy_pods(visit, pool.name)
    applied = read_deployment(await visit.controller.api.apply_deployment(wanted))
    visit.controller.deployments.keep(applied)
    visit.memory.applied[pool.name] = applied.generation
    scaling = _scaling(pool, decision, before) if decision.replicas != before else None
    return pool.view(decision, applied, scaling=scaling)


def _scaling(pool: _Pool, decision: Decision, before: int) -> LastScaling:
    DECISIONS.labels(decision.reason).inc()
    return LastScaling(
        pool=pool.name,
        from_=before,
        to=decision.replicas,
        reason=decision.reason,
        message=decision.message,
        time=pool.visit.now,
    )


async def _spare_busy_pods(visit: Visit, pool: str) -> None:
    """Idle pods go first. Where nobody knows who works, the others hand their work back."""
    api, namespace = visit.controller.api, visit.key.namespace
    try:
        busy = await asyncio.to_thread(
            visit.controller.client.jobs.busy_workers, namespace, visit.key.name, pool=pool
        )
    except LexmillError as error:
        log.warning("busy_workers_unknown", **visit.key._asdict(), code=error.code)
        return
    costs = {
        pod["metadata"]["name"]: int(pod["metadata"].get("annotations", {}).get(_DELETION_COST, 0))
        for pod in await api.list_pods(namespace, selector_text(visit.uid, pool))
    }
    for pod, cost in pick_deletion_costs(costs, busy).items():
        try:
            await api.set_deletion_cost(namespace, pod, cost)
        except KubernetesError as error:
            if error.status != HTTPStatus.NOT_FOUND:  # else it has just gone by itself
                raise


async def _remove(visit: Visit, name: str) -> None:
    seen = visit.controller.deployments.find(visit.key.namespace, name)
    if seen is not None and seen.owner_uid == visit.uid:
        await visit.controller.api.delete_deployment(visit.key.namespace, name, seen.uid)
