"""Each MUST of CloudEvents 1.0.2 that a receiver can keep or break, named by its paragraph.

Core: cloudevents/spec.md; HTTP: bindings/http-protocol-binding.md; JSON: formats/json-format.md.
"""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

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

REQUIRED = ("id", "source", "specversion", "type")
OPTIONAL = ("subject", "time", "datacontenttype", "dataschema")

Refused = tuple[str, Request, ErrorCode]


code = ErrorCode


def core_required() -> Iterator[Refused]:
    for name in REQUIRED:
        yield (
            f"Core/{name}: REQUIRED, JSON",
            structured(**{name: MISSING}),
            code.MISSING_ATTRIBUTE,
        )
        yield (f"Core/{name}: REQUIRED, HTTP", binary(**{name: MISSING}), code.MISSING_ATTRIBUTE)
        yield (
            f"JSON 2.2: null is unset, {name}",
            structured(**{name: None}),
            code.MISSING_ATTRIBUTE,
        )
    for name in (*REQUIRED, *OPTIONAL):
        empty = f"Core/{name}: MUST be non-empty"
        yield f"{empty}, JSON", structured(**{name: ""}), code.INVALID_ATTRIBUTE
        if name != "datacontenttype":
            yield f"{empty}, HTTP", binary(**{name: ""}), code.INVALID_ATTRIBUTE
        yield (
            f"Core/Type System: MUST be of its type, {name} is a number",
            structured(**{name: 1}),
            code.INVALID_ATTRIBUTE,
        )
        yield (
            f"Core/Type System: MUST be of its type, {name} is a boolean",
            structured(**{name: True}),
            code.INVALID_ATTRIBUTE,
        )
    for version in ("0.3", "0.9", "1", "1.0.2", "2.0", "1.0 "):
        yield (
            f"Core/specversion: MUST be 1.0, not {version!r}",
            structured(specversion=version),
            code.UNSUPPORTED_VERSION,
        )


def core_names() -> Iterator[Refused]:
    once = "Core/Context Attributes: MUST only appear at most once"
    yield f"{once}, JSON", raw('"id": "2"'), code.DUPLICATE_ATTRIBUTE
    yield f"{once}, JSON, same value", raw('"id":"1"'), code.DUPLICATE_ATTRIBUTE
    yield f"{once}, JSON extension", raw('"a": 1, "a": 1'), code.DUPLICATE_ATTRIBUTE
    yield f"{once}, JSON data", raw('"data": 1, "data": 2'), code.DUPLICATE_ATTRIBUTE
    yield f"{once}, JSON escaped name", raw('"\\u0069d": "2"'), code.DUPLICATE_ATTRIBUTE
    yield f"{once}, HTTP", binary(b"", None, (b"CE-Id", b"1")), code.DUPLICATE_ATTRIBUTE

    for name in ("MyExtension", "my.extension", "my-extension", "my_extension", "größe", "", "a "):
        yield (
            f"Core/Naming Conventions: MUST be a-z and 0-9, JSON {name!r}",
            structured(**{name: "x"}),
            code.INVALID_NAME,
        )
    for bad in (b"ce-my-extension", b"ce-my_extension", b"ce-", b"ce-gr\xf6sse"):
        yield (
            f"Core/Naming Conventions: MUST be a-z and 0-9, HTTP {bad!r}",
            binary(b"", None, (bad, b"x")),
            code.INVALID_NAME,
        )
    yield (
        "Core/Naming Conventions: MUST NOT have the name data",
        binary(b"", None, (b"ce-data", b"x")),
        code.INVALID_HEADER,
    )


