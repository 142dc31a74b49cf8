"""Limits, what a refusal says, and that nothing but a refusal is ever raised."""

import contextlib
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lexmill.events.cloudevents import CloudEvent, Limits, largest_body, parse_request
from lexmill.events.errors import PROBLEM_BYTES, BatchError, ErrorCode, EventError, problem
from tests.core.events.messages import (
    BATCH,
    MINIMAL,
    MISSING,
    STRUCTURED,
    Request,
    batch,
    binary,
    receive,
    refusal,
    structured,
)

SMALL = Limits(event_bytes=200, control_event_bytes=400, batch_events=3, batch_bytes=1000)
CONTROL = "io.lexmill.job.declared.v1"


def padded(size: int, event_type: str = "t") -> Request:
    request = structured(type=event_type, data="")
    return structured(type=event_type, data="x" * (size - len(request.body)))


@pytest.mark.parametrize(
    ("request_", "is_taken"),
    [
        (padded(200), True),
        (padded(201), False),
        (padded(400, CONTROL), True),
        (padded(401, CONTROL), False),
        (binary(b"x" * 200, "a/b"), True),
        (binary(b"x" * 201, "a/b"), False),
        (binary(b"x" * 400, "a/b", type=CONTROL), True),
        (binary(b"x" * 401, "a/b", type=CONTROL), False),
        (batch(*[MINIMAL] * 3), True),
        (batch(*[MINIMAL] * 4), False),
        (batch(MINIMAL | {"data": ["x" * 1000]}), False),
        (batch(*[MINIMAL | {"type": CONTROL, "data": "x" * 230}] * 3), True),
    ],
)
def test_limits(request_: Request, *, is_taken: bool) -> None:
    if is_taken:
        assert receive(request_, SMALL).events
    else:
        assert refusal(request_, SMALL).status == 413


def test_default_limits() -> None:
    assert Limits() == Limits(2**20, 2**23, 1000, 2**24)


def test_the_body_need_not_be_read_further_than_it_can_be_taken() -> None:
    control = [(b"CE-Type", CONTROL.encode())]
    assert largest_body(STRUCTURED, [], SMALL) == 400
    assert largest_body(BATCH, control, SMALL) == 1000
    assert largest_body("a/b", control, SMALL) == 400
    assert largest_body(None, [(b"ce-type", b"t")], SMALL) == 200
    assert largest_body(None, [], SMALL) == 200
    with pytest.raises(EventError, match="only JSON is read"):
        largest_body("application/cloudevents+avro", [], SMALL)


def test_a_batch_names_each_bad_event() -> None:
    entries = [MINIMAL, {**MINIMAL, "id": ""}, MINIMAL, 5, {**MINIMAL, "data": "x" * 300}]
    with pytest.raises(BatchError) as caught:
        receive(batch(*entries), Limits(event_bytes=200))
    assert [(error.index, error.code, error.status) for error in caught.value.errors] == [
        (1, ErrorCode.INVALID_ATTRIBUTE, 400),
        (3, ErrorCode.NOT_JSON, 400),
        (4, ErrorCode.EVENT_TOO_LARGE, 413),
    ]
    assert caught.value.status == 400
    assert json.loads(problem(caught.value)) == {
        "type": "/problems/bad_batch",
        "title": "A batch has bad events",
        "status": 400,
        "code": "bad_batch",
        "detail": "3 of 5 events are bad; none was taken",
        "count": 3,
        "errors": [
            {"code": "invalid_attribute", "detail": "id is empty", "indexes": [1]},
            {"code": "not_json", "detail": "the event is not a JSON object", "indexes": [3]},
            {
                "code": "event_too_large",
                "detail": "the event has more than 200 bytes",
                "indexes": [4],
            },
        ],
    }


def test_a_batch_whose_events_are_all_too_large_is_too_large() -> None:
    with pytest.raises(BatchError) as caught:
        receive(batch(MINIMAL | {"data": "x" * 300}), SMALL)
    assert caught.value.status == json.loads(problem(caught.value))["status"] == 413


@pytest.mark.parametrize("count", [1, 1000])
def test_a_problem_reaches_the_dead_letter_sink_whole(count: int) -> None:
    kinds = [{**MINIMAL, f"x{n}": {}} for n in range(50)] + [{**MINIMAL, "id": ""}]
    entries = [kinds[n % len(kinds)] for n in range(count)]
    with pytest.raises(BatchError) as caught:
        receive(batch(*entries))
    document = problem(caught.value)
    assert len(document) <= PROBLEM_BYTES == 768
    assert json.loads(document)["count"] == count
    assert json.loads(document)["errors"]


def test_many_events_with_one_fault_are_named_by_place() -> None:
    with pytest.raises(BatchError) as caught:
        receive(batch(*[{**MINIMAL, "id": ""}] * 200))
    (group,) = json.loads(problem(caught.value))["errors"]
    assert group["indexes"] == list(range(len(group["indexes"])))
    assert len(group["indexes"]) > 130


