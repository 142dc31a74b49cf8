import io
import re
import zipfile

import pytest

from lexmill_legal.parsing import parse
from lexmill_legal.redaction import burn
from lexmill_legal.results import Redaction
from tests.legal.parsing.making import deleted, docx, inserted, paragraph, part, run, table
from tests.legal.redaction.burning_of import burned, text_of


def raw(copy: bytes) -> str:
    """Every part, unpacked, and every name in the container."""
    with zipfile.ZipFile(io.BytesIO(copy)) as archive:
        return "\n".join(
            f"{item.filename}\n{archive.read(item).decode()}" for item in archive.infolist()
        )


def test_a_value_split_over_runs() -> None:
    body = paragraph(run("By An") + run("n Mil", "<w:b/>") + run("ler, of Bonn."))
    copy = burned(docx(body), "Ann Miller")
    assert text_of(copy) == "By [PERSON-1], of Bonn.\n"
    assert "iller" not in raw(copy.data)
    assert copy.suffix == ".docx"


def test_tables_notes_and_text_boxes() -> None:
    box = (
        "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>"
        f"{paragraph('Box of Ann Miller')}</w:txbxContent></wps:txbx></w:drawing></mc:Choice>"
        "<mc:Fallback><w:pict><w:txbxContent>Ann Miller</w:txbxContent></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    body = (
        paragraph(run("Parties") + '<w:r><w:footnoteReference w:id="7"/></w:r>' + box)
        + table([["Name", "Ann Miller"], ["City", "Bonn"]])
        + paragraph("End.")
    )
    notes = part("footnotes", f'<w:footnote w:id="7">{paragraph("See Ann Miller.")}</w:footnote>')
    copy = burned(docx(body, {"footnotes.xml": notes}), "Ann Miller")
    assert text_of(copy) == (
        "Parties[1]\n\nBox of [PERSON-1]\n\nName\t[PERSON-1]\nCity\tBonn\n\nEnd.\n\n"
        "[1] See [PERSON-1].\n"
    )
    assert "iller" not in raw(copy.data)


HIDING = {
    "comments": (
        paragraph('<w:commentRangeStart w:id="1"/>' + run("Text") + '<w:commentRangeEnd w:id="1"/>')
    ),
    "deletion": paragraph(deleted("Ann Miller", "Ann Miller") + run("Text")),
    "moved": paragraph(f'<w:moveFrom w:author="Ann Miller">{run("Ann Miller")}</w:moveFrom>'),
    "insertion": paragraph(inserted("Text", "Ann Miller")),
    "hidden": paragraph(run("Ann Miller", "<w:vanish/>") + run("Text")),
    "field code": paragraph(
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>AUTHOR "Ann Miller"'
        "</w:instrText></w:r><w:r><w:t>Ann Miller</w:t></w:r><w:r><w:fldChar"
        ' w:fldCharType="separate"/></w:r><w:r><w:t>Text</w:t></w:r><w:r><w:fldChar'
        ' w:fldCharType="end"/></w:r>'
    ),
    "simple field": paragraph(
        f'<w:fldSimple w:instr="AUTHOR Ann Miller">{run("Text")}</w:fldSimple>'
    ),
    "link": paragraph(
        f'<w:hyperlink r:id="rId9" w:tooltip="Ann Miller" w:anchor="AnnMiller">{run("Text")}'
        "</w:hyperlink>"
    ),
    "bookmark": paragraph('<w:bookmarkStart w:id="1" w:name="AnnMiller"/>' + run("Text")),
    "content control": (
        '<w:sdt><w:sdtPr><w:alias w:val="Ann Miller"/><w:tag w:val="Ann Miller"/></w:sdtPr>'
        f"<w:sdtContent>{paragraph('Text')}</w:sdtContent></w:sdt>"
    ),
    "picture": paragraph(
        run("Text") + '<w:r><w:drawing><a:blip r:embed="rId8"/><a:docPr descr="Ann Miller"/>'
        "</w:drawing></w:r>"
    ),
    "attributes": paragraph(
        run(
            "Text",
            '<w:rFonts w:ascii="Ann Miller"/><w:color w:val="Ann Miller"/>',
        ),
        '<w:pStyle w:val="AnnMiller"/><w:jc w:val="Ann Miller"/>',
    ),
    "alternative chunk": paragraph("Text") + '<w:altChunk r:id="rId7"/>',
    "unknown element": paragraph("Text") + "<w:annMiller><w:t>Ann Miller</w:t></w:annMiller>",
}


