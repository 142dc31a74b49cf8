import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lexmill.events.models import Outgoing
from lexmill.events.outbox import (
    MAX_FAILURES,
    count_parked,
    delay_undelivered,
    drop_delivered,
    take_due,
)
from lexmill.events.types import TYPES, data_schema, describe_types
from lexmill.tasks.schemas import Visit
from lexmill.tasks.service import complete_finalize, complete_visit, start_finalize
from tests.core.building import claimed, declare_with_documents

SINK = {"uri": "http://broker.example/default"}


def events(session: Session) -> list[dict[str, Any]]:
    return list(session.scalars(select(Outgoing.event).order_by(Outgoing.id)))


@pytest.mark.servers
def test_a_sink_is_told_of_each_document_and_of_the_run(session: Session) -> None:
    uid = declare_with_documents(session, "a.txt", "b.txt", sink=SINK)
    complete_visit(session, task=claimed(session, uid), visit=Visit(sha256="1" * 64))
    failed = Visit(state="failed", error_code="empty", error_message="The file is empty.")
    complete_visit(session, task=claimed(session, uid), visit=failed)
    start_finalize(session)
    complete_finalize(session, task=claimed(session, uid))
    told = events(session)
    for event in told:
        TYPES[event["type"]].model_validate_json(json.dumps(event["data"]))
        assert event["source"].startswith("/lexmill/namespaces/acme/jobs/")
        assert "empty." not in json.dumps(event)
    assert [event["data"].get("state") for event in told] == ["succeeded", "failed", None]
    assert told[1]["data"]["code"] == "empty"
    assert (told[2]["data"]["succeeded"], told[2]["data"]["failed"]) == (1, 1)
    assert len({event["id"] for event in told}) == 3


@pytest.mark.servers
def test_a_job_without_sink_tells_nobody(session: Session) -> None:
    uid = declare_with_documents(session, "a.txt")
    complete_visit(session, task=claimed(session, uid), visit=Visit())
    assert events(session) == []


@pytest.mark.servers
def test_what_was_taken_comes_back_unless_it_was_delivered(session: Session) -> None:
    uid = declare_with_documents(session, "a.txt", "b.txt", sink=SINK)
    for _ in range(2):
        complete_visit(session, task=claimed(session, uid), visit=Visit())
    first, second = take_due(session, limit=10, lease_seconds=-1)
    drop_delivered(session, ids=[first.id])
    assert [event.id for event in take_due(session, limit=10, lease_seconds=60)] == [second.id]
    assert take_due(session, limit=10, lease_seconds=60) == []


@pytest.mark.servers
def test_a_refused_event_waits_longer_each_time_and_is_parked_at_last(session: Session) -> None:
    uid = declare_with_documents(session, "a.txt", sink=SINK)
    complete_visit(session, task=claimed(session, uid), visit=Visit())
    pauses = []
    for _ in range(MAX_FAILURES):
        session.execute(update(Outgoing).values(due_at=datetime(2000, 1, 1, tzinfo=UTC)))
        taken = take_due(session, limit=10, lease_seconds=60)
        delay_undelivered(session, events=taken)
        row = session.execute(select(Outgoing.due_at, Outgoing.created_at)).one()
        pauses.append((row.due_at - row.created_at).total_seconds())
    assert pauses[:4] == [2, 4, 8, 16]
    assert max(pauses) == pauses[-1] == 600
    session.execute(update(Outgoing).values(due_at=datetime(2000, 1, 1, tzinfo=UTC)))
    assert take_due(session, limit=10, lease_seconds=60) == []
    assert count_parked(session) == 1


def test_every_type_is_described_and_has_a_schema() -> None:
    for entry in describe_types():
        assert entry["description"]
        schema = data_schema(entry["type"])
        assert schema is not None
        assert schema["type"] == "object"
    assert data_schema("com.example.other") is None
