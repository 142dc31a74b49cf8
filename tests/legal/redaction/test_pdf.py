"""Redacted PDFs: what can be read in them, and what can be seen on them."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from pypdfium2 import PdfDocument

from lexmill_legal import ocr
from lexmill_legal.ocr import RecognisedPage, Recognition
from lexmill_legal.parsing import parse, place
from lexmill_legal.redaction import Burned, burn
from lexmill_legal.results import Box, ParsedDocument, TextBox
from tests.legal.parsing.making import Pdf
from tests.legal.redaction.burning_of import burned, marked, text_of
from tests.legal.redaction.coded_pdf import assembled, coded_pdf, stream
from tests.legal.redaction.pictures_of import has_ink, is_black, pictures

FILLING = [
    f"Clause {number} says nothing of anybody, and does so at length." for number in range(3)
]


def read(copy: Burned) -> ParsedDocument:
    return parse(copy.data, name="copy.pdf", keep_scans=True)


def courier(*lines: str) -> Pdf:
    """Letters of one width, where a guess by the letters would be off by several of them."""
    pdf = Pdf()
    for number, line in enumerate(lines):
        pdf.canvas.setFont("Courier", 11)
        pdf.canvas.drawString(72, 700 - 15 * number, line)
    return pdf


def test_the_copy_can_be_read_and_searched() -> None:
    pdf = Pdf().lines("Made by Ann Miller of Bonn", "and Bob Stone of Rome.", *FILLING)
    copy = burned(pdf.save(), "Ann Miller", "Bob Stone")
    lines = ["Made by [PERSON-1] of Bonn", "and [PERSON-2] of Rome.", *FILLING]
    assert text_of(copy) == "\n".join(lines) + "\n"
    assert (copy.media_type, copy.suffix, copy.warnings) == ("application/pdf", ".pdf", ())


def test_the_glyphs_are_black_and_their_neighbours_are_not() -> None:
    line = "illi illi illi WWWW Ann Miller WWWW illi illi illi"
    data = courier(line, "Tel. +49 228 1234567.", *FILLING).save()
    parsed = parse(data, name="")
    page = pictures(burned(data, "Ann Miller", "+49 228 1234567").data)[0]
    width = 0.6 * 11
    line_box = parsed.boxes[0].box
    for index, char in enumerate(line):
        left = 72 + index * width
        box = place_of(line_box, left, left + width)
        if 20 <= index < 30:
            assert is_black(page, box, parsed)
        elif char == "W":
            assert has_ink(page, box, parsed)
    second = parsed.boxes[1].box
    # the plus sign goes with the number
    assert is_black(page, place_of(second, 72 + 5 * width, 72 + 20 * width), parsed)
    assert has_ink(page, place_of(second, 72, 72 + 4 * width), parsed)


def place_of(line: Box, left: float, right: float) -> Box:
    return Box(line.page, left, line.y0, right, line.y1)


def test_a_value_over_two_lines_has_two_boxes() -> None:
    data = Pdf().lines("This was signed by Ann", "Miller in Bonn.", *FILLING).save()
    parsed = parse(data, name="")
    copy = burned(data, "Ann\nMiller")
    page = pictures(copy.data)[0]
    start = parsed.text.index("Ann")
    boxes = place(parsed, start, start + len("Ann\nMiller"))[1]
    assert len(boxes) == 2
    for box in boxes:
        assert is_black(page, place_of(box, box.x0 + 1, box.x1 - 1), parsed)
    assert "iller" not in text_of(copy)


def test_a_value_that_a_page_break_cuts() -> None:
    pdf = Pdf().lines(*FILLING, "This was signed by Ann").text(300, 760, "1")
    data = pdf.page().lines("Contract of sale", "Miller in Bonn, Ann Miller.", *FILLING).save()
    copy = burned(data, "Ann Miller")
    assert "Ann" not in text_of(copy)
    assert "iller" not in text_of(copy)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page(turn: int) -> None:
    upright = Pdf().lines("Made by Ann Miller of Bonn", *FILLING).save()
    document = PdfDocument(upright)
    document[0].set_rotation(turn)
    buffer = io.BytesIO()
    document.save(buffer)
    data = buffer.getvalue()
    parsed = parse(data, name="")
    copy = burned(data, "Ann Miller")
    again = read(copy)
    assert [(p.width, p.height) for p in again.pages] == [(p.width, p.height) for p in parsed.pages]
    written = "Made by [PERSON-1] of Bonn"
    # pdfium reads lines that stand on their heads word by word
    assert sorted(written.split()) == sorted(line_of(again, "Made").split())
    if turn != 180:
        assert written in again.text
    standing = np.rot90(pictures(copy.data)[0], turn // 90)
    before = parse(upright, name="")
    start = before.text.index("Ann")
    _, (box,) = place(before, start, start + len("Ann Miller"))
    assert is_black(standing, place_of(box, box.x0 + 1, box.x1 - 1), before)
    assert has_ink(standing, place_of(box, box.x1 + 5, box.x1 + 25), before)


def line_of(parsed: ParsedDocument, word: str) -> str:
    return next(line for line in parsed.text.split("\n") if word in line)


def test_a_cropped_page_and_pages_of_other_sizes() -> None:
    pdf = Pdf()
    pdf.canvas.setCropBox((50, 500, 500, 760))
    pdf.lines("Made by Ann Miller of Bonn", *FILLING).text(72, 600, "Ann Miller beyond the edge")
    pdf.page()
    pdf.canvas.setPageSize((300, 400))
    pdf.canvas.setCropBox((0, 0, 300, 400))
    data = pdf.lines("Ann Miller too", y=500).save()
    copy = burned(data, "Ann Miller")
    again = read(copy)
    assert "Made by [PERSON-1] of Bonn" in again.text
    assert "beyond" not in again.text
    assert [(p.width, p.height) for p in again.pages] == [(450.0, 260.0), (300.0, 400.0)]


def test_text_that_runs_upwards() -> None:
    pdf = Pdf().lines(*FILLING)
    pdf.canvas.rotate(90)
    pdf.canvas.drawString(200, -40, "Draft of Ann Miller, not final")
    data = pdf.save()
    parsed = parse(data, name="")
    page = pictures(burned(data, "Ann Miller").data)[0]
    run = next(each for each in parsed.boxes if "Draft" in parsed.text[each.start : each.end])
    width = pdf.canvas.stringWidth("Draft of ", "Helvetica", 12)
    name = pdf.canvas.stringWidth("Ann Miller", "Helvetica", 12)
    box = run.box
    assert box.y1 == pytest.approx(792 - 200, abs=2)
    top = 792 - 200 - width - name
    assert is_black(page, Box(1, box.x0, top + 1, box.x1, top + name - 1), parsed)
    assert has_ink(page, Box(1, box.x0, 792 - 200 - width + 3, box.x1, 792 - 200), parsed)


def hidden_under_a_box(pdf: Pdf) -> None:
    pdf.text(72, 300, "Paid by Ann Miller to Bob Stone.")
    left = 72 + pdf.canvas.stringWidth("Paid by ", "Helvetica", 12)
    width = pdf.canvas.stringWidth("Ann Miller", "Helvetica", 12)
    pdf.canvas.rect(left - 1, 792 - 304, width + 2, 14, fill=1)


def white_on_white(pdf: Pdf) -> None:
    pdf.canvas.setFillGray(1)
    pdf.text(72, 300, "Ann Miller")


def drawn_as_nothing(pdf: Pdf) -> None:
    text = pdf.canvas.beginText(72, 492)
    text.setTextRenderMode(3)
    text.textLine("Ann Miller")
    pdf.canvas.drawText(text)


def information(pdf: Pdf) -> None:
    pdf.canvas.setAuthor("Ann Miller")
    pdf.canvas.setTitle("Ann Miller")
    pdf.canvas.setKeywords("Ann Miller")


def outline(pdf: Pdf) -> None:
    pdf.canvas.bookmarkPage("Ann Miller")
    pdf.canvas.addOutlineEntry("Ann Miller", "Ann Miller")


def a_note(pdf: Pdf) -> None:
    pdf.canvas.textAnnotation("Ask Ann Miller", (72, 300, 90, 320))


def a_link(pdf: Pdf) -> None:
    pdf.canvas.linkURL("mailto:ann.miller@a.example", (72, 300, 90, 320))


def an_empty_field(pdf: Pdf) -> None:
    pdf.canvas.acroForm.textfield(
        name="Ann Miller", tooltip="Ann Miller", value="", x=72, y=300, annotationFlags="hidden"
    )


@pytest.mark.parametrize(
    "hide",
    [
        hidden_under_a_box,
        white_on_white,
        drawn_as_nothing,
        information,
        outline,
        a_note,
        a_link,
        an_empty_field,
    ],
)
def test_what_is_hidden_in_the_file_is_gone(hide: Callable[[Pdf], None]) -> None:
    pdf = Pdf().lines("This page names nobody at all.", *FILLING)
    hide(pdf)
    data = pdf.save()
    copy = burn(data, parse(data, name=""), [])
    assert "iller" not in text_of(copy)
    assert b"iller" not in copy.data
    assert "This page names nobody at all." in text_of(copy)


def test_words_beside_an_old_box_stay() -> None:
    pdf = Pdf().lines(*FILLING)
    hidden_under_a_box(pdf)
    data = pdf.save()
    assert "Paid by to Bob Stone." in text_of(burn(data, parse(data, name=""), []))


def test_a_form_is_filled_in() -> None:
    pdf = Pdf().lines("Name of the tenant:", *FILLING)
    pdf.canvas.acroForm.textfield(name="tenant", value="Ann Miller", x=200, y=700, width=150)
    pdf.text(72, 300, "End.")
    data = pdf.save()
    copy = burned(data, "Ann Miller")
    assert "iller" not in text_of(copy)
    assert "[PERSON-1]" in text_of(copy)


def test_older_versions_scripts_and_files_are_gone() -> None:
    catalog = (
        "<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R/OpenAction<</S/JavaScript/JS(Ann Miller)>>"
        "/Names<</EmbeddedFiles<</Names[(Ann Miller)<</Type/Filespec"
        "/F(Ann Miller.txt)/EF<</F 7 0 R>>>>]>>>>>>"
    )
    page = (
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>"
        "/Contents 4 0 R/PieceInfo<</A<</Private(Ann Miller)>>>>>>"
    )
    data = assembled(
        [
            catalog,
            "<</Type/Pages/Count 1/Kids[3 0 R]>>",
            page,
            stream("BT /F1 12 Tf 72 700 Td (By Ann Miller, and by nobody else at all.) Tj ET"),
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            stream("<x:xmpmeta>Ann Miller</x:xmpmeta>"),
            stream("Ann Miller"),
            stream("An object of an older version: Ann Miller"),
        ]
    )
    copy = burned(data, "Ann Miller")
    assert b"Miller" in data
    assert b"iller" not in copy.data
    assert not parse(copy.data, name="", keep_scans=True).attachments


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Mr Gri\ufb03n signs", "Mr Griffin"),
        ("Herr Schu\u00admann geht", "Schumann"),
        ("Herr Schu\u200bmann geht", "Schumann"),
        ("Поставщик Иванов И.И. подписал", "Иванов И.И."),
        ("חוזה של ישראל ישראלי בעמ", None),
    ],
)
def test_letters_of_any_kind(line: str, value: str | None) -> None:
    data = coded_pdf(line, "And so on, and so forth.", "Nothing else is said here, at length.")
    parsed = parse(data, name="")
    value = value or parsed.text.split("\n")[0].split(" ")[1]
    assert value in parsed.text
    copy = burned(data, value)
    assert value not in text_of(copy)
    assert "And so on, and so forth." in text_of(copy)
    page = pictures(copy.data)[0]
    run = parsed.boxes[0]
    first = parsed.text.split("\n")[0]
    middle = parsed.text.index(value) + len(value) // 2
    # Hebrew is read from the right, and drawn here from the left
    at = middle if first != line[::-1] else len(line) - 1 - middle
    left = 72 + at * 7.2 + 1
    assert is_black(page, place_of(run.box, left, left + 5), parsed)


def test_letters_without_a_meaning_are_not_shown() -> None:
    data = coded_pdf("By \ue001\ue002\ue003 \ue004\ue005 of Bonn", "And so on, and so forth.")
    parsed = parse(data, name="")
    page = pictures(burn(data, parsed, []).data)[0]
    box = parsed.boxes[0].box
    assert is_black(page, place_of(box, 72 + 3.2 * 7.2, 72 + 8.8 * 7.2), parsed)


def test_a_page_that_was_not_read_is_withheld() -> None:
    data = Pdf().lines("Made by Ann Miller", *FILLING).page().picture(0, 0, 612, 792).save()
    copy = burned(data, "Ann Miller")
    first, second = pictures(copy.data)
    assert first.any()
    assert not second.any()
    assert [(notice.code, notice.page) for notice in copy.warnings] == [("page_withheld", 2)]


def test_pictures_are_said_to_be_unexamined() -> None:
    data = Pdf().lines("Made by Ann Miller", *FILLING).picture(72, 300, 120, 60).save()
    copy = burned(data, "Ann Miller")
    assert [(notice.code, notice.page) for notice in copy.warnings] == [("pictures_in_copy", 1)]


def test_a_recognised_page() -> None:
    """What OCR read has boxes of lines only: the words are told apart by their picture."""
    lines = ("iiii illi Ann Miller WWWW and others", "lived in Bonn for a while")
    typed = parse(courier(*lines).save(), name="")
    scan = courier(*lines)
    scan.picture(0, 0, 1, 1)
    picture = burn(scan.save(), typed, [])
    data = picture.data
    parsed = parse(data, name="", keep_scans=True)
    text = "\n".join(lines) + "\n"
    boxes = tuple(
        TextBox(text.index(line), text.index(line) + len(line), run.box)
        for line, run in zip(lines, typed.boxes, strict=True)
    )
    page = RecognisedPage(1, text, boxes, 0.9)
    unread = ParsedDocument(
        parsed.media_type,
        "",
        tuple(type(p)(p.number, 0, 0, p.width, p.height, has_text=False) for p in parsed.pages),
    )
    merged = ocr.merged(unread, Recognition("test", (page,)))
    copy = burn(only_pictures(data), merged, marked(merged, "Ann Miller"))
    shown = pictures(copy.data)[0]
    box = merged.boxes[0].box
    left = 72 + 10 * 6.6
    assert is_black(shown, place_of(box, left, left + 10 * 6.6), merged)
    assert has_ink(shown, place_of(box, 72 + 21.2 * 6.6, 72 + 24.8 * 6.6), merged)
    assert "WWWW and others" in text_of(copy)


def only_pictures(data: bytes) -> bytes:
    """A scan: the pages of a redacted PDF without the words over them."""
    return data.replace(b"/Font 4 0 R", b"           ")


def test_a_protected_pdf() -> None:
    pdf = Pdf(password="secret").lines("Made by Ann Miller", *FILLING)
    copy = burned(pdf.save(), "Ann Miller", passwords=("secret",))
    assert "Made by [PERSON-1]" in text_of(copy)


def test_the_same_bytes_again() -> None:
    data = Pdf().lines("Made by Ann Miller", *FILLING).save()
    assert burned(data, "Ann Miller").data == burned(data, "Ann Miller").data
