"""One idempotent pass over one LegalJob.

It reads what is there, builds what should be and writes only what differs.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import structlog

from lexmill.errors import LexmillError
from lexmill.jobs.schemas import DeclaredJob, JobProgress, LegalJobSpec, Workers
from lexmill.jobs.status import ConditionType, LastScaling, LegalJobStatus
from lexmill.scaling.plan import Decision, Reason, State
from lexmill.scaling.schemas import PoolWork
from lexmill_operator.controller import Controller, Memory, Refusal, is_paused, told
from lexmill_operator.declaring import (
    RefusedError,
    declaration,
    named_config_maps,
    parse_spec,
    read_config_maps,
)
from lexmill_operator.deployments import (
    HASH_ANNOTATION,
    SeenDeployment,
    build_deployment,
    pool_name,
    read_deployment,
    selector_text,
)
from lexmill_operator.events import build_event
from lexmill_operator.kubernetes import Key, KubernetesError
from lexmill_operator.metrics import DECISIONS, DECLARATIONS
from lexmill_operator.scaling import decide, pick_deletion_costs, workers_of
from lexmill_operator.status import (
    Finding,
    PoolView,
    View,
    build_status,
    say_accepted,
    transitions,
    without_counters,
)

log = structlog.get_logger(__name__)

_ACCEPTED = Finding("True", "Accepted", "Lexmill has taken the job.")
_OUR_FAULTS = frozenset({"unauthorised", "forbidden"})
"""What the API says of the operator's token, not of the LegalJob."""
_FEED_SECONDS = 2.0
"""After a declaration the feed soon tells how much work there is; so one apply is enough."""
_FEED_LOST_SECONDS = 30.0
"""A declaration that the feed does not show for so long is sent once more."""
_RETRY_SECONDS = 5.0
_REFUSED_SECONDS = 60.0
"""What was refused may be mended where nobody watches: a label, another job of the same name."""
_REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


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
    return await _Pass(controller, key, body, memory).run()


