"""What a LegalJob's status says: pure, no cluster."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lexmill.jobs.schemas import DocumentCounts, JobProgress, LegalJobSpec
from lexmill.jobs.status import ConditionType, LegalJobStatus
from lexmill.scaling.plan import Decision, Reason
from lexmill.scaling.schemas import PoolWork
from lexmill_operator.deployments import SeenDeployment
from lexmill_operator.status import (
    EventReason,
    Finding,
    PoolView,
    View,
    build_status,
    transitions,
    without_counters,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
UID = "0b6a2f3e-6a3e-4c55-9a4e-3a8f3f6d2b11"
ACCEPTED = Finding("True", "Accepted", "Lexmill has taken the job.")


def spec(**fields: Any) -> LegalJobSpec:
    return LegalJobSpec.model_validate({"documents": [{"uri": "s3://contracts/"}], **fields})


def work(**fields: Any) -> PoolWork:
    known: dict[str, Any] = {
        "job_uid": UID,
        "namespace": "team-a",
        "job": "intake",
        "owner": "kubernetes",
        "generation": 1,
        "spec_hash": "a" * 64,
        "suspended": False,
        "outcome": None,
        "deleted": False,
        "pool": "main",
        "waiting": 0,
        "running": 0,
        "delayed": 0,
        "oldest_due_at": None,
        "changed_at": NOW,
    }
    return PoolWork(**{**known, **fields})


def deployment(replicas: int, ready: int, **fields: Any) -> SeenDeployment:
    known: dict[str, Any] = {
        "namespace": "team-a",
        "name": "intake-main",
        "legaljob": "intake",
        "uid": "d",
        "owner_uid": UID,
        "generation": 1,
        "applied_hash": "h",
        "trouble": None,
    }
    return SeenDeployment(replicas=replicas, ready=ready, **{**known, **fields})


def decision(replicas: int, reason: Reason = Reason.WITHIN_TARGET, **fields: Any) -> Decision:
    return Decision(replicas=replicas, reason=reason, message="", **fields)


def pool(replicas: int = 1, ready: int = 1, **fields: Any) -> PoolView:
    return PoolView("main", decision(replicas), deployment(replicas, ready), 1, work(**fields))


def view(**fields: Any) -> View:
    known: dict[str, Any] = {
        "uid": UID,
        "generation": 1,
        "spec": spec(),
        "accepted": ACCEPTED,
        "pools": [pool()],
    }
    return View(**{**known, **fields})


def progress(**fields: Any) -> JobProgress:
    known: dict[str, Any] = {
        "uid": UID,
        "namespace": "team-a",
        "name": "intake",
        "generation": 1,
        "spec_hash": "a" * 64,
        "run": 1,
        "state": "Running",
        "reason": None,
        "message": None,
        "listing_done": True,
        "documents": DocumentCounts(listed=2, total=3, succeeded=1, failed=1, queued=1),
        "stages": (),
        "declared_at": NOW,
        "run_started_at": NOW,
        "finished_at": None,
    }
    return JobProgress(**{**known, **fields})


def answer(status: LegalJobStatus, kind: ConditionType) -> tuple[str, str]:
    condition = status.condition(kind)
    assert condition is not None
    return condition.status, condition.reason


def built(shown: View, previous: LegalJobStatus | None = None) -> LegalJobStatus:
    return build_status(shown, previous or LegalJobStatus(), NOW)


def test_every_condition_is_there_from_the_first_visit_on() -> None:
    first = built(view(accepted=Finding("False", "ConfigMapMissing", "…"), pools=[]))

    assert [condition.type for condition in first.conditions] == list(ConditionType)
    assert answer(first, ConditionType.ACCEPTED) == ("False", "ConfigMapMissing")
    assert answer(first, ConditionType.WORKERS_READY) == ("Unknown", "NotAccepted")


def test_saying_the_same_again_changes_nothing_and_a_transition_keeps_its_time() -> None:
    first = built(view())
    again = build_status(view(), first, LATER)
    suspended = build_status(view(spec=spec(suspend=True)), first, LATER)

    assert again == first
    changed = suspended.condition(ConditionType.SUSPENDED)
    assert changed is not None
    assert changed.last_transition_time == LATER
    kept = suspended.condition(ConditionType.ACCEPTED)
    assert kept is not None
    assert kept.last_transition_time == NOW


def test_it_reads_back_as_it_was_written() -> None:
    status = built(view(progress=progress(), counted_demand="x"))

    assert LegalJobStatus.model_validate(status.manifest()) == status
    assert status.progress == "2/3"


def test_workers_are_ready_when_as_many_run_as_were_decided() -> None:
    assert answer(built(view()), ConditionType.WORKERS_READY) == ("True", "AllReady")
    starting = built(view(pools=[pool(replicas=3, ready=1)]))
    assert answer(starting, ConditionType.WORKERS_READY) == ("False", "WorkersStarting")
    idle = built(view(pools=[pool(replicas=0, ready=0)]))
    assert answer(idle, ConditionType.WORKERS_READY) == ("True", "NoneNeeded")


def test_a_deployments_trouble_is_told_with_its_pool() -> None:
    seen = deployment(2, 0, trouble=("FailedCreate", "exceeded quota"))
    status = built(view(pools=[replace(pool(), deployment=seen)]))
    condition = status.condition(ConditionType.WORKERS_READY)

    assert condition is not None
    assert (condition.status, condition.reason) == ("False", "FailedCreate")
    assert condition.message == "Pool main: exceeded quota"


def test_a_failed_job_says_why_and_is_not_complete() -> None:
    stopped = progress(reason="FailurePolicy", message="More than 10 % of the documents failed.")
    status = built(view(pools=[pool(outcome="failed")], progress=stopped))

    assert answer(status, ConditionType.FAILED) == ("True", "FailurePolicy")
    assert answer(status, ConditionType.COMPLETE) == ("False", "Failed")
    assert status.completion_time == NOW


def test_a_replayed_job_is_no_longer_complete() -> None:
    complete = built(view(pools=[pool(outcome="complete")], progress=progress(finished_at=NOW)))
    reopened = build_status(view(), complete, LATER)

    assert complete.completion_time == NOW
    assert answer(reopened, ConditionType.COMPLETE) == ("False", "InProgress")
    assert reopened.completion_time is None


def test_scheduled_and_listening_jobs_never_complete() -> None:
    listening = LegalJobSpec.model_validate({"trigger": {}})
    scheduled = spec(schedule={"cron": "0 6 * * *"})

    for wanted in (listening, scheduled):
        assert answer(built(view(spec=wanted)), ConditionType.COMPLETE)[1] == "NeverCompletes"


def test_what_limits_scaling_is_said() -> None:
    limited = replace(pool(), decision=decision(20, Reason.AT_MAXIMUM, limited=True))
    stale = replace(pool(), decision=decision(1, Reason.FEED_STALE))
    ignored = view(spec=spec(workers={"replicas": 5}))
    obeyed = view(spec=spec(workers={"mode": "External", "replicas": 5}))

    kind = ConditionType.SCALING_LIMITED
    assert answer(built(view(pools=[limited])), kind) == ("True", "AtMaximum")
    assert answer(built(view(pools=[stale])), kind) == ("Unknown", "FeedStale")
    assert answer(built(ignored), kind) == ("False", "ReplicasIgnored")
    assert answer(built(obeyed), kind) == ("False", "WithinLimits")


def test_counts_stay_as_they_were_when_nobody_asked_for_them() -> None:
    counted = built(view(progress=progress(), counted_demand="x"))
    uncounted = build_status(view(), counted, LATER)

    assert uncounted.documents == counted.documents
    assert uncounted.counted_demand == "x"
    assert uncounted == counted


def test_counters_alone_are_not_worth_a_write_at_once() -> None:
    before = built(view(progress=progress(), counted_demand="x"))
    moved = built(
        view(
            progress=progress(documents=DocumentCounts(listed=3, total=3, succeeded=3)),
            counted_demand="y",
            pools=[pool(waiting=4)],
        )
    )
    scaled = built(view(pools=[pool(replicas=2, ready=1)]), before)

    assert before != moved
    assert without_counters(before) == without_counters(moved)
    assert without_counters(before) != without_counters(scaled)


def test_each_transition_is_told_once() -> None:
    empty = LegalJobStatus()
    accepted = built(view())
    ended = built(view(pools=[pool(outcome="complete")]))
    suspended = built(view(spec=spec(suspend=True)))

    def told(before: LegalJobStatus, after: LegalJobStatus) -> list[EventReason]:
        return [each.reason for each in transitions(before, after)]

    assert told(empty, accepted) == [EventReason.ACCEPTED]
    assert told(accepted, accepted) == []
    assert told(accepted, ended) == [EventReason.COMPLETED]
    assert told(accepted, suspended) == [EventReason.SUSPENDED]
    assert told(suspended, accepted) == [EventReason.RESUMED]
