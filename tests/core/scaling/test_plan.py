import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill.jobs.schemas import Workers
from lexmill.scaling.plan import (
    Decision,
    Demand,
    Observed,
    Policy,
    Reason,
    Recommendation,
    State,
    Step,
    plan,
    policy_of,
)

Mode = Literal["Backlog", "External"]

NOW = 1_000.0
POLICY = Policy()
EMPTY = State()


def decide(
    policy: Policy = POLICY,
    *,
    replicas: int,
    state: State = EMPTY,
    now: float = NOW,
    waiting: int = 0,
    running: int = 0,
    delayed: int = 0,
) -> Decision:
    """With a feed that was confirmed just now."""
    demand = Demand(waiting=waiting, running=running, delayed=delayed, read_at=now)
    return plan(policy, demand, Observed(replicas=replicas, state=state), now)


def held(replicas: int, seconds: float) -> State:
    """A state in which so many replicas were recommended until some seconds ago, then none."""
    return State(
        recommendations=(Recommendation(NOW - seconds, replicas), Recommendation(NOW - seconds, 0))
    )


# --- what people read in the documentation, one example each ---


@pytest.mark.parametrize(
    ("replicas", "waiting", "running", "wanted", "reason"),
    [
        (0, 0, 0, 0, Reason.WITHIN_TARGET),
        (0, 1, 0, 1, Reason.ACTIVATED_FROM_ZERO),
        (0, 160, 0, 10, Reason.ACTIVATED_FROM_ZERO),
        (1, 16, 0, 1, Reason.WITHIN_TARGET),
        (1, 17, 0, 2, Reason.BACKLOG_GREW),
        (1, 10, 7, 7, Reason.BACKLOG_GREW),
        (3, 10_000, 0, 20, Reason.AT_MAXIMUM),
        (30, 10, 0, 20, Reason.AT_MAXIMUM),
        (4, 10, 0, 4, Reason.STABILIZATION_WINDOW),
        (4, 0, 0, 4, Reason.STABILIZATION_WINDOW),
        (1, 0, 0, 1, Reason.COOLDOWN_TO_ZERO),
    ],
)
def test_follows_the_backlog(
    replicas: int, waiting: int, running: int, wanted: int, reason: Reason
) -> None:
    decision = decide(replicas=replicas, waiting=waiting, running=running)
    assert (decision.replicas, decision.reason) == (wanted, reason)


def test_retries_that_are_not_due_are_no_work() -> None:
    assert decide(replicas=0, delayed=5).replicas == 0


def test_threads_of_a_replica_share_what_runs() -> None:
    assert decide(Policy(threads=4), replicas=1, running=9).replicas == 3


def test_the_maximum_is_told() -> None:
    assert decide(replicas=0, waiting=321).limited
    assert not decide(replicas=0, waiting=320).limited


def test_a_message_is_a_sentence_with_the_figures() -> None:
    message = decide(replicas=1, waiting=30, running=3, delayed=2).message
    assert message == (
        "The work asks for more replicas."
        " Tasks: 30 waiting, 3 running, 2 not due; replicas needed: 3."
    )


def test_zero_needs_the_whole_cooldown() -> None:
    policy = Policy(cooldown_seconds=300)
    early = decide(policy, replicas=1, state=held(1, 299))
    assert (early.replicas, early.reason) == (1, Reason.COOLDOWN_TO_ZERO)
    assert early.wake_at == NOW + 1
    late = decide(policy, replicas=1, state=held(1, 300))
    assert (late.replicas, late.reason) == (0, Reason.SCALED_TO_ZERO)
    assert late.wake_at is None


def test_what_was_needed_before_starts_nothing() -> None:
    decision = decide(replicas=0, state=held(3, 5))
    assert (decision.replicas, decision.wake_at) == (0, None)


def test_zero_is_one_step_however_many_there_are() -> None:
    assert decide(replicas=20, state=held(20, 30)).replicas == 0


