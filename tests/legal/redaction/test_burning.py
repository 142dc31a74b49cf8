"""What holds for the copy of any document."""

import io
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.redaction import Burned, burn
from lexmill_legal.redaction.marks import read_marks
from lexmill_legal.redaction.verification import verify
from lexmill_legal.results import ParsedDocument, Redaction
from tests.legal.parsing.making import Pdf, docx, paragraph
from tests.legal.parsing.test_protected import agile
from tests.legal.parsing.test_signed import signed
from tests.legal.redaction.burning_of import burned, marked, text_of

MAIL = (
    b"From: Ann Miller <ann.miller@a.example>\r\nTo: Bob <bob@a.example>\r\nSubject: Sale\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nAnn Miller buys.\r\n"
)
RTF = rb"{\rtf1\ansi{\info{\author Ann Miller}}Ann Miller buys.\par}"


@pytest.mark.parametrize("data", [MAIL, RTF], ids=["eml", "rtf"])
def test_a_format_that_is_not_rewritten_gives_its_text(data: bytes) -> None:
    copy = burned(data, "Ann Miller")
    assert (copy.media_type, copy.suffix) == ("text/plain", ".txt")
    assert [warning.code for warning in copy.warnings] == ["redacted_as_text"]
    assert b"[PERSON-1] buys." in copy.data
    assert b"iller" not in copy.data


def test_a_signed_document_is_opened() -> None:
    copy = burned(signed(Pdf().lines("Made by Ann Miller").save()), "Ann Miller")
    assert copy.suffix == ".pdf"
    assert "iller" not in text_of(copy)


def test_a_protected_document_is_opened() -> None:
    data = agile(docx(paragraph("Made by Ann Miller")), "secret")
    copy = burned(data, "Ann Miller", passwords=("secret",))
    assert copy.suffix == ".docx"
    assert text_of(copy) == "Made by [PERSON-1]\n"


WORDS = st.sampled_from(["Ann", "Ann Miller", "ANN", "4070", "281 05", "28105", "a@b.ex", "x", "7"])
GAPS = st.sampled_from([" ", "\n", "-\n", "\u200b", "\u00ad", ", ", "\t", ""])


@given(st.lists(st.tuples(WORDS, GAPS), max_size=12), st.data())
def test_no_value_is_left_anywhere(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "- " + "".join(word + gap for word, gap in parts)
    places = st.integers(0, len(text))
    marks = [
        Redaction(min(a, b), max(a, b), "person", "r", "[P-1]")
        for a, b in data.draw(st.lists(st.tuples(places, places), max_size=3))
    ]
    copy = burn(text.encode(), ParsedDocument("text/plain", text), marks).data.decode()
    shown = re.sub("[\u200b\u00ad]", "", copy.replace("[P-1]", " "))
    # apart from what is too short to tell anything, and what is part of a longer word
    for mark in marks:
        value = text[mark.start : mark.end].strip()
        if len(re.sub(r"\W", "", value)) >= 3 and not re.search(r"\W", value):
            assert not re.search(rf"\b{re.escape(value)}\b", shown)


TEXT = "Made by Ann Miller of Bonn."
LEAKS = {
    "text": Burned(b"by ANN\nMil-\nler", "text/plain", ".txt"),
    "percent": Burned(b"http://a.example/?ann%20miller", "text/plain", ".txt"),
    "reference": Burned(b"&#65;nn Miller", "text/plain", ".txt"),
    "comment": Burned(b"<!doctype html><!-- Ann Miller -->", "text/html", ".html"),
    "attribute": Burned(b"<p title='Ann Miller'>x</p>", "text/html", ".html"),
    "pdf": Burned(Pdf().lines("Ann Miller").save(), "application/pdf", ".pdf"),
}


@pytest.mark.parametrize("copy", LEAKS.values(), ids=LEAKS)
def test_a_copy_that_leaks_is_refused(copy: Burned) -> None:
    parsed = ParsedDocument("text/plain", TEXT)
    with pytest.raises(DocumentError, match="not_redactable"):
        verify(copy, read_marks(parsed, marked(parsed, "Ann Miller")))


def changed(copy: Burned, member: str, old: bytes, new: bytes) -> Burned:
    """The same container with one part changed, or with a part more."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(copy.data)) as source,
        zipfile.ZipFile(buffer, "w") as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item.filename, content.replace(old, new))
        if member not in source.namelist():
            target.writestr(member, new)
    return Burned(buffer.getvalue(), copy.media_type, copy.suffix)


@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        ("docProps/core.xml", b"", b"<c>Ann Miller</c>"),
        ("word/document.xml", b"<w:t ", b'<w:t w:author="Ann Miller" '),
        ("word/document.xml", b"</w:body>", b"<w:p>Ann Miller</w:p></w:body>"),
        ("word/settings.xml", b"compatibilityMode", b"Ann Miller"),
    ],
)
def test_a_word_document_with_more_in_it_is_refused(member: str, old: bytes, new: bytes) -> None:
    data = docx(paragraph(TEXT))
    parsed = parse(data, name="")
    marks = marked(parsed, "Ann Miller")
    copy = changed(burn(data, parsed, marks), member, old or b"\0", new)
    with pytest.raises(DocumentError, match="not_redactable"):
        verify(copy, read_marks(parsed, marks))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Type/Catalog", b"/Type/Catalog/Lang(Ann Miller)"),
        (b"%%EOF\n", b"%%EOF\nAnn Miller"),
        (b"/Type/Pages/", b"/Type/Pages/AnnMiller 1/"),
    ],
)
def test_a_pdf_with_more_in_it_is_refused(old: bytes, new: bytes) -> None:
    data = Pdf().lines(TEXT).save()
    parsed = parse(data, name="")
    marks = marked(parsed, "Ann Miller")
    copy = burn(data, parsed, marks)
    more = Burned(copy.data.replace(old, new), copy.media_type, copy.suffix)
    with pytest.raises(DocumentError, match="not_redactable"):
        verify(more, read_marks(parsed, marks))
