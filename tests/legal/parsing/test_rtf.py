import time

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.results import Revision
from lexmill_legal.results import Warning as Notice
from tests.legal.parsing.test_properties import checked

FONTS = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial CYR;}{\f2\fcharset2 Symbol;}}"


def rtf(body: str, head: str = r"\rtf1\ansi\ansicpg1252\deff0" + FONTS) -> bytes:
    gap = "" if head.endswith("}") else " "
    return ("{" + head + gap + body + "}").encode("latin-1")


def text(body: str) -> str:
    parsed = parse(rtf(body), name="a.rtf")
    assert parsed.media_type == "application/rtf"
    return parsed.text


def revisions(body: str, tables: str = "") -> tuple[Revision, ...]:
    head = r"\rtf1\ansi{\*\revtbl{Unknown;}{Ann;}{Bob;}}" + tables
    return parse(rtf(body, head), name="").revisions


def refused(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="a.rtf")
    return caught.value


def test_paragraphs_and_characters() -> None:
    assert text(r"The \b Sup\b0 plier\rquote s fee\~is \u8364?5.\par\par Two\line three\tab x") == (
        "The Supplier’s fee is €5.\n\nTwo\nthree\tx\n"
    )


def test_letters_are_read_in_the_code_page_of_their_font() -> None:
    assert text(r"\'e9 {\f1 \'c4\'ee\'e3\'ee\'e2\'ee\'f0} \'e9 {\f2\'b7} x") == "é Договор é • x\n"


def test_the_documents_own_code_page() -> None:
    data = rtf(r"\'c4\'ee\'e3\'ee\'e2\'ee\'f0", r"\rtf1\ansi\ansicpg1251")
    assert parse(data, name="").text == "Договор\n"
    assert (
        parse("{\\rtf1\\ansi\\ansicpg1251 Договор}".encode("cp1251"), name="").text == "Договор\n"
    )


def test_letters_tell_where_nothing_says_the_code_page() -> None:
    russian = "Настоящий договор поставки заключён между сторонами"
    codes = "".join(f"\\'{byte:02x}" for byte in russian.encode("cp1251"))
    assert parse(rtf(codes, r"\rtf1\ansi"), name="").text == f"{russian}\n"


def test_unicode_with_and_without_its_substitute() -> None:
    assert text(r"{\uc1\u1044\'c4\u1086 ?\u1075?}{\uc0\u1086\u1074}{\uc2\u1086 ??x}") == "Договоx\n"
    assert text(r"\u-10179?\u-8704? x\u-10179? y") == "😀 x y\n"
    assert text(r"{\upr{?}{\*\ud{\u1044?}}}") == "Д\n"


def test_tables_stand_row_by_row() -> None:
    row = r"\trowd\cellx1\cellx2\cellx3\intbl {a}\cell {b}\par {c}\cell\cell {d}\cell\row"
    assert text(rf"x\par {row} {row}\pard y") == "x\n\na\tb\nc\t\td\na\tb\nc\t\td\n\ny\n"


def test_a_row_of_paragraphs_is_set_apart() -> None:
    long = "word " * 45
    row = rf"\trowd\intbl {long}\cell two\cell\row"
    assert text(f"{row}{row}") == f"{long}\ttwo\n\n{long}\ttwo\n"


def test_numbers_of_lists_are_text() -> None:
    body = (
        r"{\listtext\pard\plain 1.1.\tab}Term\par{\pntext\f2\'b7\tab}Fee\par"
        r"{\*\pn\pnlvlblt{\pntxtb\'b7}}{\listtext o\tab}Law"
    )
    assert text(body) == "1.1. Term\n\n• Fee\n\n◦ Law\n"


def test_what_is_not_the_text_is_left_out() -> None:
    body = (
        r"{\stylesheet{\s1 heading 1;}}{\info{\author Ann}}{\header page}{\*\unknown x}"
        r"{\pict\pngblip 8950}{\*\bkmkstart b}{\field{\*\fldinst HYPERLINK x}{\fldrslt here}}"
        r"{\pict\bin6 {}{}{} }."
    )
    assert text(body) == "here.\n"


def test_notes_stand_at_the_end() -> None:
    body = r"Fee{\super\chftn}{\footnote\pard {\super\chftn} net of tax}.\par Law"
    assert text(body) == "Fee[1].\n\nLaw\n\n[1] net of tax\n"


def test_text_boxes_follow_their_paragraph() -> None:
    body = r"One{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt box\par}}{\shprslt box}} two\par three"
    assert text(body) == "One two\n\nbox\n\nthree\n"


def test_tracked_changes_are_accepted_and_told() -> None:
    body = r"Pay {\deleted\revauthdel1 30}{\revised\revauth2 45} days."
    assert parse(rtf(body), name="").text == "Pay 45 days.\n"
    assert revisions(body) == (
        Revision("deletion", "Ann", 4, 4, "30"),
        Revision("insertion", "Bob", 4, 6, "45"),
    )


def test_comments_have_their_range_and_author() -> None:
    body = (
        r"The {\*\atrfstart 7}fee{\*\atrfend 7}{\*\atnid A}{\*\atnauthor Ann}\chatn"
        r"{\*\annotation{\*\atnref 7}{\*\atndate 1}Too high} is due{\*\atnauthor Bob}\chatn"
        r"{\*\annotation When?}."
    )
    assert revisions(body) == (
        Revision("comment", "Ann", 4, 7, "Too high"),
        Revision("comment", "Bob", 14, 14, "When?"),
    )


def test_hidden_text_is_kept_and_told() -> None:
    parsed = parse(rtf(r"a{\v b}\plain c"), name="")
    assert parsed.text == "abc\n"
    assert [warning.code for warning in parsed.warnings] == ["hidden_text"]


def test_objects_are_told() -> None:
    parsed = parse(rtf(r"a{\object{\*\objdata 0105}{\result b}}"), name="")
    assert parsed.text == "ab\n"
    assert [type(each) for each in parsed.warnings] == [Notice]


def test_a_document_without_text() -> None:
    assert refused(rtf("")).code == "empty"
    assert refused(rtf(r"{\pict 8950}")).code == "needs_ocr"


@pytest.mark.parametrize(
    "hostile",
    [
        b"{\\rtf1 " + b"{" * 2_000_000,
        b"{\\rtf1 " + b"}" * 2_000_000,
        b"{\\rtf1 x" + b"\\bin999999999 ",
        b"{\\rtf1 x\\bin-5 \\u99999999999999 \\uc99999999 \\'zz \\",
        b"{\\rtf1 " + b"\\u55357?" * 300_000,
        b"{\\rtf1 " + b"{\\listtext " * 50_000 + b"x",
        b"{\\rtf1 " + b"\\cell " * 300_000 + b"x",
        b"{\\rtf1 " + b"{\\*\\atrfstart 1}a" * 30_000,
        b"{\\rtf1{\\field{\\*\\fldinst{HYPERLINK " + b'"x" ' * 100_000,
    ],
    ids=lambda data: str(data[:24]),
)
def test_hostile_files_end_soon(hostile: bytes) -> None:
    started = time.process_time()
    checked(hostile, "a.rtf")
    assert time.process_time() - started < 10