def test_minimum_holds_without_work_and_wins_at_once() -> None:
    policy = Policy(min_replicas=3, max_step_up=1)
    assert decide(policy, replicas=0).replicas == 3
    assert decide(policy, replicas=3).reason is Reason.AT_MINIMUM
    assert decide(policy, replicas=9, state=held(9, 30)).replicas == 5  # half, in one step


def test_goes_down_by_half_a_step() -> None:
    state = held(20, 30)
    first = decide(replicas=20, state=state, waiting=1)
    assert (first.replicas, first.reason) == (10, Reason.STEP_LIMITED)
    soon = decide(replicas=10, state=first.state, now=NOW + 14, waiting=1)
    assert (soon.replicas, soon.reason) == (10, Reason.STEP_LIMITED)
    assert soon.wake_at == NOW + 15
    then = decide(replicas=10, state=soon.state, now=NOW + 15, waiting=1)
    assert then.replicas == 5


def test_a_step_that_was_not_made_is_ordered_again() -> None:
    first = decide(replicas=20, state=held(20, 30), waiting=1)
    again = decide(replicas=20, state=first.state, now=NOW + 5, waiting=1)
    assert first.replicas == again.replicas == 10


def test_a_step_may_be_made_in_parts() -> None:
    policy = Policy(stabilization_seconds=0)
    first = decide(policy, replicas=12, waiting=160)
    second = decide(policy, replicas=10, state=first.state, now=NOW + 5, waiting=128)
    third = decide(policy, replicas=8, state=second.state, now=NOW + 10, waiting=16)
    assert (first.replicas, second.replicas, third.replicas) == (10, 8, 6)
    assert third.wake_at == NOW + 15


def test_a_small_percentage_still_lowers_by_one() -> None:
    policy = Policy(max_step_down_percent=1)
    assert decide(policy, replicas=3, state=held(3, 30), waiting=1).replicas == 2


def test_a_step_up_may_be_made_in_parts() -> None:
    policy = Policy(max_step_up=4)
    first = decide(policy, replicas=1, waiting=48)
    second = decide(policy, replicas=3, state=first.state, now=NOW + 5, waiting=320)
    third = decide(policy, replicas=5, state=second.state, now=NOW + 6, waiting=320)
    assert (first.replicas, second.replicas, third.replicas) == (3, 5, 5)


def test_a_step_up_counts_from_below_after_a_step_down() -> None:
    state = State(raised=Step(NOW - 5, 8), lowered=Step(NOW - 3, 10))
    assert decide(Policy(max_step_up=4), replicas=2, state=state, waiting=320).replicas == 6


def test_a_step_down_counts_from_above_after_a_step_up() -> None:
    policy = Policy(stabilization_seconds=0)
    state = State(raised=Step(NOW - 3, 2), lowered=Step(NOW - 5, 4))
    first = decide(policy, replicas=8, state=state, waiting=1)
    second = decide(policy, replicas=4, state=first.state, now=NOW + 1, waiting=1)
    assert (first.replicas, second.replicas) == (4, 4)


def test_goes_up_by_limited_steps() -> None:
    policy = Policy(max_step_up=4, cooldown_seconds=5)
    first = decide(policy, replicas=0, waiting=320)
    assert (first.replicas, first.reason) == (4, Reason.ACTIVATED_FROM_ZERO)
    soon = decide(policy, replicas=4, state=first.state, now=NOW + 14, waiting=320)
    assert (soon.replicas, soon.reason) == (4, Reason.STEP_LIMITED)
    assert first.wake_at == soon.wake_at == NOW + 15
    then = decide(policy, replicas=4, state=soon.state, now=NOW + 15, waiting=320)
    assert then.replicas == 8


def test_a_recommendation_holds_while_nobody_asks() -> None:
    """The feed may be quiet for long; the drop after it is still a fresh one."""
    before = decide(replicas=5, waiting=80)
    after = decide(replicas=5, state=before.state, now=NOW + 600, waiting=60)
    assert (after.replicas, after.reason) == (5, Reason.STABILIZATION_WINDOW)
    assert after.wake_at == NOW + 630
    late = decide(replicas=5, state=after.state, now=NOW + 630, waiting=60)
    assert (late.replicas, late.reason) == (4, Reason.BACKLOG_SHRANK)