def core_types() -> Iterator[Refused]:
    for text in ("2147483648", "-2147483649", "9" * 30, "1.5", "1.0", "1e3", "-0.0"):
        yield (
            f"Core/Type System, Integer: MUST be 32 bits and whole, {text[:12]}",
            raw(f'"n": {text}'),
            code.INVALID_ATTRIBUTE,
        )
    for text in ("{}", '{"a": 1}', "[]", '["a"]'):
        yield (
            f"Core/Type System: values MUST be of a type listed, {text}",
            raw(f'"x": {text}'),
            code.INVALID_ATTRIBUTE,
        )
    for point in (
        0x00,
        0x01,
        0x0A,
        0x1F,
        0x7F,
        0x80,
        0x9F,
        0xFDD0,
        0xFDEF,
        0xFFFE,
        0x1FFFF,
        0x10FFFE,
    ):
        disallowed = f"Core/Type System, String: disallowed character U+{point:04X}"
        for name in ("subject", "x"):
            yield (
                f"{disallowed}, JSON {name}",
                structured(**{name: f"a{chr(point)}b"}),
                code.INVALID_ATTRIBUTE,
            )
        escaped = "".join(f"%{byte:02X}" for byte in chr(point).encode())
        yield f"{disallowed}, HTTP", binary(x=f"a{escaped}b"), code.INVALID_ATTRIBUTE
    for half in ("\\ud800", "\\udead", "\\ud800\\ud800", "\\ud800x", "\\udead\\ud800"):
        for name in ("subject", "x", "data"):
            yield (
                f"Core/Type System, String: unpaired surrogate {half}, {name}",
                raw(f'"{name}": "ab {half} cd ef gh"'),
                code.NOT_JSON,
            )


def core_formats() -> Iterator[Refused]:
    for uri in (
        "a b",
        "/ä",
        "%zz",
        "%4",
        "http://[::1",
        "http://[1:2]/",
        "1:2",
        "a\\b",
        "<a>",
        "http://h:port/",
        "//[::1%25eth0]/",
        "a:b#c#d",
        "{x}",
        "http://a@b@c/",
    ):
        yield (
            f"Core/source: MUST be a URI-reference, {uri!r}",
            structured(source=uri),
            code.INVALID_ATTRIBUTE,
        )
    for uri in ("/schema", "schema", "#", "//host/x", "1a:b", "http://h/ x", "https://h/s#part"):
        yield (
            f"Core/dataschema: MUST be an absolute URI (RFC 3986 4.3), {uri!r}",
            structured(dataschema=uri),
            code.INVALID_ATTRIBUTE,
        )
    for media in (
        "xyz",
        "a/",
        "/b",
        "a/b/c",
        "a b/c",
        "a/b;",
        "a/b; c",
        "a/b; c=",
        "a/b;c=d e",
        'a/b; c="d',
        "ä/b",
        "a/b\tc",
        "(comment) a/b",
    ):
        yield (
            f"Core/datacontenttype: MUST be RFC 2046, {media!r}",
            structured(datacontenttype=media),
            code.INVALID_ATTRIBUTE,
        )
    for time in (
        "lunchtime",
        "2018-04-05",
        "2018-04-05T18:31Z",
        "2018-04-05T18:31:00",
        "2018-04-05T18:31:00X",
        "2018-04-05T18:31:00+25:00",
        "2018-04-05T18:31:00+05",
        "2018-04-05T18:31:00+0500",
        "2018-04-05T18:31:00+05:60",
        "2018-04-05 18:31:00Z",
        "2018-04-05T18:31:00,5Z",
        "2018-04-05T18:31:00.Z",
        "2018-02-29T00:00:00Z",
        "2018-13-01T00:00:00Z",
        "2018-04-05T24:00:00Z",
        "2018-04-05T18:60:00Z",
        "2018-04-05T18:31:61Z",
        "2018-04-05T18:31:60Z",
        "2016-12-31T23:59:60+01:00",
        "2018-03-31T23:59:60Z",
        "20180405T183100Z",
        "2018-W14-4T00:00:00Z",
        "٢٠١٨-04-05T18:31:00Z",
        "0001-01-01T00:00:00+01:00",
        "1522949460",
    ):
        yield (
            f"Core/time: MUST be RFC 3339, {time!r}",
            structured(time=time),
            code.INVALID_ATTRIBUTE,
        )
        header = "".join(f"%{byte:02X}" for byte in time.encode())
        yield (
            f"Core/time: MUST be RFC 3339, HTTP {time!r}",
            binary(time=header),
            code.INVALID_ATTRIBUTE,
        )


