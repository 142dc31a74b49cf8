"""A status says the same to people as to programs, and reads back as it was written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lexmill.jobs.status import (
    Condition,
    ConditionType,
    DocumentsStatus,
    LastScaling,
    LegalJobStatus,
)

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def status(
    conditions: dict[ConditionType, str], *, started: datetime | None = None
) -> LegalJobStatus:
    return LegalJobStatus(
        conditions=tuple(
            Condition.model_validate(
                {"type": kind, "status": answer, "reason": "Tried", "lastTransitionTime": NOON}
            )
            for kind, answer in conditions.items()
        ),
        start_time=started,
    )


@pytest.mark.parametrize(
    ("conditions", "started", "state"),
    [
        ({}, None, "Pending"),
        ({ConditionType.ACCEPTED: "False"}, None, "Refused"),
        ({ConditionType.ACCEPTED: "True"}, None, "Pending"),
        ({ConditionType.ACCEPTED: "True"}, NOON, "Running"),
        ({ConditionType.SUSPENDED: "True"}, NOON, "Suspended"),
        ({ConditionType.SUSPENDED: "False", ConditionType.COMPLETE: "True"}, NOON, "Complete"),
        ({ConditionType.SUSPENDED: "True", ConditionType.FAILED: "True"}, NOON, "Failed"),
        ({ConditionType.COMPLETE: "Unknown"}, NOON, "Running"),
    ],
)
def test_the_state_in_one_word(
    conditions: dict[ConditionType, str], started: datetime | None, state: str
) -> None:
    assert status(conditions, started=started).manifest()["state"] == state


def test_progress_counts_what_has_ended() -> None:
    counts = DocumentsStatus(total=9, running=3, succeeded=3, failed=2, dead=1)
    assert LegalJobStatus(documents=counts).progress == "6/9"
    assert LegalJobStatus().progress == ""


def test_it_reads_back_as_it_was_written() -> None:
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    scaling = LastScaling(pool="main", from_=0, to=3, reason="BacklogGrew", time=berlin)
    written = status({ConditionType.ACCEPTED: "True"}, started=berlin).model_copy(
        update={"last_scaling": scaling}
    )
    manifest = written.manifest()
    assert manifest["startTime"] == "2026-03-01T12:00:00Z"
    assert manifest["lastScaling"]["from"] == 0
    assert "completionTime" not in manifest
    assert LegalJobStatus.model_validate(manifest | {"ofTheFuture": 1}) == written