@pytest.mark.parametrize(
    ("left", "wanted", "reason"),
    [
        (3_600, 2, Reason.WITHIN_TARGET),  # the backlog alone asks for 2
        (90, 4, Reason.DEADLINE_NEEDS_MORE),  # 32 tasks of 10 s in 90 s
        (10, 20, Reason.AT_MAXIMUM),
        (0, 20, Reason.AT_MAXIMUM),
        (-50, 20, Reason.AT_MAXIMUM),
    ],
)
def test_a_deadline_asks_for_more(left: float, wanted: int, reason: Reason) -> None:
    demand = Demand(waiting=32, seconds_per_task=10, read_at=NOW)
    decision = plan(Policy(complete_by=NOW + left), demand, Observed(replicas=2), NOW)
    assert (decision.replicas, decision.reason) == (wanted, reason)


def test_a_deadline_never_asks_for_more_than_there_are_tasks() -> None:
    demand = Demand(waiting=6, seconds_per_task=0.1, read_at=NOW)
    policy = Policy(complete_by=NOW - 1, threads=2)
    decision = plan(policy, demand, Observed(replicas=1), NOW)
    assert decision.replicas == 3
    assert decision.wake_at == NOW + policy.step_seconds  # the need grows with time alone


def test_a_deadline_says_nothing_before_times_are_measured() -> None:
    demand = Demand(waiting=16, read_at=NOW)
    assert plan(Policy(complete_by=NOW + 1), demand, Observed(replicas=1), NOW).replicas == 1


@pytest.mark.parametrize("replicas", [0, 7, 400])
def test_external_is_obeyed_exactly(replicas: int) -> None:
    policy = Policy(mode="External", replicas=replicas, min_replicas=2, max_replicas=5)
    decision = plan(policy, Demand(waiting=99), Observed(replicas=1), NOW)
    assert (decision.replicas, decision.reason) == (replicas, Reason.EXTERNAL_REPLICAS)


def test_back_from_external_lowers_nothing_in_haste() -> None:
    external = plan(Policy(mode="External", replicas=8), Demand(), Observed(replicas=2), NOW)
    back = decide(replicas=external.replicas, state=external.state, waiting=1)
    assert (back.replicas, back.reason) == (8, Reason.STABILIZATION_WINDOW)


@pytest.mark.parametrize("mode", ["Backlog", "External"])
def test_suspended_and_ended_jobs_keep_what_runs(mode: Mode) -> None:
    policy = Policy(mode=mode, replicas=9, min_replicas=2, threads=2)
    observed = Observed(replicas=6)
    for demand, reason in (
        (Demand(waiting=99, running=5, suspended=True, read_at=NOW), Reason.SUSPENDED),
        (Demand(waiting=99, running=5, ended=True, read_at=NOW), Reason.JOB_ENDED),
    ):
        draining = plan(policy, demand, observed, NOW)
        assert (draining.replicas, draining.reason) == (3, reason)
        assert plan(policy, replace(demand, running=0), observed, NOW).replicas == 0
        assert plan(policy, demand, Observed(replicas=0), NOW).replicas == 0  # nothing is started


def test_a_stale_feed_holds_and_counts_as_work_afterwards() -> None:
    stale = plan(POLICY, Demand(read_at=NOW - 31), Observed(replicas=4, state=held(4, 29)), NOW)
    assert (stale.replicas, stale.reason) == (4, Reason.FEED_STALE)
    fresh = decide(replicas=4, state=stale.state, now=NOW + 60)
    assert fresh.replicas == 4
    assert decide(replicas=4, state=fresh.state, now=NOW + 90).replicas == 0


def test_a_feed_is_believed_for_half_a_minute() -> None:
    demand = Demand(waiting=99, read_at=NOW - 30)
    assert plan(POLICY, demand, Observed(replicas=0), NOW).replicas == 7


