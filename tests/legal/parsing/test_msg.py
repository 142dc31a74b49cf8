import struct

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.parsing.msg_rtf import decompressed
from tests.legal.parsing.ole import attached, attachments, compound_file, embedded, storage
from tests.legal.parsing.test_properties import checked

SENT = 133_547_040_000_000_000
"""12 March 2024, 08:00 UTC, in tenths of microseconds since 1601."""
HEAD = {0x0037: "Lease of the mill", 0x0C1A: "Ann", 0x5D01: "ann@example.com", 0x0E04: "Bob; Cy"}


def message(**more: object) -> bytes:
    return compound_file(storage(HEAD | {0x1000: "Please sign.\r\n"}, **more))  # type: ignore[arg-type]


def test_headers_and_body_are_what_a_reader_sees() -> None:
    parsed = parse(message(numbers={0x0039: SENT}), name="a.msg")

    assert parsed.media_type == "application/vnd.ms-outlook"
    assert parsed.text == (
        "From: Ann <ann@example.com>\nTo: Bob; Cy\nDate: Tue, 12 Mar 2024 08:00:00 +0000\n"
        "Subject: Lease of the mill\n\nPlease sign.\n"
    )


def test_the_headers_of_the_network_go_first() -> None:
    headers = "From: =?utf-8?B?0JDQvdC90LA=?= <a@example.com>\r\nDate: Tue, 12 Mar 2024 10:00 +0200"
    parsed = parse(compound_file(storage(HEAD | {0x007D: headers, 0x1000: "x"})), name="")

    assert parsed.text.startswith("From: Анна <a@example.com>\nTo: Bob; Cy\nDate: Tue, 12 Mar 2024")
    assert "+0200" in parsed.text


def test_narrow_strings_are_read_in_their_code_page() -> None:
    data = compound_file(
        storage(
            narrow={
                0x0037: "Договор".encode("cp1251"),
                0x1000: "Просим подписать".encode("cp1251"),
            },
            numbers={0x3FFD: 1251},
        )
    )
    assert parse(data, name="").text == "Subject: Договор\n\nПросим подписать\n"


def test_a_page_is_the_body_where_there_is_no_plain_text() -> None:
    data = compound_file(
        storage(
            binaries={0x1013: "<p>Подпишите <b>договор</b></p>".encode()}, numbers={0x3FDE: 65001}
        )
    )
    assert parse(data, name="").text == "Подпишите договор\n"


def rich(text: bytes) -> bytes:
    return struct.pack("<IIII", len(text) + 12, len(text), 0x414C454D, 0) + text


def test_rich_text_is_the_body_where_there_is_no_other() -> None:
    data = compound_file(storage(binaries={0x1009: rich(rb"{\rtf1\ansi Sign \'e0.\par}")}))
    assert parse(data, name="").text == "Sign à.\n"


def test_compressed_rich_text() -> None:
    # the example of the specification (MS-OXRTFCP 4.1)
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
        "68656c0900206277"
        "05b06c647d0a800fa0"
    )
    assert decompressed(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompressed(b"short") == b""


def test_attachments_become_documents() -> None:
    picture = attached("logo.png", b"\x89PNG", "image/png", "logo@x")
    data = message(
        binaries={0x1013: b'<p>Hi <img src="cid:logo@x"></p>'},
        more=attachments(attached("../Договор.pdf", b"%PDF-1.7"), picture),
    )
    parsed = parse(data, name="")

    assert [(file.name, file.media_type) for file in parsed.attachments] == [
        ("Договор.pdf", "application/pdf")
    ]


def test_a_message_in_a_message_becomes_a_mail() -> None:
    inner = storage(
        {0x0037: "Аренда", 0x1000: "Inner text"},
        header_bytes=24,
        more=attachments(attached("terms.txt", "Условия".encode())),
    )
    (mail,) = parse(message(more=attachments(embedded("Аренда", inner))), name="").attachments
    parsed = parse(mail.data, name=mail.name)

    assert mail.name == "Аренда.eml"
    assert parsed.text == "Subject: Аренда\n\nInner text\n"
    assert [(file.name, file.data.decode()) for file in parsed.attachments] == [
        ("terms.txt", "Условия")
    ]


def test_messages_nested_without_end_are_cut() -> None:
    folder = storage({0x1000: "deep"}, header_bytes=24)
    for _ in range(12):
        folder = storage({0x1000: "x"}, header_bytes=24, more=attachments(embedded("m", folder)))
    data = compound_file(storage({0x1000: "x"}, more=attachments(embedded("m", folder))))

    assert parse(data, name="").attachments


def test_a_message_with_nothing_in_it_is_empty() -> None:
    with pytest.raises(DocumentError) as caught:
        parse(compound_file(storage({})), name="")
    assert caught.value.code == "empty"


@pytest.mark.parametrize("cut", [600, 1024, 1600, 2100])
def test_a_cut_message_is_read_or_refused(cut: int) -> None:
    checked(message()[:cut], "a.msg")