def test_a_single_problem() -> None:
    assert json.loads(problem(refusal(structured(id=MISSING)))) == {
        "type": "/problems/missing_attribute",
        "title": "An attribute is missing",
        "status": 400,
        "code": "missing_attribute",
        "detail": "id is missing",
    }


SECRET = "Acme ./. Bolt \u0007"


def leaky() -> Iterator[Request]:
    for name in ("id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
                 "specversion", "data_base64", "extension", SECRET):  # fmt: skip
        yield structured(**{name: SECRET})
        yield structured(**{name: {SECRET: SECRET}})
        yield structured(**{name: SECRET, "data": SECRET})
    yield structured(datacontenttype="text/plain", data={SECRET: 1})
    yield Request(STRUCTURED, [], SECRET.encode())
    yield Request(f"application/cloudevents+{SECRET}", [], b"")
    yield binary(SECRET.encode(), "application/json")
    yield binary(b"", SECRET)
    yield binary(b"", None, (f"ce-{SECRET}".encode(), b"x"))
    yield binary(b"", None, (b"ce-source", SECRET.encode()), source=MISSING)


@pytest.mark.parametrize("request_", [*leaky()])
def test_a_refusal_quotes_nothing(request_: Request) -> None:
    with pytest.raises(EventError) as caught:
        receive(request_)
    assert "Acme" not in str(caught.value) + problem(caught.value).decode()


CONTENT_TYPES = [
    None, "", STRUCTURED, BATCH, "application/json", "text/plain; charset=utf-16", "a/b",
    "application/cloudevents", "text/plain; charset=shift_jis",
]  # fmt: skip
JUNK = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"1e9", b"\\u0000", b"\\ud800",
        b"\xff", b"\xed\xa0\x80", b"\x00", b" ", b'"id"', b'"data"', b'"data_base64"',
        b'"time":"2016-12-31T23:59:60Z"', b'"datacontenttype":"text/plain"']  # fmt: skip
bodies = st.binary() | st.lists(st.sampled_from(JUNK) | st.binary(max_size=3)).map(b"".join)


def check_only_refusals(
    content_type: str | None, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    try:
        events = parse_request(content_type, headers, body, SMALL).events
    except (EventError, BatchError) as caught:
        check_problem(caught)
    else:
        for event in events:
            assert CloudEvent.restore(event.attributes(), event.data_kind, event.data) == event


def check_problem(error: EventError | BatchError) -> None:
    document = problem(error)
    assert len(document) <= PROBLEM_BYTES
    assert json.loads(document)["status"] == error.status
    assert error.status in {400, 413, 415}


@given(
    st.sampled_from(CONTENT_TYPES) | st.text(),
    st.lists(st.tuples(st.sampled_from([b"ce-id", b"CE-Type", b"ce-time"]) | st.binary(), bodies)),
    bodies,
)
def test_arbitrary_requests(
    content_type: str | None, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    check_only_refusals(content_type, headers, body)


@given(st.data(), st.sampled_from(JUNK) | st.binary(max_size=4))
def test_damaged_envelopes(data: st.DataObject, junk: bytes) -> None:
    body = structured(
        subject="é", time="2020-01-01T00:00:00.5+01:00", x=5, data={"a": ["b", None]}
    ).body
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(start + 8, len(body))))
    damaged = body[:start] + junk + body[end:]
    check_only_refusals(STRUCTURED, [], damaged)
    check_only_refusals(BATCH, [], b"[" + damaged + b"," + body + b"]")


@given(st.sampled_from([*MINIMAL, "subject", "time", "x"]), st.binary(max_size=40))
@example("subject", b'"' * 10_000)
@example("subject", b'"' + b"\\" * 10_000)
@example("source", b"a:" + b"%41" * 10_000 + b"%")
@example("source", b"//" + b"a" * 10_000 + b"@" * 10_000)
@example("time", b"2020-01-01T00:00:00." + b"1" * 10_000)
def test_arbitrary_header_values(name: str, value: bytes) -> None:
    request = binary(b"{}", "application/json", (f"ce-{name}".encode(), value), **{name: MISSING})
    check_only_refusals(*request)


def test_an_error_passes_through_a_context_manager() -> None:
    # A frozen exception would fail there: contextlib sets its traceback.
    @contextlib.contextmanager
    def scope() -> Iterator[None]:
        yield

    with pytest.raises(EventError, match="id is missing"), scope():
        receive(structured(id=MISSING))


def test_a_batch_of_millions_is_refused_without_building_them() -> None:
    request = Request(BATCH, [], b"[" + b"0," * 1_000_000 + b"0]")
    tracemalloc.start()
    try:
        assert refusal(request).code is ErrorCode.BATCH_TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 4 * len(request.body)
    finally:
        tracemalloc.stop()