def test_a_feed_that_was_never_read_is_stale() -> None:
    assert plan(POLICY, Demand(waiting=9), Observed(replicas=0), NOW).reason is Reason.FEED_STALE


def test_the_policy_of_a_legaljob() -> None:
    workers = Workers(min_replicas=1, max_replicas=7, backlog_per_replica=3, threads=2, replicas=5)
    assert policy_of(workers) == Policy(
        replicas=5, min_replicas=1, max_replicas=7, backlog_per_replica=3, threads=2
    )


# --- what always holds ---

counts = st.integers(0, 400)
small = st.integers(0, 30)
times = st.floats(0, 120).map(lambda ago: NOW - round(ago, 1))


@st.composite
def policies(draw: st.DrawFn, mode: Mode = "Backlog") -> Policy:
    least = draw(st.integers(0, 5))
    return Policy(
        mode=mode,
        replicas=draw(small),
        min_replicas=least,
        max_replicas=draw(st.integers(max(1, least), 25)),
        backlog_per_replica=draw(st.integers(1, 40)),
        threads=draw(st.integers(1, 4)),
        stabilization_seconds=draw(st.sampled_from((0.0, 10.0, 30.0))),
        cooldown_seconds=draw(st.sampled_from((0.0, 5.0, 30.0, 60.0))),
        max_step_up=draw(st.none() | st.integers(1, 6)),
        max_step_down_percent=draw(st.integers(1, 100)),
        complete_by=draw(st.none() | st.floats(NOW - 100, NOW + 4_000)),
    )


any_mode = policies() | policies("External")


@st.composite
def states(draw: st.DrawFn) -> State:
    """As `plan` leaves them: later recommendations are lower."""
    until = sorted(draw(st.lists(times, max_size=4)))
    levels = sorted(draw(st.sets(small, min_size=len(until), max_size=len(until))), reverse=True)
    steps = st.none() | st.builds(Step, times, small)
    return State(
        recommendations=tuple(map(Recommendation, until, levels)),
        raised=draw(steps),
        lowered=draw(steps),
    )


demands = st.builds(
    Demand,
    waiting=counts,
    running=small,
    delayed=small,
    suspended=st.booleans(),
    ended=st.booleans(),
    seconds_per_task=st.none() | st.floats(0, 100),
    read_at=st.none() | times,
)
fresh = st.builds(
    Demand,
    waiting=st.just(0) | counts,
    running=st.just(0) | small,
    seconds_per_task=st.none() | st.floats(0, 100),
    read_at=st.just(NOW),
)
observations = st.builds(Observed, replicas=small, state=states())


@given(any_mode, demands, observations)
def test_depends_on_nothing_else(policy: Policy, demand: Demand, observed: Observed) -> None:
    assert plan(policy, demand, observed, NOW) == plan(policy, demand, observed, NOW)


@given(policies(), demands, observations)
def test_never_above_the_maximum(policy: Policy, demand: Demand, observed: Observed) -> None:
    decision = plan(policy, demand, observed, NOW)
    over = decision.reason in {Reason.SUSPENDED, Reason.JOB_ENDED}
    assert decision.replicas <= (observed.replicas if over else policy.max_replicas)
    assert not (over and decision.limited)


@given(policies(), demands, observations)
def test_never_below_what_runs(policy: Policy, demand: Demand, observed: Observed) -> None:
    busy = math.ceil(demand.running / policy.threads)
    decision = plan(policy, demand, observed, NOW)
    assert decision.replicas >= min(busy, observed.replicas, policy.max_replicas)
    if demand.running and observed.replicas:
        assert decision.replicas > 0


@given(policies(), fresh, observations)
def test_never_below_the_minimum(policy: Policy, demand: Demand, observed: Observed) -> None:
    assert plan(policy, demand, observed, NOW).replicas >= policy.min_replicas