def http() -> Iterator[Refused]:
    for content_type in (
        "application/cloudevents",
        "application/cloudevents+avro",
        "application/cloudevents+xml; charset=utf-8",
        "application/cloudevents-batch",
        "application/cloudevents-batch+avro",
        "Application/CloudEvents+Protobuf",
        "application/cloudeventsfoo",
        "application/cloudevents+json, a/b",
        "application/cloudevents+json; charset=utf-16",
    ):
        yield (
            f"HTTP 3: prefix of Content-Type decides, format not handled, {content_type!r}",
            Request(content_type, binary().headers, structured().body),
            code.UNSUPPORTED_MEDIA_TYPE,
        )
    yield (
        "HTTP 3.1.1: ce-datacontenttype MUST NOT be present",
        binary(b"", "text/plain", (b"ce-datacontenttype", b"text/plain")),
        code.INVALID_HEADER,
    )
    yield (
        "HTTP 3.1.1: Content-Type MUST populate datacontenttype, which is RFC 2046",
        binary(b"x", "xyz"),
        code.INVALID_ATTRIBUTE,
    )
    for value in ("%C0%A0", "%ED%A0%80", "%ED%A0%80%ED%B0%80", "%E2", "%E2x", "%82", "%FF", "\xe9"):
        yield (
            f"HTTP 3.1.3.2: invalid UTF-8 MUST be rejected, {value!r}",
            binary(subject=value),
            code.INVALID_ATTRIBUTE,
        )
    for value in ("50%", "%0", "%g0", "%0g", '"open', '"open\\"', 'a"b'):
        yield (
            f"HTTP 3.1.3.2: percent and quote MUST be encoded, {value!r}",
            binary(subject=value),
            code.INVALID_ATTRIBUTE,
        )
    yield (
        "HTTP 3.2.3: all attributes MUST be in the payload, headers beside it do not count",
        Request(STRUCTURED, binary().headers, structured(id=MISSING).body),
        code.MISSING_ATTRIBUTE,
    )


def json_format() -> Iterator[Refused]:
    yield (
        "JSON 2: extensions MUST be top-level members",
        structured(extensions={"a": "b"}),
        code.INVALID_ATTRIBUTE,
    )
    for name, body in {
        "empty": b"",
        "array": b"[]",
        "array of one": b"[" + structured().body + b"]",
        "string": b'"x"',
        "null": b"null",
        "cut": structured().body[:-1],
        "two": structured().body * 2,
        "trailing comma": structured().body[:-1] + b",}",
        "NaN": raw('"data": NaN').body,
        "Infinity": raw('"data": [-Infinity]').body,
        "comment": raw('"data": 1 /* */').body,
        "single quotes": raw("'data': 1").body,
        "control character in a string": raw('"data": "a\nb"').body,
    }.items():
        yield f"JSON 3: MUST be a JSON object, {name}", Request(STRUCTURED, [], body), code.NOT_JSON
    for name, member in {
        "attribute": b'"x": "\xff"',
        "data": b'"data": {"a": "\xc0\xa0"}',
        "surrogate": b'"data": "\xed\xa0\x80"',
    }.items():
        yield f"JSON 3: RFC 8259 MUST be UTF-8, {name}", raw(member), code.NOT_UTF8
    for name, members in {
        "both": '"data": 1, "data_base64": "AA=="',
        "explicit null counts": '"data": null, "data_base64": "AA=="',
    }.items():
        yield (
            f"JSON 3.1.1: data and data_base64 are exclusive, {name}",
            raw(members),
            code.INVALID_DATA,
        )
    for text in (
        "AA",
        "AA=",
        "AA===",
        "A",
        "AA==AA==",
        "AA==\\n",
        "A A=",
        "-_==",
        "é",
        "=",
        "AB==",
    ):
        yield (
            f"JSON 3.1.1: data_base64 MUST be Base64, {text!r}",
            raw(f'"data_base64": "{text}"'),
            code.INVALID_DATA,
        )
    for text in ("1", "true", "{}", '["AA=="]'):
        yield (
            f"JSON 3.1.1: data_base64 MUST be a string, {text}",
            raw(f'"data_base64": {text}'),
            code.INVALID_DATA,
        )
    for data in ({"a": 1}, ["a"], 1, False):
        yield (
            f"JSON 3.1.1: data that is not JSON MUST be a string, {data!r}",
            structured(datacontenttype="text/xml", data=data),
            code.INVALID_DATA,
        )
    yield (
        "JSON 3.2: data under a JSON content type must be JSON, HTTP binary",
        binary(b"I'm just a string", "application/json"),
        code.INVALID_DATA,
    )
    for name, body in {"object": b"{}", "null": b"null", "string": b'"x"'}.items():
        yield (
            f"JSON 4.1: the outermost element is an array, {name}",
            Request(BATCH, [], body),
            code.NOT_JSON,
        )


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(*case, id=name)
        for part in (core_required, core_names, core_types, core_formats, http, json_format)
        for name, *case in part()
    ],
)
def test_is_refused(request_: Request, expected: ErrorCode) -> None:
    error = refusal(request_)
    assert error.code is expected
    assert error.status == (415 if expected is ErrorCode.UNSUPPORTED_MEDIA_TYPE else 400)
    assert len(error.reason) <= 120


