"""Whatever comes in: a document that holds its own promises, or a DocumentError."""

import io
from email.message import EmailMessage
from xml.sax.saxutils import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse, place
from lexmill_legal.results import ParsedDocument
from tests.legal.parsing.making import Pdf, deleted, docx, inserted, paragraph, run, table
from tests.legal.parsing.ole import attached, attachments, compound_file, storage
from tests.legal.parsing.test_archive import archive
from tests.legal.parsing.test_odt import LEVELS, change, item, listed, odt, p
from tests.legal.parsing.test_pdf import turned
from tests.legal.parsing.test_pictures import picture
from tests.legal.parsing.test_signed import signed

CODES = {
    "corrupt",
    "detached_signature",
    "empty",
    "encrypted",
    "needs_converter",
    "needs_ocr",
    "too_large",
    "unknown_format",
    "unsupported_format",
}
NAMES = st.sampled_from(
    ["", "a.pdf", "a.docx", "a.txt", "a.md", "a.html", "a.eml", "a.xml", "a.rtf", "a.p7m"]
)


def _mail() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Ann <ann@example.com>", "Lease — Договор"
    message.set_content("Please sign.\n")
    message.add_alternative("<p>Please <b>sign</b>.</p>", subtype="html")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="ä.pdf")
    return bytes(message)


RICH = (
    rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Arial;}}{\*\revtbl{Unknown;}{Ann;}}\f0 "
    rb"{\listtext 1.\tab}\'c4\u1086?{\deleted\revauthdel1 b}{\revised\revauth1 c}{\footnote d}\par"
    rb"{\*\atrfstart 1}e{\*\atrfend 1}{\*\annotation{\*\atnref 1}f}\trowd\intbl g\cell h\cell\row}"
)
SEEDS = (
    Pdf().lines("This Agreement", "is made on", "12 March 2024.").page().lines("2").page().save(),
    docx(
        paragraph(run("a") + deleted("b") + inserted("c")) + table([["x", "y"]]),
    ),
    _mail(),
    b"<html><body><table><tr><td>a<td>b</table><ol><li>c<ins>d</ins></ol></body></html>",
    RICH,
    odt(
        change("deletion", p("x")) + listed(item(p("a"))) + p('b<text:change text:change-id="c"/>'),
        LEVELS,
    ),
    compound_file(storage({0x37: "Lease", 0x1000: "Sign"}, more=attachments(attached("a", b"b")))),
    archive({"a.txt": b"Lease", "b/c.html": b"<p>d</p>"}),
    signed(b"Lease"),
    picture("TIFF"),
    picture("JPEG"),
    "Договор поставки № 5\r\n".encode("cp1251"),
    "Lease\r\n".encode("utf-16"),
)


def checked(data: bytes, name: str) -> ParsedDocument | None:
    try:
        parsed = parse(data, name=name, keep_scans=True)
    except DocumentError as error:
        refusal = error
    else:
        hold_promises(parsed)
        return parsed
    assert refusal.code in CODES
    assert refusal.message.endswith(".")
    return None


def hold_promises(parsed: ParsedDocument) -> None:
    text = parsed.text
    text.encode()  # no lone surrogates
    assert not set(text) & {"\0", "\r"}
    at = 0
    for number, page in enumerate(parsed.pages, 1):
        assert (page.number, page.start) == (number, at)
        at = page.end
    assert not parsed.pages or at == len(text)
    before = 0
    for box in parsed.boxes:
        page = parsed.pages[box.box.page - 1]
        assert page.start <= box.start < box.end <= page.end
        assert before <= box.start
        before = box.end
        assert box.box.x0 < box.box.x1
        assert box.box.y0 < box.box.y1
        assert box.box.x0 >= 0
        assert box.box.y0 >= 0
        assert box.box.x1 <= page.width + 0.01
        assert box.box.y1 <= page.height + 0.01
        assert not text[box.start : box.end].endswith("\n")
    for revision in parsed.revisions:
        assert 0 <= revision.start <= revision.end <= len(text)
        if revision.kind == "insertion":
            assert text[revision.start : revision.end] == revision.text
    for file in parsed.attachments:
        assert file.name
        assert file.media_type.isascii()
        assert not set(file.name) & set("/\\\0\n")


