"""Control events: declared and cancelled jobs, each effect once with its event, or not at all."""

import uuid
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.cloudevents import CloudEvent
from lexmill.events.models import Event, EventKey
from lexmill.events.schemas import JOB_CANCELLED, JOB_DECLARED
from lexmill.events.service import accept_control
from lexmill.queue.broker import queue_name
from tests.core import building
from tests.core.building import NAMESPACE
from tests.core.threads import committed


def _declared(uid: uuid.UUID, **changes: Any) -> CloudEvent:
    data = {
        "uid": str(uid),
        "name": "nda",
        "owner": "kubernetes",
        "spec": {"documents": [{"uri": "s3://contracts/"}]},
        **changes,
    }
    id_ = changes.pop("id", str(uuid.uuid4()))
    return building.json_event(data, type=JOB_DECLARED, id=id_)


def test_a_declared_job_begins_and_rings_once(session: Session) -> None:
    uid = uuid.uuid4()
    accepted = accept_control(session, namespace=NAMESPACE, event=_declared(uid))
    assert accepted.outcomes == ("control",)
    assert accepted.wake_ups == {queue_name(NAMESPACE, str(uid), "main"): 1}
    assert building.claimed(session, uid).kind == "expand"
    assert session.scalars(select(Event.outcome)).one() == "control"


def test_the_same_event_again_is_a_duplicate(session: Session) -> None:
    declared = _declared(uuid.uuid4())
    accept_control(session, namespace=NAMESPACE, event=declared)
    again = accept_control(session, namespace=NAMESPACE, event=declared)
    assert (again.outcomes, again.wake_ups) == (("duplicate",), {})


def test_a_cancelled_job_ends(session: Session) -> None:
    uid = uuid.uuid4()
    accept_control(session, namespace=NAMESPACE, event=_declared(uid))
    cancelled = building.json_event({"uid": str(uid), "reason": "deleted"}, type=JOB_CANCELLED)
    assert accept_control(session, namespace="other", event=cancelled).outcomes == ("control",)
    assert building.job_row(session, uid).deleted_at is None, "not its namespace"
    accept_control(session, namespace=NAMESPACE, event=cancelled)
    assert building.job_row(session, uid).deleted_at is not None


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (building.json_event({}, type="io.lexmill.job.renamed.v1"), "unknown_control_type"),
        (building.json_event({"uid": "x"}, type=JOB_CANCELLED), "invalid_data"),
        (building.event(data=b"", type=JOB_CANCELLED), "invalid_data"),
        (_declared(uuid.uuid4(), spec={}), "invalid_data"),
        (_declared(uuid.uuid4(), spec={"trigger": {"filters": [{"exact": {}}]}}), "invalid_data"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_and_may_be_sent_again(
    engine: Engine, event: CloudEvent, code: str
) -> None:
    with pytest.raises(LexmillError) as refused:
        committed(engine, lambda s: accept_control(s, namespace=NAMESPACE, event=event))
    assert refused.value.code == code
    assert refused.value.error_class is ErrorClass.DOCUMENT
    with transaction(engine) as session:
        assert session.scalars(select(EventKey.event_id)).all() == []


def test_a_refusal_names_the_place_and_quotes_nothing(session: Session) -> None:
    event = _declared(uuid.uuid4(), spec={"documents": [{"uri": "s3://x", "secret": "hush"}]})
    with pytest.raises(LexmillError) as refused:
        accept_control(session, namespace=NAMESPACE, event=event)
    assert "data.spec.documents.0.secret" in refused.value.message
    assert "hush" not in msgspec.json.encode(refused.value.message).decode()