Taken = tuple[str, Request, dict[str, Any]]


def attributes_kept() -> Iterator[Taken]:
    yield "Core/Context Attributes: the required ones are enough", structured(), {}
    yield "HTTP 3.1: the required ones are enough, no body, no Content-Type", binary(), {}
    for source in (
        "https://github.com/cloudevents",
        "mailto:group@lists.example.io",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "/cloudevents/spec/pull/123",
        "1-555-123-4567",
        "#fragment",
        "?q",
        "//authority/path",
        "//u:p@[::1]:80/x?y#z",
        "http://[v1.a:b]/",
        "http://127.0.0.1:8080",
        "a:",
        ".",
        "a%20b",
        "./a:b",
        "file:///c:/x",
        "http://[::ffff:1.2.3.4]",
        "a/b:c",
        "http://",
    ):
        yield (
            f"Core/source: any URI-reference, {source}",
            structured(source=source),
            {"source": source},
        )
        yield (
            f"Core/source: any URI-reference, HTTP {source}",
            binary(source=source.replace("%", "%25")),
            {"source": source},
        )
    for schema in ("https://h/s?v=1", "urn:x:y", "http://[2001:db8::7]/c=GB?one"):
        yield (
            f"Core/dataschema: any URI, {schema}",
            structured(dataschema=schema),
            {"dataschema": schema},
        )
    for media in (
        "application/json",
        'Text/Plain; Charset="utf-8"',
        "a/b;c=d;e=f",
        "x-a/y+z",
        'a/b; c="d;\\"e"',
        "image/svg+xml ; q=1",
    ):
        yield (
            f"Core/datacontenttype: any media type, kept as it is, {media}",
            structured(datacontenttype=media),
            {"datacontenttype": media},
        )
        yield (
            f"HTTP 3.1.1: Content-Type MUST populate datacontenttype, {media}",
            binary(b"", media),
            {"datacontenttype": media},
        )
    long = "x" * 100
    yield (
        "Core/Naming Conventions: longer than 20 is only discouraged",
        structured(**{long: "a"}),
        {long: "a"},
    )
    yield (
        "Core/Naming Conventions: digits",
        structured(**{"0": "a", "9x": "b"}),
        {"0": "a", "9x": "b"},
    )
    for value in (True, False, 0, 1, -1, 2**31 - 1, -(2**31), "", "true", "5", "TWE=", "a b", "中"):
        yield f"Core/Type System: MUST support, JSON {value!r}", structured(x=value), {"x": value}
    for text in ("true", "false", "5", "-1", "2018-04-05T17:31:00Z", "//h/p", "TWE="):
        yield f"Core/Type System: canonical string, HTTP {text}", binary(x=text), {"x": text}
    yield (
        "Core/Type System, String: a proper surrogate pair",
        raw('"x": "\\ud83d\\ude00"'),
        {"x": "😀"},
    )
    yield (
        "Core/Type System, String: other unusual characters",
        structured(x="\u00a0\u200b\ue000"),
        {"x": "\u00a0\u200b\ue000"},
    )
    yield (
        "Core/Extension Context Attributes: any number are kept",
        structured(**{f"x{n}": n for n in range(100)}),
        {f"x{n}": n for n in range(100)},
    )

    for header, value in (
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%e2%82%ac", "€"),
        ("%41%62c", "Abc"),
        ("lenient decoding", "lenient decoding"),
        ("%2520", "%20"),
        ("a+b", "a+b"),
        ('"quoted text"', "quoted text"),
        ('"a \\"b\\" \\\\ c"', 'a "b" \\ c'),
        ('"  quoted  "unquoted', "  quoted  unquoted"),
        ("no\\escape", "no\\escape"),
        ('"%20\\%20"', "  "),
        ('""x', "x"),
    ):
        yield (
            f"HTTP 3.1.3.2: MUST be unquoted, then decoded once, {header}",
            binary(subject=header),
            {"subject": value},
        )
    yield (
        "HTTP 3.1.3.1: MUST be ce- and the name, in any case",
        Request(
            None,
            [
                (b"CE-SPECVERSION", b"1.0"),
                (b"Ce-Id", b"1"),
                (b"ce-source", b"/s"),
                (b"cE-tYPE", b"t"),
                (b"Ce-MyExt", b"v"),
                (b"x-ce-id", b"other"),
                (b"cex", b"other"),
            ],
            b"",
        ),
        {"myext": "v"},
    )
    beside = [(b"ce-id", b"other"), (b"ce-id", b"twice"), (b"ce-bad-name", b"%"), (b"ce-x", b"y")]
    yield (
        "HTTP 3.2.3: headers beside the payload are ignored",
        structured()._replace(headers=beside),
        {},
    )
    yield (
        "JSON 2.2: null MUST be treated as unset",
        structured(subject=None, time=None, datacontenttype=None, dataschema=None, x=None),
        {},
    )


