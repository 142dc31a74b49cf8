"""Scans that were pasted into documents: found where they stand, read like pages."""

import base64
from collections.abc import Callable

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.ocr import RecognisedPage, Recognition, merged, unread_places
from lexmill_legal.parsing import page_image, parse
from lexmill_legal.results import ParsedDocument, Picture
from tests.legal.parsing.making import docx, inserted, paragraph, run, table
from tests.legal.parsing.test_odt import odt, p
from tests.legal.parsing.test_pictures import picture

PAGE = picture("PNG", (1240, 1754))
OTHER = picture("JPEG", (1240, 1754))
LOGO = picture("PNG", (300, 120))


def shown(identifier: str) -> str:
    return paragraph(f'<w:r><w:drawing><a:blip r:embed="{identifier}"/></w:drawing></w:r>')


def word(body: str, **pictures: bytes) -> bytes:
    return docx(
        body,
        relationships={key: ("image", f"media/{key}.bin") for key in pictures},
        binaries={f"word/media/{key}.bin": data for key, data in pictures.items()},
    )


def open_document(*pictures: bytes) -> bytes:
    frames = "".join(
        f'<draw:frame><draw:image xlink:href="Pictures/{number}.bin"/></draw:frame>'
        for number, _ in enumerate(pictures)
    )
    members = {f"Pictures/{number}.bin": data for number, data in enumerate(pictures)}
    return odt(p(frames), "", "", **members)


def rich(*pictures: bytes) -> bytes:
    groups = "".join(
        r"{\*\shppict{\pict{\*\picprop{\sp{\sn fLine}{\sv 0}}}\picw100\pich200\pngblip "
        + data.hex("\n", 64)
        + r"}}{\nonshppict{\pict\wmetafile8 0100}}\par "
        for data in pictures
    )
    return (r"{\rtf1\ansi " + groups + "}").encode()


def page(*pictures: bytes) -> bytes:
    images = "".join(
        f"<p><img src='data:image/png;base64,{base64.b64encode(data).decode()}'>"
        for data in pictures
    )
    return f"<html><body>{images}</body></html>".encode()


MAKERS: tuple[Callable[..., bytes], ...] = (
    lambda *pictures: word(
        "".join(shown(f"r{number}") for number, _ in enumerate(pictures)),
        **{f"r{number}": data for number, data in enumerate(pictures)},
    ),
    open_document,
    rich,
    page,
)


def read(data: bytes) -> ParsedDocument:
    return parse(data, name="a", keep_scans=True)


def recognised(*texts: tuple[int, str], sure: float = 0.9) -> Recognition:
    return Recognition("t", tuple(RecognisedPage(n, text, (), sure) for n, text in texts))


@pytest.mark.parametrize("make", MAKERS)
def test_a_document_of_scans_waits_for_ocr(make: Callable[..., bytes]) -> None:
    data = make(PAGE, OTHER)
    with pytest.raises(DocumentError, match="needs_ocr"):
        parse(data, name="a")
    parsed = read(data)
    assert parsed.text == ""
    assert parsed.pages == ()
    assert parsed.pictures == (Picture(1, 0), Picture(2, 0))
    assert [warning.code for warning in parsed.warnings] == ["part_unreadable"] * 2
    first, second = (page_image(data, page=number) for number in unread_places(parsed))
    assert (first.data, first.suffix, first.width) == (PAGE, "png", 1240)
    assert (second.data, second.suffix) == (OTHER, "jpg")

    document = merged(parsed, recognised((1, "First.\n"), (2, "Second.\n")))

    assert document.text == "First.\n\nSecond.\n"
    assert (document.pictures, document.boxes) == ((), ())
    assert [warning.code for warning in document.warnings] == ["text_recognised"]


@pytest.mark.parametrize("make", MAKERS)
def test_where_there_is_no_text_a_single_line_is_worth_reading(make: Callable[..., bytes]) -> None:
    assert len(read(make(LOGO)).pictures) == 1
    with pytest.raises(DocumentError, match="needs_ocr"):
        read(make(picture("PNG", (10, 10))))


def test_beside_text_a_logo_is_no_page() -> None:
    body = paragraph("Letter") + shown("r1") + paragraph("Dear Sirs")
    assert read(word(body, r1=LOGO)).pictures == ()
    assert read(word(body, r1=LOGO)).warnings == ()
    assert read(word(body, r1=PAGE)).pictures == (Picture(1, 6),)


def test_what_was_read_stands_where_the_picture_does() -> None:
    body = (
        shown("r1")
        + paragraph(run("Before") + inserted(" and new"))
        + shown("r2")
        + table([["left", "right"]])
        + paragraph(inserted("After"))
    )
    parsed = read(word(body, r1=PAGE, r2=PAGE))
    assert parsed.text == "Before and new\n\nleft\tright\n\nAfter\n"

    document = merged(parsed, recognised((1, "ONE\n"), (2, "TWO\nlines\n")))

    assert document.text == "ONE\n\nBefore and new\n\nTWO\nlines\n\nleft\tright\n\nAfter\n"
    for revision in document.revisions:
        assert document.text[revision.start : revision.end] == revision.text
    assert [revision.text for revision in document.revisions] == [" and new", "After"]


def test_a_picture_within_a_line_is_read_after_it() -> None:
    body = paragraph(
        run("See ") + '<w:r><w:drawing><a:blip r:embed="r1"/></w:drawing></w:r>' + run("here.")
    )
    parsed = read(word(body + paragraph("Next"), r1=PAGE))
    assert merged(parsed, recognised((1, "ONE\n"))).text == "See here.\n\nONE\n\nNext\n"


def test_what_could_not_be_read_stays_told() -> None:
    parsed = read(word(paragraph("Text") + shown("r1") + shown("r2"), r1=PAGE, r2=PAGE))
    document = merged(parsed, recognised((1, ""), (2, "TWO\n"), sure=0.4))
    assert document.text == "Text\n\nTWO\n"
    assert document.pictures == (Picture(1, 4),)
    assert [warning.message[:9] for warning in document.warnings] == [
        "Picture 1",
        "What stan",
        "Picture 2",
    ]


def test_pictures_of_deleted_text_and_of_other_places_are_left_out() -> None:
    drawing = '<w:r><w:drawing><a:blip r:embed="r1"/></w:drawing></w:r>'
    gone = paragraph(f'<w:del w:author="Ann">{drawing}</w:del>')
    assert read(word(paragraph("Text") + gone, r1=PAGE)).pictures == ()
    assert read(word(paragraph("Text") + shown("none"), r1=PAGE)).pictures == ()
    outside = b"<html><body>Text<img src='https://example.com/a.png'></body></html>"
    assert read(outside).pictures == ()


def test_a_picture_that_lies_about_its_size_is_no_page() -> None:
    huge = bytearray(PAGE)
    huge[16:24] = b"\x7f\xff\xff\xff" * 2
    assert read(word(paragraph("Text") + shown("r1"), r1=bytes(huge))).pictures == ()
    assert read(word(paragraph("Text") + shown("r1"), r1=PAGE[:20])).pictures == ()


def test_thousands_of_pictures_are_not_all_read() -> None:
    parsed = read(word(paragraph("Text") + shown("r1") * 3000, r1=PAGE))
    assert len(parsed.pictures) == 500


def test_there_is_no_other_picture() -> None:
    for data in (word(shown("r1"), r1=PAGE), rich(PAGE), page(PAGE), open_document(PAGE)):
        with pytest.raises(DocumentError):
            page_image(data, page=2)