@pytest.mark.parametrize("body", HIDING.values(), ids=HIDING)
def test_what_is_not_in_the_text_is_gone(body: str) -> None:
    data = docx(
        paragraph("By Ann Miller") + body,
        {
            "comments.xml": part(
                "comments",
                '<w:comment w:id="1" w:author="Ann Miller" w:initials="AM">'
                f"{paragraph('Ask Ann Miller')}</w:comment>",
            ),
            "header1.xml": part("hdr", paragraph("Ann Miller")),
            "settings.xml": part(
                "settings", '<w:docVars><w:docVar w:name="n" w:val="Ann Miller"/></w:docVars>'
            ),
            "styles.xml": part(
                "styles",
                '<w:style w:type="paragraph" w:styleId="AnnMiller"><w:name w:val="Ann Miller"/>'
                "<w:pPr><w:keepNext/></w:pPr></w:style>",
            ),
            "numbering.xml": part(
                "numbering",
                '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/>'
                '<w:lvlText w:val="Ann Miller %1"/></w:lvl></w:abstractNum>',
            ),
        },
        {
            "rId7": ("aFChunk", "chunk.html"),
            "rId9": ("hyperlink", "mailto:ann.miller@a.example"),
            "rId1": ("header", "header1.xml"),
        },
        {
            "docProps/core.xml": b"<c>Ann Miller</c>",
            "docProps/thumbnail.jpeg": b"Ann Miller",
            "customXml/item1.xml": b"<c>Ann Miller</c>",
            "word/media/image1.png": b"\x89PNG Ann Miller",
            "word/chunk.html": b"<p>Ann Miller</p>",
            "ann-miller.txt": b"",
        },
    )
    copy = burned(data, "Ann Miller")
    assert not re.search(r"(?i)iller", raw(copy.data))
    assert text_of(copy).startswith("By [PERSON-1]\n")
    assert [warning.code for warning in copy.warnings] == ["not_in_copy"]


def test_the_copy_keeps_its_form() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
        '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    )
    styles = (
        '<w:style w:type="paragraph" w:styleId="Kopf"><w:name w:val="heading 1"/>'
        "<w:rPr><w:b/></w:rPr></w:style>"
    )
    body = (
        paragraph("Contract", '<w:pStyle w:val="Kopf"/><w:jc w:val="center"/>')
        + paragraph("Ann Miller", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')
        + paragraph(run("Sign", "<w:i/>") + "<w:r><w:tab/><w:br/></w:r>" + run("here"))
        + '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    )
    parts = {"numbering.xml": part("numbering", numbering), "styles.xml": part("styles", styles)}
    copy = burned(docx(body, parts), "Ann Miller")
    assert text_of(copy) == "Contract\n\n1. [PERSON-1]\n\nSign\t\nhere\n"
    written = raw(copy.data)
    for kept in (
        '<w:pStyle w:val="S1"/><w:jc w:val="center"/>',
        "<w:rPr><w:i/></w:rPr>",
        '<w:name w:val="heading 1"/>',
        '<w:pgSz w:w="11906" w:h="16838"/>',
    ):
        assert kept in written


def test_symbols_and_invisible_characters_in_a_value() -> None:
    body = paragraph(
        run("By Ann\u200b Mil\u00adler and 40817")
        + "<w:r><w:noBreakHyphen/></w:r>"
        + run("810 ")
        + '<w:r><w:sym w:font="Arial" w:char="0041"/></w:r>'
    )
    data = docx(body)
    parsed = parse(data, name="")
    marks = [
        Redaction(3, 13, "person", "r", "[PERSON-1]"),
        Redaction(parsed.text.index("40817"), len(parsed.text) - 1, "account", "r", "[ACCOUNT-2]"),
    ]
    copy = burn(data, parsed, marks)
    assert re.sub("-$", "", text_of(copy).strip()) == "By [PERSON-1] and [ACCOUNT-2]"
    assert not re.search("iller|810|Mil|0041", raw(copy.data))


def test_the_same_bytes_again() -> None:
    data = docx(paragraph("Ann Miller"))
    assert burned(data, "Ann Miller").data == burned(data, "Ann Miller").data
