"""How many replicas a pool should have: pure, so that a simulation can judge it on whole days.

Up at once, down late: a replica that is missing costs waiting time, a spare one a little money.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from lexmill.jobs.schemas import Workers


class Reason(StrEnum):
    """Stable: in status, Events and metrics."""

    ACTIVATED_FROM_ZERO = "ActivatedFromZero"
    AT_MAXIMUM = "AtMaximum"
    AT_MINIMUM = "AtMinimum"
    BACKLOG_GREW = "BacklogGrew"
    BACKLOG_SHRANK = "BacklogShrank"
    COOLDOWN_TO_ZERO = "CooldownToZero"
    DEADLINE_NEEDS_MORE = "DeadlineNeedsMore"
    EXTERNAL_REPLICAS = "ExternalReplicas"
    FEED_STALE = "FeedStale"
    JOB_ENDED = "JobEnded"
    SCALED_TO_ZERO = "ScaledToZero"
    STABILIZATION_WINDOW = "StabilizationWindow"
    STEP_LIMITED = "StepLimited"
    SUSPENDED = "Suspended"
    WITHIN_TARGET = "WithinTarget"


_SENTENCES = {
    Reason.ACTIVATED_FROM_ZERO: "Work has come to a pool without workers.",
    Reason.AT_MAXIMUM: "The work asks for more than maxReplicas.",
    Reason.AT_MINIMUM: "The work asks for no more than minReplicas.",
    Reason.BACKLOG_GREW: "The work asks for more replicas.",
    Reason.BACKLOG_SHRANK: "The work asks for fewer replicas.",
    Reason.COOLDOWN_TO_ZERO: "No work is left; the last replica waits for some to come.",
    Reason.DEADLINE_NEEDS_MORE: "completeWithinSeconds asks for more than the backlog.",
    Reason.EXTERNAL_REPLICAS: "Mode External: replicas is obeyed exactly.",
    Reason.FEED_STALE: "The demand feed is not confirmed; nothing changes until it is.",
    Reason.JOB_ENDED: "The job is over; only what runs is kept.",
    Reason.SCALED_TO_ZERO: "No work has come for the whole cooldown.",
    Reason.STABILIZATION_WINDOW: "The work asks for fewer replicas, but not for long enough yet.",
    Reason.STEP_LIMITED: "The work asks for a larger step than one may be.",
    Reason.SUSPENDED: "The job is suspended; only what runs is kept.",
    Reason.WITHIN_TARGET: "The replicas suit the work.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    mode: Literal["Backlog", "External"] = "Backlog"
    replicas: int = 1
    """Obeyed in mode External, ignored in Backlog."""
    min_replicas: int = 0
    max_replicas: int = 20
    backlog_per_replica: int = 16
    threads: int = 1
    stabilization_seconds: float = 30
    """A scale-down goes no lower than any recommendation that held in this time."""
    cooldown_seconds: float = 30
    """How long there must have been no work before the last replica goes."""
    max_step_up: int | None = None
    max_step_down_percent: int = 50
    """Of the replicas, rounded down, but one at least; zero after the cooldown is one step."""
    step_seconds: float = 15
    """The time in which at most one step up and one step down is made; more than zero."""
    stale_after_seconds: float = 30
    complete_by: float | None = None
    """When the work should be done, on the clock of ``now``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    waiting: int = 0
    """Tasks that may be claimed, due retries included."""
    running: int = 0
    delayed: int = 0
    """Retries that are not due: no work yet; the feed tells when they become some."""
    suspended: bool = False
    ended: bool = False
    seconds_per_task: float | None = None
    """As measured; None while nothing was."""
    read_at: float | None = None
    """When the feed last confirmed these numbers; None: never."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the work asked for, and the last moment it was known to."""

    until: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Step:
    """Moves soon after ``at`` belong to the same step and count from its ``origin``."""

    at: float
    origin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What `plan` remembers; empty after a restart, which then lowers nothing in haste."""

    recommendations: tuple[Recommendation, ...] = ()
    """Oldest first; each higher than all later ones, since others cannot matter any more."""
    raised: Step | None = None
    lowered: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    replicas: int
    """As last ordered, whether ready or not."""
    state: State = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    replicas: int
    reason: Reason
    message: str
    limited: bool = False
    """The work asks for more than ``max_replicas``."""
    state: State = State()
    wake_at: float | None = None
    """Plan again then, even if nothing changes; None: only when something does."""


def policy_of(workers: "Workers") -> Policy:
    return Policy(
        mode=workers.mode,
        replicas=workers.replicas,
        min_replicas=workers.min_replicas,
        max_replicas=workers.max_replicas,
        backlog_per_replica=workers.backlog_per_replica,
        threads=workers.threads,
    )


def plan(policy: Policy, demand: Demand, observed: Observed, now: float) -> Decision:
    over = demand.suspended or demand.ended
    if policy.mode == "External" and not over:
        return _decision(policy.replicas, Reason.EXTERNAL_REPLICAS)
    if demand.read_at is None or demand.read_at + policy.stale_after_seconds < now:
        held = min(observed.replicas, policy.max_replicas)
        # What nobody knows counts as work that asks for what is there.
        memory = _remember(policy, observed, held, now)
        state = replace(observed.state, recommendations=memory)
        return _decision(held, Reason.FEED_STALE, state=state)
    if over:
        busy = _ceil(demand.running, policy.threads)
        reason = Reason.JOB_ENDED if demand.ended else Reason.SUSPENDED
        return _decision(min(observed.replicas, busy), reason)
    return _follow(policy, demand, observed, now)


def _follow(policy: Policy, demand: Demand, observed: Observed, now: float) -> Decision:
    current, most = observed.replicas, policy.max_replicas
    by_backlog, by_deadline = _by_backlog(policy, demand), _by_deadline(policy, demand, now)
    needed = max(by_backlog, by_deadline)
    least = max(needed, policy.min_replicas)
    memory = _remember(policy, observed, min(needed, most), now)
    in_window = (r.replicas for r in memory if r.until + policy.stabilization_seconds > now)
    warm = any(r.replicas and r.until + policy.cooldown_seconds > now for r in memory)
    # The window and the cooldown keep what is there, they never add to it.
    goal = max(least, min(current, max(in_window, default=0)), min(current, int(warm)))

    raised = _unfinished(observed.state.raised, policy, now, at_most=current)
    lowered = _unfinished(observed.state.lowered, policy, now, at_least=current)
    stepped = _step(policy, goal, current, raised=raised, lowered=lowered)
    replicas = min(max(stepped, policy.min_replicas), most)
    if replicas > current:
        raised = raised or Step(now, current)
    elif replicas < current:
        lowered = lowered or Step(now, current)
    state = State(recommendations=memory, raised=raised, lowered=lowered)

    reasons = (
        (Reason.ACTIVATED_FROM_ZERO, current == 0 < min(needed, most)),
        (Reason.STEP_LIMITED, replicas != min(goal, most)),
        (Reason.AT_MAXIMUM, goal > most),
        (Reason.SCALED_TO_ZERO, replicas == 0 < current),
        (Reason.BACKLOG_SHRANK, replicas < current),
        (Reason.COOLDOWN_TO_ZERO, least == 0 and replicas == 1),
        (Reason.STABILIZATION_WINDOW, replicas > least),
        (Reason.AT_MINIMUM, replicas > needed),
        (Reason.DEADLINE_NEEDS_MORE, by_deadline > by_backlog),
        (Reason.BACKLOG_GREW, replicas > current),
        (Reason.WITHIN_TARGET, True),
    )
    settled = replicas == min(least, most) and not by_deadline
    return _decision(
        replicas,
        next(reason for reason, holds in reasons if holds),
        f" Tasks: {demand.waiting} waiting, {demand.running} running, {demand.delayed} not due;"
        f" replicas needed: {needed}.",
        limited=needed > most,
        state=state,
        wake_at=None if settled else _next_moment(policy, state, now),
    )


def _by_backlog(policy: Policy, demand: Demand) -> int:
    """With fewer than what runs now, visits would be interrupted."""
    work = demand.waiting + demand.running
    return max(_ceil(work, policy.backlog_per_replica), _ceil(demand.running, policy.threads))


def _by_deadline(policy: Policy, demand: Demand, now: float) -> int:
    if policy.complete_by is None or not demand.seconds_per_task:
        return 0
    # How many tasks a thread still gets through; for the last one, more replicas are no help.
    rounds = max(1.0, (policy.complete_by - now) / demand.seconds_per_task)
    return math.ceil((demand.waiting + demand.running) / (policy.threads * rounds))


def _remember(
    policy: Policy, observed: Observed, replicas: int, now: float
) -> tuple[Recommendation, ...]:
    """A recommendation holds until the next one, however long nobody asked in between."""
    known = observed.state.recommendations
    latest = known[-1].replicas if known else observed.replicas
    horizon = max(policy.stabilization_seconds, policy.cooldown_seconds)
    return (
        *(r for r in known if r.until + horizon > now and r.replicas > max(latest, replicas)),
        *((Recommendation(now, latest),) if latest > replicas else ()),
        Recommendation(now, replicas),
    )


def _unfinished(
    step: Step | None, policy: Policy, now: float, *, at_least: int = 0, at_most: float = math.inf
) -> Step | None:
    """A step that others may not add to; one the other way, or a foreign hand, has ended it."""
    if step and step.at + policy.step_seconds > now and at_least <= step.origin <= at_most:
        return step
    return None


def _step(
    policy: Policy, goal: int, current: int, *, raised: Step | None, lowered: Step | None
) -> int:
    """As far as one may go now; counted from where the step began, as nobody may have made it."""
    if goal > current and policy.max_step_up is not None:
        origin = raised.origin if raised else current
        return max(current, min(goal, origin + policy.max_step_up))
    if 0 < goal < current:
        origin = lowered.origin if lowered else current
        step = max(1, origin * policy.max_step_down_percent // 100)
        return min(current, max(goal, origin - step))
    return goal


def _next_moment(policy: Policy, state: State, now: float) -> float | None:
    waits = (policy.stabilization_seconds, policy.cooldown_seconds)
    past = state.recommendations[:-1]  # the last one holds on
    moments = [r.until + wait for r in past for wait in waits]
    moments += [step.at + policy.step_seconds for step in (state.raised, state.lowered) if step]
    if policy.complete_by is not None:
        moments.append(now + policy.step_seconds)  # time alone makes it ask for more
    return min((moment for moment in moments if moment > now), default=None)


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _decision(
    replicas: int,
    reason: Reason,
    figures: str = "",
    *,
    limited: bool = False,
    state: State = State(),
    wake_at: float | None = None,
) -> Decision:
    return Decision(
        replicas=replicas,
        reason=reason,
        message=_SENTENCES[reason] + figures,
        limited=limited,
        state=state,
        wake_at=wake_at,
    )