@settings(max_examples=300)
@given(st.binary(max_size=600), NAMES)
def test_any_bytes(data: bytes, name: str) -> None:
    checked(data, name)


@settings(max_examples=300)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8), st.integers(0, 40)), max_size=6),
    NAMES,
)
def test_damaged_documents(seed: bytes, damages: list[tuple[float, bytes, int]], name: str) -> None:
    data = bytearray(seed)
    for where, replacement, length in damages:
        at = int(where * len(data))
        data[at : at + length] = replacement
    checked(bytes(data), name)


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_text_files_come_back_as_they_were(text: str) -> None:
    parsed = checked(text.encode("utf-8-sig"), "a.md")

    if parsed is not None and parsed.media_type == "text/markdown":
        expected = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        assert parsed.text == expected


WORD = st.text("abcdefgh IVXilmÄß.,()", min_size=1, max_size=60).filter(str.strip)


@settings(max_examples=60)
@given(st.lists(st.tuples(WORD, st.integers(30, 500), st.integers(40, 760)), max_size=8), st.data())
def test_places_lie_within_the_page_and_within_their_line(
    words: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    pdf = Pdf().text(40, 30, "Lease")
    for text, x, y in words:
        pdf.text(x, y, text)
    parsed = checked(pdf.page().save(), "a.pdf")
    assert parsed is not None
    start = data.draw(st.integers(0, len(parsed.text)))
    end = data.draw(st.integers(start, len(parsed.text)))

    page, boxes = place(parsed, start, end)

    assert page == 1
    lines = [run for run in parsed.boxes if run.start < end and run.end > start]
    assert len(boxes) == (len(lines) if start < end else 0)
    for box, line in zip(boxes, lines, strict=start < end):
        assert line.box.x0 <= box.x0 < box.x1 <= line.box.x1 + 1e-6
        assert (box.y0, box.y1) == (line.box.y0, line.box.y1)


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            WORD,
            st.integers(-200, 800),
            st.integers(-200, 900),
            st.sampled_from([0, 0, 0, 90, 180, 270, 30]),
            st.sampled_from([3, 9, 12, 40]),
        ),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from([0, 90, 180, 270]),
)
def test_every_character_has_its_box_on_its_page(
    drawn: list[tuple[str, int, int, int, int]], degrees: int
) -> None:
    """Wherever it stands, however it and its page are turned; what nobody sees is told."""
    pdf = Pdf().text(40, 30, "Lease")
    for text, x, y, angle, size in drawn:
        pdf.canvas.saveState()
        pdf.canvas.translate(x, y)
        pdf.canvas.rotate(angle)
        pdf.canvas.setFont("Helvetica", size)
        pdf.canvas.drawString(0, 0, text)
        pdf.canvas.restoreState()
    parsed = checked(turned(pdf.page().save(), degrees), "a.pdf")
    assert parsed is not None
    boxed = {at for run in parsed.boxes for at in range(run.start, run.end)}
    assert [
        at for at, char in enumerate(parsed.text) if not char.isspace() and at not in boxed
    ] == []


@settings(max_examples=60)
@given(st.lists(st.text("abc \t<>&é", max_size=12), max_size=12))
def test_every_word_of_a_word_document_is_in_its_text(words: list[str]) -> None:
    body = "".join(paragraph(run(escape(word))) for word in words)
    parsed = checked(docx(body), "a.docx")

    if parsed is not None:
        assert parsed.text.split() == " ".join(words).split()


def test_the_same_bytes_give_the_same_document() -> None:
    for seed in SEEDS:
        assert checked(seed, "") == checked(io.BytesIO(seed).read(), "")
