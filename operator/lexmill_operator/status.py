"""What is written into a LegalJob's status: pure, from what is known to what is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from lexmill.jobs.schemas import MAIN_POOL, JobProgress, LegalJobSpec
from lexmill.jobs.status import (
    Address,
    Condition,
    ConditionType,
    DocumentsStatus,
    LastScaling,
    LegalJobStatus,
    PoolStatus,
    RunStatus,
    WorkersStatus,
)
from lexmill.scaling.plan import Decision, Reason
from lexmill.scaling.schemas import PoolWork
from lexmill_operator.deployments import SeenDeployment, selector_text

Answer = Literal["True", "False", "Unknown"]


class EventReason(StrEnum):
    """Of Kubernetes Events; stable, as people filter by them."""

    ACCEPTED = "Accepted"
    NOT_ACCEPTED = "NotAccepted"
    COMPLETED = "Completed"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    RESUMED = "Resumed"
    WORKERS_NOT_READY = "WorkersNotReady"
    SCALING_LIMITED = "ScalingLimited"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one condition's question."""

    answer: Answer
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class PoolView:
    """``refusal`` says why there is no Deployment, ``trouble`` why pods of it are late.

    Without ``decision`` nothing is planned.
    """

    name: str
    decision: Decision | None = None
    deployment: SeenDeployment | None = None
    applied_generation: int = 0
    work: PoolWork | None = None
    refusal: Finding | None = None
    scaling: LastScaling | None = None
    """What this visit has changed."""
    trouble: Finding | None = None

    @property
    def hindrance(self) -> Finding | None:
        """What keeps its workers from being there, from the first cause to the latest."""
        if self.refusal is not None or self.deployment is None:
            return self.refusal
        told = self.trouble
        if told is None and self.deployment.trouble is not None:
            told = Finding("False", *self.deployment.trouble)
        return told and replace(told, message=f"Pool {self.name}: {told.message}")

    @property
    def is_short(self) -> bool:
        """Workers are wanted that are not there."""
        ready = self.deployment.ready if self.deployment else 0
        return self.decision is not None and ready < self.decision.replicas


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that one reconcile has found out."""

    uid: str
    generation: int
    spec: LegalJobSpec | None
    accepted: Finding
    pools: Sequence[PoolView] = ()
    progress: JobProgress | None = None
    """None: not asked this time; what status says about documents stays."""
    address: Address | None = None
    counted_demand: str = ""
    """Which state of the demand ``progress`` includes."""
    declared_hash: str = ""

    @property
    def outcome(self) -> str | None:
        return next((pool.work.outcome for pool in self.pools if pool.work is not None), None)


@dataclass(frozen=True, slots=True)
class Transition:
    reason: EventReason
    is_warning: bool
    message: str


def build_status(view: View, previous: LegalJobStatus, now: datetime) -> LegalJobStatus:
    findings = {
        ConditionType.ACCEPTED: view.accepted,
        ConditionType.WORKERS_READY: _workers_ready(view),
        ConditionType.COMPLETE: _complete(view),
        ConditionType.FAILED: _failed(view, previous.condition(ConditionType.FAILED)),
        ConditionType.SUSPENDED: _suspended(view),
        ConditionType.SCALING_LIMITED: _scaling_limited(view),
    }
    conditions = [
        _condition(kind, finding, previous.condition(kind), view.generation, now)
        for kind, finding in findings.items()
    ]
    progress = view.progress
    return LegalJobStatus(
        conditions=tuple(conditions),
        observed_generation=view.generation,
        address=view.address,
        documents=_documents(progress) if progress else previous.documents,
        workers=_workers(view),
        pools=tuple(_pool(pool) for pool in view.pools),
        start_time=progress.run_started_at if progress else previous.start_time,
        completion_time=_completion_time(view, previous, now),
        last_scaling=next(
            (pool.scaling for pool in view.pools if pool.scaling), previous.last_scaling
        ),
        runs=_runs(progress) if progress else previous.runs,
        counted_demand=view.counted_demand if progress else previous.counted_demand,
        declared_hash=view.declared_hash or previous.declared_hash,
    )


def say_accepted(
    previous: LegalJobStatus, accepted: Finding, generation: int, now: datetime
) -> LegalJobStatus:
    """Only whether the job is accepted is told anew."""
    kind = ConditionType.ACCEPTED
    condition = _condition(kind, accepted, previous.condition(kind), generation, now)
    others = [each for each in previous.conditions if each.type != kind]
    return previous.model_copy(
        update={"conditions": (condition, *others), "observed_generation": generation}
    )


def without_counters(status: LegalJobStatus) -> LegalJobStatus:
    """What is worth a write at once; counters alone are written now and then."""
    return status.model_copy(
        update={
            "documents": None,
            "runs": (),
            "counted_demand": "",
            "workers": status.workers and status.workers.model_copy(update={"ready": 0}),
            "pools": tuple(
                pool.model_copy(update={"ready": 0, "waiting": 0, "running": 0, "delayed": 0})
                for pool in status.pools
            ),
        }
    )


def transitions(previous: LegalJobStatus, new: LegalJobStatus) -> list[Transition]:
    """The Kubernetes Events that tell of a change of conditions."""
    found = []
    for condition in new.conditions:
        before = previous.condition(ConditionType(condition.type))
        old = ("Unknown", "") if before is None else (before.status, before.reason)
        if (condition.status, condition.reason) == old:
            continue
        said = _transition(ConditionType(condition.type), condition, was=old[0])
        if said is not None:
            found.append(said)
    return found


def _transition(kind: ConditionType, condition: Condition, *, was: str) -> Transition | None:
    holds = condition.status == "True"
    said: tuple[EventReason, bool] | None = None
    if kind is ConditionType.ACCEPTED:
        if holds and was != "True":
            said = EventReason.ACCEPTED, False
        elif condition.status == "False":
            said = EventReason.NOT_ACCEPTED, True
    elif kind is ConditionType.COMPLETE and holds:
        said = EventReason.COMPLETED, False
    elif kind is ConditionType.FAILED and holds:
        said = EventReason.FAILED, True
    elif kind is ConditionType.SUSPENDED and (holds or was == "True"):
        said = EventReason.SUSPENDED if holds else EventReason.RESUMED, False
    elif kind is ConditionType.WORKERS_READY and condition.status == "False":
        if condition.reason != "WorkersStarting":
            said = EventReason.WORKERS_NOT_READY, True
    elif kind is ConditionType.SCALING_LIMITED and holds:
        said = EventReason.SCALING_LIMITED, False
    return said and Transition(said[0], said[1], f"{condition.reason}: {condition.message}")


def _condition(
    kind: ConditionType,
    finding: Finding,
    previous: Condition | None,
    generation: int,
    now: datetime,
) -> Condition:
    same = previous is not None and previous.status == finding.answer
    return Condition(
        type=kind,
        status=finding.answer,
        reason=finding.reason,
        message=finding.message,
        last_transition_time=previous.last_transition_time if same and previous else now,
        observed_generation=generation,
    )


def _workers_ready(view: View) -> Finding:
    hindrance = next((pool.hindrance for pool in view.pools if pool.hindrance), None)
    if hindrance is not None:
        return hindrance
    if any(pool.is_short for pool in view.pools):
        return Finding("False", "WorkersStarting", "Workers are being started.")
    if any(pool.decision and pool.decision.replicas for pool in view.pools):
        return Finding("True", "AllReady", "All workers are ready.")
    if view.accepted.answer != "True" and not view.pools:
        return Finding("Unknown", "NotAccepted", "The job was not accepted yet.")
    return Finding("True", "NoneNeeded", "No work needs a worker now.")


def _complete(view: View) -> Finding:
    spec = view.spec
    if view.outcome == "complete":
        return Finding("True", "ReportsWritten", "All documents ended and the reports are written.")
    if spec is not None and (spec.trigger is not None or spec.schedule is not None):
        kind = "listens for events" if spec.trigger is not None else "follows its schedule"
        return Finding("False", "NeverCompletes", f"The job {kind} until it is deleted.")
    if view.outcome is not None:
        return Finding("False", "Failed", "The job has failed.")
    if view.accepted.answer != "True":
        return Finding("False", "NotAccepted", "The job was not accepted yet.")
    return Finding("False", "InProgress", "Documents or reports are still to come.")


def _failed(view: View, before: Condition | None) -> Finding:
    if view.outcome in {"failed", "cancelled"}:
        told = view.progress
        if told is None and before is not None and before.status == "True":
            return Finding("True", before.reason, before.message)
        reason = (told and told.reason) or view.outcome.capitalize()
        message = (told and told.message) or "The job was stopped; the reports name its documents."
        return Finding("True", reason, message)
    return Finding("False", "NotFailed", "Nothing has stopped the job.")


def _suspended(view: View) -> Finding:
    if view.spec is not None and view.spec.suspend:
        return Finding(
            "True", "Suspended", "spec.suspend is true: running visits end, no others begin."
        )
    return Finding("False", "NotSuspended", "The job may run.")


def _scaling_limited(view: View) -> Finding:
    for pool in view.pools:
        if pool.decision is not None and pool.decision.limited:
            return Finding(
                "True",
                Reason.AT_MAXIMUM,
                f"Pool {pool.name}: the work asks for more than maxReplicas.",
            )
    if any(pool.decision and pool.decision.reason is Reason.FEED_STALE for pool in view.pools):
        return Finding(
            "Unknown",
            Reason.FEED_STALE,
            "Lexmill's API does not answer; replicas stay as they are.",
        )
    if view.spec is not None:
        workers = view.spec.workers
        if workers.mode == "Backlog" and workers.replicas != 1:
            return Finding(
                "False",
                "ReplicasIgnored",
                "spec.workers.replicas is obeyed only with spec.workers.mode: External; "
                "in Backlog the work decides.",
            )
    return Finding("False", "WithinLimits", "No limit keeps the replicas from what the work needs.")


def _documents(progress: JobProgress) -> DocumentsStatus:
    counts = progress.documents
    return DocumentsStatus(
        listed=counts.listed,
        total=counts.total,
        queued=counts.queued,
        running=counts.running,
        succeeded=counts.succeeded,
        failed=counts.failed,
        dead=counts.dead,
    )


def _runs(progress: JobProgress) -> tuple[RunStatus, ...]:
    return tuple(
        RunStatus(
            number=run.number,
            start_time=run.started_at,
            completion_time=run.finished_at,
            total=run.total,
            succeeded=run.succeeded,
            failed=run.failed,
            dead=run.dead,
        )
        for run in progress.runs
    )


def _workers(view: View) -> WorkersStatus:
    main = next((pool for pool in view.pools if pool.name == MAIN_POOL), None)
    seen = main.deployment if main else None
    return WorkersStatus(
        replicas=seen.replicas if seen else 0,
        ready=seen.ready if seen else 0,
        selector=selector_text(view.uid, MAIN_POOL),
    )


def _pool(pool: PoolView) -> PoolStatus:
    return PoolStatus(
        name=pool.name,
        replicas=pool.deployment.replicas if pool.deployment else 0,
        ready=pool.deployment.ready if pool.deployment else 0,
        waiting=pool.work.waiting if pool.work else 0,
        running=pool.work.running if pool.work else 0,
        delayed=pool.work.delayed if pool.work else 0,
        applied_generation=pool.applied_generation,
    )


def _completion_time(view: View, previous: LegalJobStatus, now: datetime) -> datetime | None:
    if view.outcome is None:
        return None
    finished = view.progress.finished_at if view.progress else None
    return previous.completion_time or finished or now