@pytest.mark.parametrize(
    ("request_", "attributes"), [pytest.param(*case, id=name) for name, *case in attributes_kept()]
)
def test_attributes_are_kept(request_: Request, attributes: dict[str, Any]) -> None:
    event = parse(request_)
    assert event.attributes() == MINIMAL | attributes
    # 1 == True: the type counts as well.
    assert {type(event.attributes()[name]) for name in attributes} == set(
        map(type, attributes.values())
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param(text, moment, id=f"Core/time: RFC 3339, {text}")
        for text, moment in {
            "2018-04-05T17:31:00Z": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
            "2018-04-05T18:31:00+01:00": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
            "2018-04-05T16:31:00-01:00": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
            "2018-04-05T17:31:00-00:00": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
            "2018-04-05t17:31:00z": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
            "2018-04-05T17:31:00.1Z": datetime(2018, 4, 5, 17, 31, 0, 100_000, tzinfo=UTC),
            "2018-04-05T17:31:00.000000000Z": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
            "2018-04-05T17:31:00.1234567891234Z": datetime(
                2018, 4, 5, 17, 31, 0, 123_456, tzinfo=UTC
            ),
            "2016-12-31T23:59:60Z": datetime(2017, 1, 1, tzinfo=UTC),
            "2016-12-31T23:59:60.5Z": datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC),
            "1990-12-31T15:59:60-08:00": datetime(1991, 1, 1, tzinfo=UTC),
            "0001-01-01T00:00:00Z": datetime(1, 1, 1, tzinfo=UTC),
            "9999-12-31T23:59:59.999999999Z": datetime(
                9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC
            ),
        }.items()
    ],
)
@pytest.mark.parametrize("build", [structured, binary])
def test_times(build: Callable[..., Request], text: str, moment: datetime) -> None:
    event = parse(build(time=text))
    assert event.time == moment
    assert event.time.tzinfo is UTC
    assert event.time_text == event.attributes()["time"] == text


BYTES = bytes(range(256))
BASE64 = base64.b64encode(BYTES).decode()
LATIN = "é".encode("latin-1")


