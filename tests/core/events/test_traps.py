"""What the CloudEvents SDK 2.x, as a receiver, invents, takes or falls over (measured)."""

import json

import pytest

from lexmill.events.cloudevents import DataKind, Mode
from lexmill.events.errors import BatchError, ErrorCode
from tests.core.events.messages import (
    BATCH,
    MINIMAL,
    MISSING,
    STRUCTURED,
    Request,
    batch,
    binary,
    parse,
    raw,
    receive,
    refusal,
    structured,
)


@pytest.mark.parametrize("build", [structured, binary])
def test_a_missing_id_is_not_invented(build: object) -> None:
    request = structured(id=MISSING) if build is structured else binary(id=MISSING)
    assert refusal(request).reason == "id is missing"


def test_a_missing_specversion_is_not_invented() -> None:
    assert refusal(structured(specversion=MISSING)).reason == "specversion is missing"


def test_a_ce_header_does_not_force_binary_mode() -> None:
    request = structured(id="in the body")._replace(headers=[(b"ce-id", b"in a header")])
    assert receive(request).mode is Mode.STRUCTURED
    assert parse(request).id == "in the body"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_an_envelope_under_another_content_type_is_no_event(content_type: str | None) -> None:
    error = refusal(structured()._replace(content_type=content_type))
    assert error.code is ErrorCode.MISSING_ATTRIBUTE
    assert "application/cloudevents+json" in error.reason


def test_a_batch_is_taken() -> None:
    assert len(receive(batch(MINIMAL, MINIMAL | {"id": "2"})).events) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"\xef\xbb\xbf", b"[" * 100_000, raw('"time": "lunchtime"').body],
    ids=["empty", "cut", "no UTF-8", "only a byte order mark", "deep", "no time"],
)
@pytest.mark.parametrize("content_type", [STRUCTURED, BATCH])
def test_a_broken_body_is_the_senders_fault(content_type: str, body: bytes) -> None:
    assert refusal(Request(content_type, [], body)).status == 400


def test_null_is_unset() -> None:
    event = parse(structured(subject=None, time=None, x=None))
    assert (event.subject, event.time, event.extensions) == (None, None, {})


def test_a_header_is_unquoted() -> None:
    assert parse(binary(subject='"a \\"b\\""')).subject == 'a "b"'


def test_a_header_is_decoded_once() -> None:
    assert parse(binary(subject="%252e%252e")).subject == "%2e%2e"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(request_, id=name)
        for name, request_ in {
            "overlong UTF-8": binary(subject="%C0%A0"),
            "NaN": raw('"data": NaN'),
            "duplicate keys": raw('"id": "2"'),
            "bad base64": raw('"data_base64": "A"'),
            "base64 with foreign characters": raw('"data_base64": "AA==\\n"'),
            "nested extension": structured(x={"a": 1}),
            "extension beyond 32 bits": structured(x=2**31),
            "control character": structured(subject="a\u0007"),
            "source that is no URI": structured(source="not a URI"),
        }.items()
    ],
)
def test_is_not_taken(request_: Request) -> None:
    assert refusal(request_).status == 400


def test_data_kinds_stay_apart() -> None:
    kinds = [
        (parse(request).data_kind, parse(request).data)
        for request in (
            structured(),
            structured(data=None),
            structured(data="null"),
            structured(data="null", datacontenttype="text/plain"),
            structured(data_base64="bnVsbA=="),
        )
    ]
    assert kinds == [
        (DataKind.ABSENT, b""),
        (DataKind.JSON, b"null"),
        (DataKind.JSON, b'"null"'),
        (DataKind.TEXT, b"null"),
        (DataKind.BINARY, b"null"),
    ]


@pytest.mark.parametrize(
    "request_",
    [
        raw(r'"data": "\u0000"'),
        raw(r'"data": {"a": ["\\\u0000"]}'),
        raw(r'"data": {"\u0000": 1}'),
        raw(r'"datacontenttype": "text/plain", "data": "\u0000"'),
        binary(rb'"\u0000"', "application/json"),
    ],
)
def test_u0000_which_postgresql_cannot_hold(request_: Request) -> None:
    assert refusal(request_).reason == "data has the character U+0000"


def test_an_escaped_backslash_before_u0000_is_harmless() -> None:
    assert json.loads(parse(raw(r'"data": "\\u0000 \\\\u0000"')).data) == r"\u0000 \\u0000"


@pytest.mark.parametrize(
    ("data", "is_taken"),
    [
        ("[" * 128 + "]" * 128, True),
        ('{"a":[' * 64 + "]}" * 64, True),
        ("[" * 129 + "]" * 129, False),
        ('{"a":[' * 65 + "]}" * 65, False),
        ("[" * 900 + "]" * 900, False),
        ("[" * 5000 + "]" * 5000, False),
        ("[" + ",".join(['{"a":[]}'] * 1000) + "]", True),
        ('["' + "[" * 1000 + '\\"{"]', True),
    ],
)
@pytest.mark.parametrize("mode", [Mode.STRUCTURED, Mode.BINARY, Mode.BATCH])
def test_depth_is_limited_alike_everywhere(data: str, mode: Mode, *, is_taken: bool) -> None:
    request = raw(f'"data": {data}')
    if mode is Mode.BINARY:
        request = binary(data.encode(), "application/json")
    elif mode is Mode.BATCH:
        request = Request(BATCH, [], b"[" + request.body + b"]")
    if is_taken:
        assert receive(request).events[0].data == data.encode()
        return
    try:
        error = refusal(request)
    except BatchError as caught:
        (error,) = caught.errors
    assert error.code is ErrorCode.TOO_DEEP


@pytest.mark.parametrize("content_type", [STRUCTURED, BATCH])
def test_a_byte_order_mark_is_passed_over(content_type: str) -> None:
    body = structured().body if content_type == STRUCTURED else batch(MINIMAL).body
    assert receive(Request(content_type, [], b"\xef\xbb\xbf" + body)).events[0].id == "1"


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", "\t:  ")])
def test_whitespace_is_not_taken_for_a_twin(separators: tuple[str, str]) -> None:
    event = MINIMAL | {"data": {"a b": "c  d"}, "x": "e \u00e9 f", "y": 5}
    for ascii_only in (True, False):
        body = json.dumps(event, separators=separators, ensure_ascii=ascii_only).encode()
        assert parse(Request(STRUCTURED, [], b" \n" + body + b"\r\n")).extensions == {
            "x": "e é f",
            "y": 5,
        }


def test_a_twin_as_long_as_the_usual_whitespace_is_seen() -> None:
    spaced = json.dumps(MINIMAL)
    compact = json.dumps(MINIMAL, separators=(",", ":"))
    for filler in range(len(spaced) - len(compact) + 20):
        twin = compact[:-1] + ',"id":"1"' + " " * filler + "}"
        assert refusal(Request(STRUCTURED, [], twin.encode())).code is ErrorCode.DUPLICATE_ATTRIBUTE


def test_charset_names_do_not_reach_pythons_registry() -> None:
    for charset in ("punycode", "idna", "zlib_codec", "unicode_escape", "utf-7", "x" * 300):
        event = parse(binary(b"abc", f"text/plain; charset={charset}"))
        assert (event.data_kind, event.data) == (DataKind.BINARY, b"abc")
