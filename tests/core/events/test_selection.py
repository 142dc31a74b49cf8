"""JSON Pointer (RFC 6901), the event's own data, and the claim check (extension dataref)."""

import pytest

from lexmill.events.cloudevents import CloudEvent
from lexmill.events.selection import (
    Inline,
    Reference,
    SelectionError,
    is_pointer,
    select_document,
)
from tests.core.events.messages import Request, binary, parse, raw, structured

EVENT = parse(
    structured(
        subject="nda/acme.pdf",
        dataref="https://h/x",
        number=5,
        data={
            "uri": "s3://a/b",
            "uris": ["s3://a/1", "s3://a/2"],
            "none": [],
            "objects": [{"uri": "s3://a/3"}],
            "a/b": {"m~n": {"": "deep", "0": "zero"}},
            "~1": "tilde",
            "empty": "",
            "control": "a\n",
            "number": 1,
            "mixed": ["a", 1],
            "null": None,
            "ü": "\u00fc",
        },
    )
)


@pytest.mark.parametrize(
    ("pointer", "uris"),
    [
        ("/data/uri", ["s3://a/b"]),
        ("/data/uris", ["s3://a/1", "s3://a/2"]),
        ("/data/uris/1", ["s3://a/2"]),
        ("/data/none", []),
        ("/data/objects/0/uri", ["s3://a/3"]),
        ("/data/a~1b/m~0n/", ["deep"]),
        ("/data/a~1b/m~0n/0", ["zero"]),
        ("/data/~01", ["tilde"]),
        ("/data/ü", ["ü"]),
        ("/subject", ["nda/acme.pdf"]),
        ("/dataref", ["https://h/x"]),
        ("/source", ["/s"]),
    ],
)
def test_a_pointer_leads_to_references(pointer: str, uris: list[str]) -> None:
    assert select_document(EVENT, pointer) == tuple(map(Reference, uris))


@pytest.mark.parametrize(
    ("pointer", "code"),
    [
        ("/data/missing", "not_found"),
        ("/missing", "not_found"),
        ("/time", "not_found"),
        ("/data/uris/2", "not_found"),
        ("/data/uris/-", "not_found"),
        ("/data/uris/01", "not_found"),
        ("/data/uris/+1", "not_found"),
        ("/data/uris/" + "9" * 5000, "not_found"),
        ("/data/uri/x", "not_found"),
        ("/subject/x", "not_found"),
        ("/data/null/x", "not_found"),
        ("/data", "not_a_reference"),
        ("/data/objects", "not_a_reference"),
        ("/data/number", "not_a_reference"),
        ("/number", "not_a_reference"),
        ("/data/mixed", "not_a_reference"),
        ("/data/null", "not_a_reference"),
        ("/data/empty", "not_a_reference"),
        ("/data/control", "not_a_reference"),
        ("", "invalid_pointer"),
        ("data/uri", "invalid_pointer"),
        ("/data/~2", "invalid_pointer"),
        ("/data/~", "invalid_pointer"),
    ],
)
def test_a_pointer_that_leads_nowhere(pointer: str, code: str) -> None:
    with pytest.raises(SelectionError) as caught:
        select_document(EVENT, pointer)
    assert caught.value.code == code
    assert "acme" not in str(caught.value)


def test_pointers_can_be_checked_before_there_is_an_event() -> None:
    assert [is_pointer(text) for text in ("/data", "/", "/a~0~1", "", "a", "/~2", "/~")] == [
        True, True, True, False, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        (structured(datacontenttype="text/uri", data="s3://a"), "/data"),
        (structured(data="s3://a"), "/data"),
        (
            structured(datacontenttype="application/json", data_base64="eyJ1IjoiczM6Ly9hIn0="),
            "/data/u",
        ),
        (raw('"data": {"u": "x", "u": "s3://a", "n": 1e999}'), "/data/u"),
    ],
)
def test_a_pointer_into_each_kind_of_data(request_: Request, pointer: str) -> None:
    assert select_document(parse(request_), pointer) == (Reference("s3://a"),)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (structured(), "not_found"),
        (structured(data_base64="MQ=="), "not_found"),
        (structured(datacontenttype="application/json", data_base64="/w=="), "not_found"),
        (structured(datacontenttype="application/json", data_base64="ew=="), "not_found"),
        (structured(datacontenttype="application/json", data_base64="W" * 8000), "not_found"),
        (structured(datacontenttype="text/plain", data="x"), "not_found"),
        (structured(dataref="https://h/x"), "data_elsewhere"),
    ],
)
def test_a_pointer_into_data_that_is_not_there(request_: Request, code: str) -> None:
    with pytest.raises(SelectionError) as caught:
        select_document(parse(request_), "/data/uri")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("request_", "document"),
    [
        (structured(data={"a": 1}), Inline(b'{"a": 1}', "application/json", None)),
        (structured(data=None), Inline(b"null", "application/json", None)),
        (structured(data='A "b" é'), Inline('A "b" é'.encode(), "text/plain", None)),
        (
            structured(datacontenttype="Text/HTML; charset=latin1", data="é", subject="a/b.html"),
            Inline("é".encode(), "text/html", "b.html"),
        ),
        (
            structured(datacontenttype="application/pdf", data_base64="JVBERg==", subject="x.pdf/"),
            Inline(b"%PDF", "application/pdf", "x.pdf"),
        ),
        (binary(b"%PDF", "application/pdf", subject="/"), Inline(b"%PDF", "application/pdf", None)),
        (binary(b"%PDF"), Inline(b"%PDF", None, None)),
        (
            structured(data=1, dataref="https://h/x"),
            Inline(b"1", "application/json", None),
        ),
    ],
)
def test_without_a_pointer_the_data_is_the_document(request_: Request, document: Inline) -> None:
    assert select_document(parse(request_), None) == (document,)


def test_without_a_pointer_a_claim_check_stands_for_the_data() -> None:
    event = parse(structured(dataref="https://h/x"))
    assert select_document(event, None) == (Reference("https://h/x"),)


def test_without_data_there_is_no_document() -> None:
    assert select_document(parse(structured()), None) == ()


@pytest.mark.parametrize("value", [5, True, "", "a b", "http://[x"])
def test_a_claim_check_is_a_uri_reference(value: object) -> None:
    with pytest.raises(SelectionError, match="invalid_dataref"):
        select_document(parse(structured(dataref=value)), None)


def test_a_restored_event_selects_the_same() -> None:
    restored = CloudEvent.restore(EVENT.attributes(), EVENT.data_kind, EVENT.data)
    assert restored == EVENT
    assert select_document(restored, "/data/uri") == select_document(EVENT, "/data/uri")
