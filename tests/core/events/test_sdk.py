"""The official SDK as an independent encoder: what it writes in any mode is read back the same."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as Encoded
from hypothesis import given
from hypothesis import strategies as st

from lexmill.events.attributes import is_string
from lexmill.events.cloudevents import CloudEvent, DataKind, Mode
from tests.core.events.messages import BATCH, STRUCTURED, Request, receive

strings = st.text(min_size=1).filter(is_string)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=offsets)  # noqa: DTZ001
names = st.from_regex(r"[a-z0-9]{1,24}", fullmatch=True).filter(
    lambda name: name not in {"id", "source", "specversion", "type", "subject", "time", "data",
                              "datacontenttype", "dataschema"}
)  # fmt: skip
extensions = st.dictionaries(
    names,
    st.text().filter(is_string) | st.booleans() | st.integers(-(2**31), 2**31 - 1),
    max_size=5,
)
SOURCES = ["/a", "urn:x:%C3%A9", "https://u@[::1]:8/p?q=%25#f", "a%2520b", "/!$&'()*+,;=:@"]


@st.composite
def attributes(draw: st.DrawFn) -> dict[str, Any]:
    optional = st.fixed_dictionaries(
        {},
        optional={"subject": strings, "time": times, "dataschema": st.just("https://h/s?a=%20")},
    )
    return {
        "id": draw(strings),
        "source": draw(st.sampled_from(SOURCES)),
        "type": draw(strings),
        **draw(optional),
        **draw(extensions),
    }


json_events = st.builds(
    lambda event, media, data: Encoded(event | media, data),
    attributes(),
    st.sampled_from(
        [
            {},
            {"datacontenttype": "application/json"},
            {"datacontenttype": "text/json; charset=utf-8"},
        ]
    ),
    st.dictionaries(texts, values),
)
text_events = st.builds(
    lambda event, data: Encoded({**event, "datacontenttype": "text/plain"}, data),
    attributes(),
    texts,
)
binary_events = st.builds(
    lambda event, data: Encoded({**event, "datacontenttype": "application/pdf"}, data),
    attributes(),
    st.binary(),
)
empty_events = st.builds(Encoded, attributes())
events = json_events | text_events | binary_events | empty_events


def check_attributes(read: CloudEvent, written: Encoded, *, canonical: bool) -> None:
    expected: dict[str, Any] = written.get_attributes()
    assert read.time == expected["time"]
    others = {name: value for name, value in expected.items() if name != "time"}
    if canonical:  # a header has only the string form
        others = {name: str(value) for name, value in others.items()}
    assert {name: value for name, value in read.attributes().items() if name != "time"} == others


def check_data(read: CloudEvent, written: Encoded, *, is_body: bool) -> None:
    data = written.get_data()
    if data is None or (is_body and data in ("", b"")):
        assert (read.data_kind, read.data) == (DataKind.ABSENT, b"")
    elif isinstance(data, bytes):
        assert (read.data_kind, read.data) == (DataKind.BINARY, data)
    elif isinstance(data, str):
        assert (read.data_kind, read.data) == (DataKind.TEXT, data.encode())
    else:
        assert read.data_kind is DataKind.JSON
        assert json.loads(read.data) == data


def request(message: HTTPMessage) -> Request:
    headers = [(name.encode(), value.encode()) for name, value in message.headers.items()]
    return Request(message.headers.get("content-type"), headers, message.body)


@given(events)
def test_binary(written: Encoded) -> None:
    received = receive(request(to_binary(written, JSONFormat())))
    assert received.mode is Mode.BINARY
    (read,) = received.events
    check_attributes(read, written, canonical=True)
    check_data(read, written, is_body=True)


@given(events)
def test_structured(written: Encoded) -> None:
    received = receive(request(to_structured(written, JSONFormat())))
    assert received.mode is Mode.STRUCTURED
    (read,) = received.events
    check_attributes(read, written, canonical=False)
    check_data(read, written, is_body=False)
    assert CloudEvent.restore(read.attributes(), read.data_kind, read.data) == read


@given(st.lists(events, max_size=4))
def test_batch(written: list[Encoded]) -> None:
    body = b"[" + b" ,\n".join(map(JSONFormat().write, written)) + b"]"
    received = receive(Request(BATCH, [], body))
    assert received.mode is Mode.BATCH
    assert len(received.events) == len(written)
    for read, sent in zip(received.events, written, strict=True):
        check_attributes(read, sent, canonical=False)
        check_data(read, sent, is_body=False)


@pytest.mark.parametrize("value", ["a", 1, [1, "a"], True])
def test_structured_json_that_is_no_object(value: Any) -> None:
    written = Encoded({"id": "1", "source": "/s", "type": "t"}, value)
    (read,) = receive(Request(STRUCTURED, [], JSONFormat().write(written))).events
    check_attributes(read, written, canonical=False)
    assert json.loads(read.data) == value
    assert read.time is not None
    assert read.time.tzinfo is UTC
