import io
import zipfile

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.results import ParsedDocument, Revision

_ODF = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = " ".join(
    f'xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table", "style", "manifest")
)
NAMESPACES += (
    f' xmlns:draw="{_ODF}:drawing:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink"'
)
SOMEHOW_ENCRYPTED = (
    '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>'
    "</manifest:file-entry>"
)
LEVELS = (
    '<text:list-style style:name="L">'
    '<text:list-level-style-number text:level="1" style:num-suffix="." style:num-format="1"/>'
    '<text:list-level-style-number text:level="2" style:num-format="1" text:display-levels="2"/>'
    '<text:list-level-style-number text:level="3" style:num-prefix="(" style:num-suffix=")"'
    ' style:num-format="a"/></text:list-style>'
)


def odt(body: str, styles: str = "", manifest: str = "", **more: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMESPACES}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            f"<manifest:manifest {NAMESPACES}>{manifest}</manifest:manifest>",
        )
        for name, data in more.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def read(body: str, styles: str = "") -> ParsedDocument:
    parsed = parse(odt(body, styles), name="a.odt")
    assert parsed.media_type == "application/vnd.oasis.opendocument.text"
    return parsed


def p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def item(content: str, attributes: str = "") -> str:
    return f"<text:list-item{attributes}>{content}</text:list-item>"


def listed(*items: str, attributes: str = "") -> str:
    return f'<text:list text:style-name="L"{attributes}>{"".join(items)}</text:list>'


def test_paragraphs_and_white_space() -> None:
    body = p("The <text:span>Sup</text:span>plier\n  pays<text:s text:c='2'/>5") + p("") + p("b")
    assert read(body).text == "The Supplier pays  5\n\nb\n"


def test_breaks_tabs_and_links() -> None:
    assert read(p("a<text:line-break/>b<text:tab/><text:a>c</text:a>")).text == "a\nb\tc\n"


def test_lists_are_numbered_as_they_are_drawn() -> None:
    inner = "<text:list>" + item(p("x")) + item(p("y")) + "</text:list>"
    body = listed(item(p("One") + p("still one")), item(p("Two") + inner))
    assert read(body, LEVELS).text == "1. One\n\nstill one\n\n2. Two\n\n2.1 x\n\n2.2 y\n"


def test_lists_go_on_or_begin_anew() -> None:
    body = listed(item(p("a")), attributes=' xml:id="one"') + p("between")
    body += listed(item(p("b")), attributes=' text:continue-numbering="true"')
    body += listed(item(p("c"))) + listed(item(p("d")), attributes=' text:continue-list="one"')
    body += listed(item(p("e"), ' text:start-value="9"'))
    assert read(body, LEVELS).text.split("\n\n") == [
        "1. a", "between", "2. b", "1. c", "3. d", "9. e\n",
    ]  # fmt: skip


def test_a_list_that_begins_at_a_deeper_level() -> None:
    deep = "<text:list>" + item("<text:list>" + item(p("x")) + "</text:list>") + "</text:list>"
    assert read(listed(item(deep)), LEVELS).text == "(a) x\n"


def test_headings_are_numbered_by_the_outline() -> None:
    outline = (
        '<text:outline-style><text:outline-level-style text:level="1" style:num-format="I"'
        ' style:num-suffix="."/></text:outline-style>'
    )
    heading = '<text:h text:outline-level="1">{}</text:h>'
    body = heading.format("Scope") + p("x") + heading.format("Law")
    assert read(body, outline).text == "I. Scope\n\nx\n\nII. Law\n"


def test_tables_stand_row_by_row() -> None:
    def cells(*texts: str) -> str:
        inner = "".join(
            f"<table:table-cell>{text and p(text)}</table:table-cell>" for text in texts
        )
        return f"<table:table-row>{inner}</table:table-row>"

    rows = f"<table:table-header-rows>{cells('Item', 'Price')}</table:table-header-rows>"
    table = f"<table:table>{rows}{cells('', 'EUR 5')}{cells('word ' * 50, 'b')}</table:table>"
    wide = ("word " * 50).rstrip()
    assert read(p("a") + table + p("b")).text.replace(" \t", "\t") == (
        f"a\n\nItem\tPrice\n\tEUR 5\n{wide}\tb\n\nb\n"
    )


def change(kind: str, content: str = "") -> str:
    return (
        f'<text:tracked-changes><text:changed-region xml:id="c"><text:{kind}><office:change-info>'
        f"<dc:creator>Ann</dc:creator></office:change-info>{content}</text:{kind}>"
        "</text:changed-region></text:tracked-changes>"
    )


def test_an_insertion_is_accepted_and_told() -> None:
    marked = (
        'Pay <text:change-start text:change-id="c"/>45<text:change-end text:change-id="c"/> days'
    )
    parsed = read(change("insertion") + p(marked))
    assert parsed.text == "Pay 45 days\n"
    assert parsed.revisions == (Revision("insertion", "Ann", 4, 6, "45"),)


def test_a_deletion_is_left_out_and_told() -> None:
    parsed = read(change("deletion", p("30")) + p('Pay <text:change text:change-id="c"/>45'))
    assert parsed.text == "Pay 45\n"
    assert parsed.revisions == (Revision("deletion", "Ann", 4, 4, "30"),)


def test_comments_have_a_range_or_a_point() -> None:
    note = "<dc:creator>Ann</dc:creator><dc:date>2024</dc:date><text:p>Why?</text:p>"
    body = (
        f'The <office:annotation office:name="1">{note}</office:annotation>fee'
        '<office:annotation-end office:name="1"/> is'
        f"<office:annotation>{note}</office:annotation> 5"
    )
    parsed = read(p(body))
    assert parsed.text == "The fee is 5\n"
    assert parsed.revisions == (
        Revision("comment", "Ann", 4, 7, "Why?"),
        Revision("comment", "Ann", 10, 10, "Why?"),
    )


def test_notes_and_boxes_stand_after_the_text_they_hang_on() -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        f"{p('net')}</text:note-body></text:note>"
    )
    box = f"<draw:frame><draw:text-box>{p('box')}</draw:text-box></draw:frame>"
    assert read(p(f"Fee{note}{box} is") + p("due")).text == "Fee[1] is\n\nbox\n\ndue\n\n[1] net\n"


def test_hidden_text_is_kept_and_told() -> None:
    style = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    parsed = read(p('a <text:span text:style-name="H">b</text:span>'), style)
    assert parsed.text == "a b\n"
    assert [warning.code for warning in parsed.warnings] == ["hidden_text"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (odt(""), "empty"),
        (odt(p("<draw:frame><draw:image/></draw:frame>")), "needs_ocr"),
        (odt(p("a"), manifest=SOMEHOW_ENCRYPTED), "encrypted"),
        (odt("<text:section>" * 200 + "</text:section>" * 200), "corrupt"),
        (odt("</x>"), "corrupt"),
        (odt(p("a"))[:-30], "corrupt"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="a.odt")
    assert caught.value.code == code