@pytest.mark.parametrize(
    ("request_", "kind", "data"),
    [
        pytest.param(*case, id=name)
        for name, *case in (
            ("Core/Event Data: OPTIONAL", structured(), DataKind.ABSENT, b""),
            ("JSON 3.1.1: null is explicit null", structured(data=None), DataKind.JSON, b"null"),
            (
                "JSON 3.1.2: MUST be a JSON value, object",
                raw('"data": {"a": [1, 2.50]}'),
                DataKind.JSON,
                b'{"a": [1, 2.50]}',
            ),
            (
                "JSON 3.1.2: MUST be a JSON value, number",
                raw('"data": 1E400'),
                DataKind.JSON,
                b"1E400",
            ),
            (
                "JSON 3.1.2: MUST NOT further deserialize a string",
                structured(data='{"a": 1}'),
                DataKind.JSON,
                rb'"{\"a\": 1}"',
            ),
            (
                "JSON 3.1.2: no datacontenttype is JSON",
                structured(data="I'm just a string"),
                DataKind.JSON,
                b'"I\'m just a string"',
            ),
            (
                "JSON 3.1.1: */json",
                structured(datacontenttype="Text/JSON; x=y", data="a"),
                DataKind.JSON,
                b'"a"',
            ),
            (
                "JSON 3.1.1: */*+json",
                structured(datacontenttype="application/a+json", data="a"),
                DataKind.JSON,
                b'"a"',
            ),
            (
                "JSON 3.1.1: not JSON",
                structured(datacontenttype="application/json-seq", data="a"),
                DataKind.TEXT,
                b"a",
            ),
            (
                "JSON 3.1.2: a content string",
                structured(datacontenttype="text/xml", data='<é x="y"/>'),
                DataKind.TEXT,
                '<é x="y"/>'.encode(),
            ),
            (
                "JSON 3.1.2: an empty content string",
                structured(datacontenttype="text/plain", data=""),
                DataKind.TEXT,
                b"",
            ),
            (
                "JSON 3.1.2: null that is no JSON is nothing",
                structured(datacontenttype="text/plain", data=None),
                DataKind.ABSENT,
                b"",
            ),
            (
                "JSON 3.1.2: MUST be decoded to binary",
                structured(data_base64=BASE64),
                DataKind.BINARY,
                BYTES,
            ),
            (
                "JSON 3.1.2: binary under a JSON type stays binary",
                structured(datacontenttype="application/json", data_base64="MQ=="),
                DataKind.BINARY,
                b"1",
            ),
            ("JSON 3.1.2: empty binary", structured(data_base64=""), DataKind.BINARY, b""),
            (
                "JSON 2.2: data_base64 null is unset",
                structured(data_base64=None, data=1),
                DataKind.JSON,
                b"1",
            ),
            (
                "HTTP 3.1.2: the body, no body",
                binary(b"", "application/json"),
                DataKind.ABSENT,
                b"",
            ),
            (
                "HTTP 3.1.2: the body, explicit null",
                binary(b"null", "application/json"),
                DataKind.JSON,
                b"null",
            ),
            (
                "HTTP 3.1.2: the body, JSON",
                binary(b' {"a": 1}\n', "application/json; charset=utf-8"),
                DataKind.JSON,
                b'{"a": 1}',
            ),
            (
                "HTTP 3.1.2: the body, JSON string",
                binary(b'"a"', "APPLICATION/X+JSON"),
                DataKind.JSON,
                b'"a"',
            ),
            (
                "HTTP 2.2: JSON in another charset",
                binary(b'"\xe9"', "application/json; charset=ISO-8859-1"),
                DataKind.JSON,
                '"é"'.encode(),
            ),
            (
                "HTTP 2.2: JSON in UTF-16",
                binary('"é"'.encode("utf-16"), 'application/json; charset="UTF-16"'),
                DataKind.JSON,
                '"é"'.encode(),
            ),
            (
                "HTTP 3.1.2: the body, text",
                binary("é".encode(), "text/plain"),
                DataKind.TEXT,
                "é".encode(),
            ),
            (
                "HTTP 3.1.2: the body, text with charset",
                binary(LATIN, "text/plain; charset=iso-8859-1"),
                DataKind.TEXT,
                "é".encode(),
            ),
            (
                "HTTP 3.1.2: the body, text of an unknown charset",
                binary(LATIN, "text/plain; charset=x-private"),
                DataKind.BINARY,
                LATIN,
            ),
            (
                "HTTP 3.1.2: the body, text that is not its charset",
                binary(LATIN, "text/plain; charset=utf-8"),
                DataKind.BINARY,
                LATIN,
            ),
            (
                "HTTP 3.1.2: the body, text with U+0000",
                binary(b"a\0", "text/plain"),
                DataKind.BINARY,
                b"a\0",
            ),
            (
                "HTTP 3.1.2: the body, anything else",
                binary(BYTES, "application/pdf"),
                DataKind.BINARY,
                BYTES,
            ),
            (
                "HTTP 3.1.2: the body, a form",
                binary(b"a=b", "application/x-www-form-urlencoded"),
                DataKind.BINARY,
                b"a=b",
            ),
            ("HTTP 3.1.1: no Content-Type, JSON", binary(b'{"a": 1}'), DataKind.JSON, b'{"a": 1}'),
            (
                "HTTP 3.1.1: no Content-Type, other",
                binary(b"%PDF-1.7"),
                DataKind.BINARY,
                b"%PDF-1.7",
            ),
            (
                "HTTP 3.1.1: empty Content-Type",
                binary(b"%PDF-1.7", " "),
                DataKind.BINARY,
                b"%PDF-1.7",
            ),
        )
    ],
)
def test_data_is_kept_apart_by_kind(request_: Request, kind: DataKind, data: bytes) -> None:
    event = parse(request_)
    assert (event.data_kind, event.data) == (kind, data)