@given(policies(), fresh, observations)
def test_work_always_has_a_worker(policy: Policy, demand: Demand, observed: Observed) -> None:
    if demand.waiting + demand.running:
        assert plan(policy, demand, observed, NOW).replicas > 0


@given(policies(), fresh, observations, counts, small)
def test_monotone_in_the_backlog(
    policy: Policy, demand: Demand, observed: Observed, waiting: int, running: int
) -> None:
    more = replace(demand, waiting=demand.waiting + waiting, running=demand.running + running)
    less_decision = plan(policy, demand, observed, NOW)
    assert plan(policy, more, observed, NOW).replicas >= less_decision.replicas


@given(policies(), demands, observations, st.floats(31, 10_000))
def test_a_stale_feed_changes_nothing(
    policy: Policy, demand: Demand, observed: Observed, age: float
) -> None:
    stale = replace(demand, read_at=NOW - age, suspended=False, ended=False)
    decision = plan(policy, stale, observed, NOW)
    assert decision.replicas == min(observed.replicas, policy.max_replicas)
    assert decision.reason is Reason.FEED_STALE


@given(any_mode, demands, observations)
def test_obeyed_or_not_the_same_moment_gives_the_same_answer(
    policy: Policy, demand: Demand, observed: Observed
) -> None:
    first = plan(policy, demand, observed, NOW)
    obeyed = plan(policy, demand, Observed(replicas=first.replicas, state=first.state), NOW)
    not_obeyed = plan(policy, demand, replace(observed, state=first.state), NOW)
    assert first.replicas == obeyed.replicas == not_obeyed.replicas


@given(policies(), demands, observations)
def test_a_reason_is_true(policy: Policy, demand: Demand, observed: Observed) -> None:
    decision = plan(policy, demand, observed, NOW)
    change = decision.replicas - observed.replicas
    match decision.reason:
        case Reason.ACTIVATED_FROM_ZERO | Reason.BACKLOG_GREW:
            assert change > 0
        case Reason.BACKLOG_SHRANK | Reason.SCALED_TO_ZERO:
            assert change < 0
        case Reason.WITHIN_TARGET | Reason.STABILIZATION_WINDOW | Reason.COOLDOWN_TO_ZERO:
            assert change == 0
        case Reason.AT_MAXIMUM:
            assert decision.replicas == policy.max_replicas
        case Reason.AT_MINIMUM:
            assert decision.replicas == policy.min_replicas
        case _:
            pass
    assert decision.limited <= (decision.reason not in {Reason.WITHIN_TARGET, Reason.BACKLOG_GREW})


@given(policies(), fresh, observations, st.floats(0, 1))
def test_nothing_changes_before_wake_at(
    policy: Policy, demand: Demand, observed: Observed, share: float
) -> None:
    policy = replace(policy, complete_by=None)
    first = plan(policy, demand, observed, NOW)
    wake_at = NOW + 10_000 if first.wake_at is None else first.wake_at
    between = NOW + (wake_at - NOW) * share * 0.999
    assert wake_at > NOW
    second = plan(
        policy,
        replace(demand, read_at=between),
        Observed(replicas=first.replicas, state=first.state),
        between,
    )
    assert second.replicas == first.replicas


@given(policies(), fresh, observations)
def test_comes_to_rest_in_a_few_steps(policy: Policy, demand: Demand, observed: Observed) -> None:
    policy = replace(policy, complete_by=None, max_step_down_percent=50)
    decision, now, wakes = plan(policy, demand, observed, NOW), NOW, 0
    while decision.wake_at is not None:
        now, wakes = decision.wake_at, wakes + 1
        decision = decide(
            policy,
            replicas=decision.replicas,
            state=decision.state,
            now=now,
            waiting=demand.waiting,
            running=demand.running,
        )
        assert wakes < 60
    work, running = demand.waiting + demand.running, demand.running
    needed = max(math.ceil(work / policy.backlog_per_replica), math.ceil(running / policy.threads))
    assert decision.replicas == min(max(needed, policy.min_replicas), policy.max_replicas)


# --- whole stories: a sequence of calls at any moments ---