@dataclass
class _Pass:
    controller: Controller
    key: Key
    body: Mapping[str, Any]
    memory: Memory
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    scaling: LastScaling | None = None
    waits: list[float] = field(default_factory=list)
    """Seconds after each of which the LegalJob should be looked at again."""

    @property
    def uid(self) -> str:
        return self.memory.uid

    @property
    def works(self) -> Mapping[str, PoolWork]:
        return self.controller.feed.pools(self.uid)

    async def run(self) -> float | None:
        previous = _previous_status(self.body)
        if not self.controller.feed.is_read:
            self.controller.stale.add(self.key)
            await self._say_unknown(previous)
            return None
        spec: LegalJobSpec | None = None
        try:
            spec = parse_spec(self.body)
            sent = await self._declare(spec)
        except RefusedError as error:
            self.waits.append(_REFUSED_SECONDS)
            accepted = Finding("False", error.reason, error.message)
        except LexmillError as error:
            self.waits.append(_RETRY_SECONDS)
            accepted = _api_away(error.code)
        else:
            accepted = _ACCEPTED
            if sent:
                self.controller.keep(self.key, self.body)
                return _FEED_SECONDS
        await self._finish(previous, spec, accepted)
        return min(self.waits, default=None)

    async def _say_unknown(self, previous: LegalJobStatus) -> None:
        """Nobody knows anything since the start: what is new is told so, all else stays."""
        if previous.observed_generation == self.memory.generation:
            return
        unknown = _api_away(self.controller.feed.refusal)
        await self._write_status(
            previous, say_accepted(previous, unknown, self.memory.generation, self.now)
        )

    async def _declare(self, spec: LegalJobSpec) -> bool:
        """Tell the API what is wanted unless it knows; True when it was just told."""
        names = named_config_maps(spec)
        self.controller.remember_config_maps(self.key, names)
        try:
            texts = await read_config_maps(self.controller.api, self.key.namespace, names)
        except RefusedError:
            if self._is_over(spec):
                return False  # nobody reads them any more
            raise
        declared = declaration(self.key, self.body, spec, texts)
        shown = next((work.spec_hash for work in self.works.values()), "")
        acknowledged = self.memory.declared_hash == declared.spec_hash
        if shown == declared.spec_hash:
            self.memory.declared_hash = declared.spec_hash
            return False
        if acknowledged and time.monotonic() - self.memory.declared_at < _FEED_LOST_SECONDS:
            self.waits.append(_FEED_LOST_SECONDS)
            return False
        refusal = self.memory.refusal
        if refusal is not None and refusal.holds_for(declared, _REFUSED_SECONDS):
            raise RefusedError(refusal.error.reason, refusal.error.message)
        await self._send(declared)
        return True

    def _is_over(self, spec: LegalJobSpec) -> bool:
        return spec.schedule is None and any(work.outcome for work in self.works.values())

    async def _send(self, declared: DeclaredJob) -> None:
        try:
            await asyncio.to_thread(self.controller.client.declare, self.key.namespace, declared)
        except LexmillError as error:
            DECLARATIONS.labels(error.code).inc()
            if error.retryable or error.code in _OUR_FAULTS:
                raise
            reason = "".join(word.capitalize() for word in error.code.split("_"))
            refused = RefusedError(reason, error.message)
            self.memory.refusal = Refusal(
                declared.generation, declared.spec_hash, refused, time.monotonic()
            )
            raise refused from error
        DECLARATIONS.labels("accepted").inc()
        self.memory.declared_hash = declared.spec_hash
        self.memory.declared_at = time.monotonic()

    async def _finish(
        self, previous: LegalJobStatus, spec: LegalJobSpec | None, accepted: Finding
    ) -> None:
        progress, counted = await self._count(previous)
        pools = [] if spec is None else await self._scale(spec, previous)
        view = View(
            uid=self.uid,
            generation=self.memory.generation,
            spec=spec,
            accepted=accepted,
            pools=pools,
            progress=progress,
            counted_demand=counted,
            address=self._address(spec),
            declared_hash=self.memory.declared_hash,
            scaling=self.scaling,
        )
        self.memory.told = told(self.works)
        status = build_status(view, previous, self.now)
        await self._write_status(previous, status)
        await self._expire(spec, view, status)

    async def _count(self, previous: LegalJobStatus) -> tuple[JobProgress | None, str]:
        """Ask how far the job is when its demand has moved since the counts in its status."""
        changed = max((work.changed_at for work in self.works.values()), default=None)
        demand = "" if changed is None else changed.isoformat()
        is_urgent = self._outcome_is_news(previous) or not self.controller.wrote_status(
            self.key, self.body
        )
        if not demand or (demand == previous.counted_demand and not is_urgent):
            return None, ""
        if not previous.counted_demand and self.memory.counted_at < 0:
            self.memory.counted_at = time.monotonic()  # a new job has nothing to count yet
        rest = self.memory.counted_at + self._counters_seconds - time.monotonic()
        if rest > 0 and not is_urgent:
            self.waits.append(rest)
            return None, ""
        self.memory.counted_at = time.monotonic()
        try:
            progress = await asyncio.to_thread(
                self.controller.client.progress, self.key.namespace, self.key.name
            )
        except LexmillError:
            self.waits.append(_RETRY_SECONDS)
            return None, ""
        if progress is None or progress.uid != self.uid:
            return None, ""
        self.memory.progress = progress
        return progress, demand

    def _outcome_is_news(self, previous: LegalJobStatus) -> bool:
        """The job has ended, or a replay has opened it again."""
        has_ended = any(work.outcome is not None for work in self.works.values())
        return has_ended != (previous.completion_time is not None)

    @property
    def _counters_seconds(self) -> float:
        return self.controller.settings.counters_seconds

    async def _scale(self, spec: LegalJobSpec, previous: LegalJobStatus) -> list[PoolView]:
        wanted = workers_of(spec)
        for pool in previous.pools:
            if pool.name not in wanted:
                await self._remove(pool_name(pool.name, self.key))
        applied = {pool.name: pool.applied_generation for pool in previous.pools}
        self.memory.applied = applied | self.memory.applied
        return [await self._scale_pool(spec, name, workers) for name, workers in wanted.items()]

    async def _scale_pool(self, spec: LegalJobSpec, pool: str, workers: Workers) -> PoolView:
        work = self.works.get(pool)
        name = pool_name(pool, self.key)
        seen = await self._find_deployment(name)
        if seen is not None and seen.owner_uid != self.uid:
            self.waits.append(_RETRY_SECONDS)
            if not seen.owner_uid or seen.legaljob != self.key.name:
                return PoolView(pool, work=work, refusal=_not_ours(name))
            # Garbage collection would find it, too, but this job's work is waiting.
            await self.controller.api.delete_deployment(self.key.namespace, name, seen.uid)
            return PoolView(pool, work=work, refusal=_left_over(name))
        if not self.works:
            return PoolView(pool, deployment=seen, applied_generation=self._applied(pool))
        decision = self._decide(spec, pool, workers, work, seen)
        is_over = work is not None and (work.outcome is not None or work.deleted)
        is_empty = seen is None or (seen.ready == 0 and seen.replicas == 0)
        if is_over and is_empty and not decision.replicas:
            await self._remove(name)
            return PoolView(pool, decision, work=work)
        try:
            seen = await self._apply(spec, pool, workers, decision, seen)
        except KubernetesError as error:
            if error.status not in _REFUSALS:
                raise
            self.waits.append(_REFUSED_SECONDS)
            refusal = Finding("False", "DeploymentRefused", error.message)
            return PoolView(pool, decision, seen, self._applied(pool), work, refusal)
        return PoolView(pool, decision, seen, self._applied(pool), work)

    def _applied(self, pool: str) -> int:
        return self.memory.applied.get(pool, 0)

    async def _find_deployment(self, name: str) -> SeenDeployment | None:
        """The watch shows only Deployments with our label: a foreign one has to be asked for."""
        seen = self.controller.deployments.get((self.key.namespace, name))
        if seen is None:
            body = await self.controller.api.get_deployment(self.key.namespace, name)
            seen = None if body is None else read_deployment(body)
        return seen

    def _decide(
        self,
        spec: LegalJobSpec,
        pool: str,
        workers: Workers,
        work: PoolWork | None,
        seen: SeenDeployment | None,
    ) -> Decision:
        decision = decide(
            spec,
            workers,
            work,
            replicas=seen.replicas if seen else 0,
            state=self.memory.plans.get(pool, State()),
            progress=self.memory.progress,
            read_at=self.controller.feed.read_at,
            settings=self.controller.settings,
        )
        self.memory.plans[pool] = decision.state
        if decision.reason is Reason.FEED_STALE:
            self.controller.stale.add(self.key)
        if decision.wake_at is not None:
            self.waits.append(max(0.1, decision.wake_at - time.monotonic()))
        return decision

    async def _apply(
        self,
        spec: LegalJobSpec,
        pool: str,
        workers: Workers,
        decision: Decision,
        seen: SeenDeployment | None,
    ) -> SeenDeployment:
        wanted = build_deployment(
            self.key,
            self.uid,
            spec,
            pool=pool,
            workers=workers,
            replicas=decision.replicas,
            template=self.controller.template,
        )
        if (
            seen is not None
            and seen.applied_hash == wanted["metadata"]["annotations"][HASH_ANNOTATION]
            and seen.generation == self._applied(pool)
        ):
            return seen
        if seen is not None:  # if it has become another's meanwhile, Kubernetes refuses
            wanted["metadata"]["uid"] = seen.uid
        before = seen.replicas if seen else 0
        if decision.replicas < before:
            await self._spare_busy_pods(pool)
        applied = read_deployment(await self.controller.api.apply_deployment(wanted))
        self.controller.deployments[self.key.namespace, pool_name(pool, self.key)] = applied
        self.memory.applied[pool] = applied.generation
        if decision.replicas != before:
            DECISIONS.labels(decision.reason).inc()
            self.scaling = LastScaling(
                pool=pool,
                from_=before,
                to=decision.replicas,
                reason=decision.reason,
                message=decision.message,
                time=self.now,
            )
        return applied

    async def _spare_busy_pods(self, pool: str) -> None:
        """Idle pods go first. Where nobody knows who works, the others hand their work back."""
        namespace = self.key.namespace
        try:
            busy = await asyncio.to_thread(
                self.controller.client.busy_workers, namespace, self.key.name, pool
            )
        except LexmillError as error:
            log.warning("busy_workers_unknown", **self.key._asdict(), code=error.code)
            return
        pods = await self.controller.api.list_pods(namespace, selector_text(self.uid, pool))
        costs = {
            pod["metadata"]["name"]: int(
                pod["metadata"].get("annotations", {}).get(_DELETION_COST, 0)
            )
            for pod in pods
        }
        for pod, cost in pick_deletion_costs(costs, busy).items():
            try:
                await self.controller.api.set_deletion_cost(namespace, pod, cost)
            except KubernetesError as error:
                if error.status != 404:  # it has just gone by itself
                    raise

    async def _remove(self, name: str) -> None:
        seen = self.controller.deployments.get((self.key.namespace, name))
        if seen is not None and seen.owner_uid == self.uid:
            await self.controller.api.delete_deployment(self.key.namespace, name, seen.uid)

    def _address(self, spec: LegalJobSpec | None) -> str | None:
        if spec is None or spec.trigger is None:
            return None
        settings = self.controller.settings
        base = (settings.public_api_url or settings.api_url).rstrip("/")
        return f"{base}/ns/{self.key.namespace}/jobs/{self.key.name}/events"

    async def _write_status(self, previous: LegalJobStatus, status: LegalJobStatus) -> None:
        if status == previous:
            return
        rest = self.memory.written_at + self._counters_seconds - time.monotonic()
        if rest > 0 and without_counters(status) == without_counters(previous):
            self.waits.append(rest)
            return
        api, manifest = self.controller.api, status.manifest()
        written = await api.apply_status(self.key, self.uid, manifest)
        if foreign := written["status"].keys() - manifest.keys():
            written = await api.remove_from_status(self.key, self.uid, foreign)
        self.controller.remember_status(self.key, written)
        self.memory.written_at = time.monotonic()
        for transition in transitions(previous, status):
            event = build_event(
                self.key,
                self.uid,
                transition,
                instance=self.controller.settings.identity or "operator",
                now=self.now,
            )
            try:
                await self.controller.api.create_event(self.key.namespace, event)
            except KubernetesError as error:  # an Event is not worth another pass
                log.warning("event_refused", status=error.status, reason=error.reason)

    async def _expire(self, spec: LegalJobSpec | None, view: View, status: LegalJobStatus) -> None:
        """ttlSecondsAfterFinished: the Kubernetes objects go, results stay."""
        ttl = None if spec is None else spec.ttl_seconds_after_finished
        if ttl is None or view.outcome is None or status.completion_time is None:
            return
        if any(work.waiting or work.running or work.delayed for work in self.works.values()):
            return  # a job that failed still has its reports to write
        rest = ttl - (self.now - status.completion_time).total_seconds()
        if rest > 0:
            self.waits.append(rest)
        else:
            await self.controller.api.delete_legaljob(self.key, self.uid)


def _previous_status(body: Mapping[str, Any]) -> LegalJobStatus:
    """Without conditions that others have added: those are theirs."""
    status = LegalJobStatus.model_validate(body.get("status") or {})
    ours = frozenset(ConditionType)
    kept = tuple(each for each in status.conditions if each.type in ours)
    return status.model_copy(update={"conditions": kept})


def _api_away(code: str) -> Finding:
    return Finding(
        "Unknown",
        "ApiUnavailable",
        f"Lexmill's API takes nothing from the operator now ({code}); it tries again.",
    )


def _not_ours(name: str) -> Finding:
    return Finding(
        "False",
        "DeploymentNotOwned",
        f"A Deployment named {name} exists that this LegalJob did not make: "
        "delete it, or give the LegalJob another name.",
    )


def _left_over(name: str) -> Finding:
    return Finding(
        "False",
        "WorkersStarting",
        f"The Deployment {name} of an earlier LegalJob of this name has to go first.",
    )