@pytest.mark.parametrize(
    ("content_type", "request_", "mode"),
    [
        pytest.param(
            content_type, request_, mode, id=f"HTTP 3: modes by Content-Type, {content_type}"
        )
        for content_type, request_, mode in (
            (STRUCTURED, structured(), Mode.STRUCTURED),
            ("Application/CloudEvents+JSON", structured(), Mode.STRUCTURED),
            ("application/cloudevents+json; charset=UTF-8", structured(), Mode.STRUCTURED),
            ('application/cloudevents+json;charset="utf-8";x=y', structured(), Mode.STRUCTURED),
            ("application/cloudevents+json;", structured(), Mode.STRUCTURED),
            (" application/cloudevents+json ; charset=us-ascii", structured(), Mode.STRUCTURED),
            (BATCH, batch(MINIMAL), Mode.BATCH),
            ("APPLICATION/CLOUDEVENTS-BATCH+JSON; charset=utf8", batch(MINIMAL), Mode.BATCH),
            ("application/json", binary(b"{}"), Mode.BINARY),
            ("application/xcloudevents+json", binary(b"{}"), Mode.BINARY),
            ('text/plain; x="application/cloudevents+json"', binary(b"{}"), Mode.BINARY),
            (None, binary(b"{}"), Mode.BINARY),
            ("", binary(b"{}"), Mode.BINARY),
        )
    ],
)
def test_modes(content_type: str | None, request_: Request, mode: Mode) -> None:
    assert receive(request_._replace(content_type=content_type)).mode is mode


def test_http_3_1_1_what_only_http_allows_is_not_in_the_attribute() -> None:
    event = parse(binary(LATIN, "\ttext/plain;\tcharset=latin1 ; "))
    assert event.datacontenttype == "text/plain; charset=latin1"


def test_http_3_3_2_a_batch_may_be_empty() -> None:
    assert receive(batch()).events == ()


def test_json_4_1_a_batch_keeps_order_and_mixes_content_types() -> None:
    events = receive(
        batch(
            MINIMAL | {"id": "1", "data_base64": "AA==", "datacontenttype": "a/b"},
            MINIMAL | {"id": "2", "data": {"a": 1}, "x": 5},
            MINIMAL | {"id": "2"},
        )
    ).events
    assert [(event.id, event.data_kind) for event in events] == [
        ("1", DataKind.BINARY),
        ("2", DataKind.JSON),
        ("2", DataKind.ABSENT),
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param(entry, code, id=name)
        for name, entry, code in (
            (
                "Core/Message: batch MUST have one specversion",
                MINIMAL | {"specversion": "0.3"},
                ErrorCode.UNSUPPORTED_VERSION,
            ),
            (
                "JSON 4.1: elements MUST be events, no id",
                {**MINIMAL, "id": None},
                ErrorCode.MISSING_ATTRIBUTE,
            ),
            ("JSON 4.1: elements MUST be events, string", "not an object", ErrorCode.NOT_JSON),
            ("JSON 4.1: elements MUST be events, batch", [MINIMAL], ErrorCode.NOT_JSON),
        )
    ],
)
def test_a_bad_entry_refuses_the_batch(entry: object, code: ErrorCode) -> None:
    with pytest.raises(BatchError) as caught:
        receive(batch(MINIMAL, entry, MINIMAL))
    assert [(error.index, error.code) for error in caught.value.errors] == [(1, code)]
    assert caught.value.status == 400


@pytest.mark.parametrize("kib", [64, 1000])
def test_core_size_limits_64_kib_should_be_accepted(kib: int) -> None:
    size = kib * 1024 - len(structured(subject="").body)
    assert len(parse(structured(subject="x" * size)).subject or "") == size


def test_the_official_example_of_the_http_binding() -> None:
    event = parse(
        Request(
            "application/json; charset=utf-8",
            [
                (b"ce-specversion", b"1.0"),
                (b"ce-type", b"com.example.someevent"),
                (b"ce-time", b"2018-04-05T03:56:24Z"),
                (b"ce-id", b"1234-1234-1234"),
                (b"ce-source", b"/mycontext/subcontext"),
            ],
            json.dumps({"message": "Hello World!"}).encode(),
        )
    )
    assert event.attributes() == {
        "specversion": "1.0",
        "type": "com.example.someevent",
        "time": "2018-04-05T03:56:24Z",
        "id": "1234-1234-1234",
        "source": "/mycontext/subcontext",
        "datacontenttype": "application/json; charset=utf-8",
    }
    assert json.loads(event.data) == {"message": "Hello World!"}