class Call(NamedTuple):
    at: float
    needed: int
    """By an own reading of the rules, without the maximum."""
    work: int
    before: int
    after: int


def story(policy: Policy, replicas: int, demands_: Sequence[tuple[float, int, int]]) -> list[Call]:
    """Obeys each decision; a demand is (seconds since the last, waiting, running)."""
    calls: list[Call] = []
    state, now = State(), NOW
    for gap, waiting, running in demands_:
        now += gap
        decision = decide(
            policy, replicas=replicas, state=state, now=now, waiting=waiting, running=running
        )
        work = waiting + running
        needed = max(
            math.ceil(work / policy.backlog_per_replica), math.ceil(running / policy.threads)
        )
        calls.append(Call(now, needed, work, replicas, decision.replicas))
        replicas, state = decision.replicas, decision.state
    return calls


stories = st.lists(st.tuples(st.floats(0.1, 40), counts | st.just(0), small | st.just(0)))


@given(policies(), small, stories)
def test_lowers_only_what_the_window_and_the_cooldown_allow(
    policy: Policy, replicas: int, demands_: Sequence[tuple[float, int, int]]
) -> None:
    policy = replace(policy, complete_by=None)
    calls = story(policy, replicas, demands_)
    for index, call in enumerate(calls):
        if call.after >= min(call.before, policy.max_replicas):
            continue
        # What was asked for holds until somebody asks again.
        for earlier, later in pairwise(calls[: index + 1]):
            if later.at + policy.stabilization_seconds > call.at:
                assert call.after >= min(earlier.needed, policy.max_replicas)
            if later.at + policy.cooldown_seconds > call.at and earlier.work:
                assert call.after > 0
        if call.after:
            step = max(1, call.before * policy.max_step_down_percent // 100)
            assert call.after >= call.before - step


@given(policies(), small, stories)
def test_lowers_by_one_step_a_period(
    policy: Policy, replicas: int, demands_: Sequence[tuple[float, int, int]]
) -> None:
    """Without a window, so that only steps hold it back; a rise above its start ends a period."""
    policy = replace(policy, complete_by=None, stabilization_seconds=0, cooldown_seconds=1_000)
    begun, origin = -math.inf, 0
    for call in story(policy, min(replicas, policy.max_replicas), demands_):
        if call.after < call.before:
            if call.at >= begun + policy.step_seconds or call.before > origin:
                begun, origin = call.at, call.before
            assert call.after >= origin - max(1, origin * policy.max_step_down_percent // 100)


@given(
    policies(),
    small,
    st.lists(st.tuples(counts, small), min_size=1, max_size=6),
)
def test_a_demand_that_jitters_within_the_window_settles(
    policy: Policy, replicas: int, jitter: Sequence[tuple[int, int]]
) -> None:
    """Any pattern that comes again within the window and the cooldown: down, perhaps, then calm."""
    policy = replace(policy, complete_by=None, stabilization_seconds=30, cooldown_seconds=30)
    gap = 25 / len(jitter)
    rounds = 200 // len(jitter) + 3
    calls = story(policy, replicas, [(gap, *demand) for demand in jitter] * rounds)
    settled = [call.after for call in calls[len(jitter) :]]
    ups = [after > before for before, after in pairwise(settled)]
    downs = [after < before for before, after in pairwise(settled)]
    assert policy.max_step_up or not any(ups)
    assert not any(downs) or not any(ups[downs.index(True) :])
    assert len(set(settled[-len(jitter) :])) == 1


def test_memory_stays_small() -> None:
    """5,000 jobs may be idle at once; each one's state is kept."""
    state, replicas = State(), 20
    for waiting in range(100_000, -1, -100):
        decision = decide(replicas=replicas, state=state, waiting=waiting)
        state, replicas = decision.state, decision.replicas
        assert len(state.recommendations) <= 21
    idle = decide(replicas=replicas, state=state, now=NOW + 30)
    assert idle.replicas == 0
    assert len(idle.state.recommendations) == 1
