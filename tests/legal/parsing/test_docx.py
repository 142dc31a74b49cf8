import io
import zipfile
from collections.abc import Mapping

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.parsing.numbering import number
from lexmill_legal.results import ParsedDocument, Revision
from tests.legal.parsing.making import (
    deleted,
    docx,
    inserted,
    paragraph,
    part,
    run,
    table,
)


def read(
    body: str,
    parts: Mapping[str, str] | None = None,
    relationships: Mapping[str, tuple[str, str]] | None = None,
) -> ParsedDocument:
    parsed = parse(docx(body, parts, relationships), name="contract.docx")
    for revision in parsed.revisions:
        assert 0 <= revision.start <= revision.end <= len(parsed.text)
        if revision.kind == "insertion":
            assert parsed.text[revision.start : revision.end] == revision.text
        if revision.kind == "deletion":
            assert revision.start == revision.end
    return parsed


def level(index: int, form: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/>{more}</w:lvl>'
    )


def numbering(*levels: str, nums: str = "") -> Mapping[str, str]:
    nums = nums or '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    return {
        "numbering.xml": part(
            "numbering",
            f'<w:abstractNum w:abstractNumId="0">{"".join(levels)}</w:abstractNum>{nums}',
        )
    }


def numbered(text: str, at: int = 0, num: int = 1) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{num}"/></w:numPr>')


CONTRACT = (
    level(0, "decimal", "%1."),
    level(1, "decimal", "%1.%2"),
    level(2, "lowerLetter", "(%3)"),
    level(3, "lowerRoman", "(%4)"),
)


class TestText:
    def test_paragraphs_are_set_apart_by_a_blank_line(self) -> None:
        parsed = read(paragraph("First.") + paragraph("") + paragraph("Second."))

        assert parsed.text == "First.\n\nSecond.\n"
        assert parsed.media_type.endswith("wordprocessingml.document")
        assert parsed.pages == ()

    def test_a_word_cut_into_runs_is_one_word(self) -> None:
        assert read(paragraph(run("Agree") + run("ment"))).text == "Agreement\n"

    def test_line_breaks_tabs_and_hyphens_are_text(self) -> None:
        content = (
            run("a") + "<w:r><w:br/></w:r>" + run("b") + "<w:r><w:tab/></w:r>" + run("non")
            + "<w:r><w:noBreakHyphen/></w:r>" + run("com") + "<w:r><w:softHyphen/></w:r>"
            + run("pete")
        )  # fmt: skip

        assert read(paragraph(content)).text == "a\nb\tnon-compete\n"

    def test_a_page_break_before_the_first_word_is_layout(self) -> None:
        content = '<w:r><w:br w:type="page"/></w:r>' + run("Annex")

        assert read(paragraph("End.") + paragraph(content)).text == "End.\n\nAnnex\n"

    def test_no_break_spaces_are_spaces_and_optional_hyphens_are_gone(self) -> None:
        assert read(paragraph("§\xa05 Kündi\xadgung")).text == "§ 5 Kündigung\n"

    def test_tables_stand_row_by_row_in_reading_order(self) -> None:
        body = paragraph("Prices:") + table([["Item", "Price"], ["Mill", "EUR 5"]])

        assert (
            read(body + paragraph("End.")).text == "Prices:\n\nItem\tPrice\nMill\tEUR 5\n\nEnd.\n"
        )

    def test_an_empty_cell_keeps_its_column(self) -> None:
        assert read(table([["a", "", "c"], ["", "e", ""]])).text == "a\t\tc\n\te\n"

    def test_rows_of_whole_paragraphs_are_set_apart_by_a_blank_line(self) -> None:
        long = "The Supplier delivers the Goods. " * 5
        body = table([[long, "Поставщик поставляет товар. " * 5], ["2. Price", "2. Цена"]])

        assert read(body).text.split("\n\n")[1] == "2. Price\t2. Цена\n"

    def test_paragraphs_of_a_cell_are_lines_and_a_table_in_it_is_rows(self) -> None:
        cell = paragraph("Seller") + paragraph("By:") + table([["x", "y"]])

        assert read(table([[cell, "Buyer"]])).text == "Seller\nBy:\nx\ty\tBuyer\n"

    def test_hyperlinks_content_controls_and_smart_tags_are_looked_through(self) -> None:
        content = (
            f"<w:hyperlink>{run('a')}</w:hyperlink>"
            f"<w:smartTag><w:smartTag>{run('b')}</w:smartTag></w:smartTag>"
            f"<w:sdt><w:sdtPr/><w:sdtContent>{run('c')}</w:sdtContent></w:sdt>"
            f"<w:fldSimple w:instr=' REF x '>{run('d')}</w:fldSimple>"
        )
        block = f"<w:sdt><w:sdtContent>{paragraph('e')}</w:sdtContent></w:sdt>"

        assert read(paragraph(content) + block).text == "abcd\n\ne\n"

    def test_a_field_is_its_result_not_its_code(self) -> None:
        def char(kind: str) -> str:
            return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

        code = "<w:r><w:instrText> IF </w:instrText></w:r>"
        inner = char("begin") + code + char("separate") + run("hidden") + char("end")
        content = char("begin") + code + inner + char("separate") + run("2.1") + char("end")

        assert read(paragraph(run("clause ") + content)).text == "clause 2.1\n"

    def test_a_field_that_never_ends_hides_nothing(self) -> None:
        broken = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'

        assert read(paragraph(broken + run("Kept."))).text == "Kept.\n"

    def test_checkboxes_show_their_state(self) -> None:
        def box(state: str) -> str:
            return (
                '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>'
                f'<w:checked w:val="{state}"/></w:checkBox></w:ffData></w:fldChar></w:r>'
                '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
            )

        symbol = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'

        assert read(paragraph(box("1") + run(" yes ") + box("0") + symbol)).text == "☒ yes ☐☑\n"

    def test_a_text_box_follows_its_paragraph_and_is_read_once(self) -> None:
        inside = f"<w:txbxContent>{paragraph('In the box')}</w:txbxContent>"
        drawing = (
            "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>"
            f"{inside}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>"
            f"{inside}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
        )

        parsed = read(paragraph(run("Before ") + drawing + run("after.")) + paragraph("Next."))

        assert parsed.text == "Before after.\n\nIn the box\n\nNext.\n"

    def test_footnotes_and_endnotes_stand_at_the_end_with_markers_in_place(self) -> None:
        def note(kind: str, identifier: int, text: str) -> str:
            inner = f"<w:r><w:{kind}Ref/></w:r>" + run(text)
            return f'<w:{kind} w:id="{identifier}">{paragraph(inner)}</w:{kind}>'

        separator = '<w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
        parts = {
            "footnotes.xml": part("footnotes", separator + note("footnote", 7, "As amended.")),
            "endnotes.xml": part("endnotes", note("endnote", 3, "See annex.")),
        }
        content = (
            run("The Act")
            + '<w:r><w:footnoteReference w:id="7"/></w:r>'
            + run(" and the plan")
            + '<w:r><w:endnoteReference w:id="3"/></w:r>'
            + run(".")
        )

        assert read(paragraph(content), parts).text == (
            "The Act[1] and the plan[i].\n\n[1] As amended.\n\n[i] See annex.\n"
        )

    def test_a_footnote_that_refers_to_itself_comes_to_an_end(self) -> None:
        inner = '<w:r><w:footnoteReference w:id="7"/></w:r>' + run("Round.")
        note = f'<w:footnote w:id="7">{paragraph(inner)}</w:footnote>'
        content = run("The Act") + '<w:r><w:footnoteReference w:id="7"/></w:r>'
        parsed = read(paragraph(content), {"footnotes.xml": part("footnotes", note)})

        assert parsed.text == "The Act[1]\n\n[1] Round.\n"

    def test_hidden_text_is_kept_and_warned_of(self) -> None:
        parsed = read(paragraph(run("Seen") + run(" unseen", "<w:vanish/>")))

        assert parsed.text == "Seen unseen\n"
        assert [warning.code for warning in parsed.warnings] == ["hidden_text"]

    def test_text_hidden_by_its_style_is_warned_of_too(self) -> None:
        styles = part(
            "styles",
            '<w:style w:styleId="H" w:type="character"><w:rPr><w:vanish/></w:rPr></w:style>',
        )
        parsed = read(paragraph(run("x", '<w:rStyle w:val="H"/>')), {"styles.xml": styles})

        assert [warning.code for warning in parsed.warnings] == ["hidden_text"]

    def test_headers_and_footers_are_left_out(self) -> None:
        header = part("hdr", paragraph("Page 1 of 9"))

        assert read(paragraph("Body."), {"header1.xml": header}).text == "Body.\n"


class TestNumbering:
    def test_the_visible_numbers_are_in_the_text(self) -> None:
        body = "".join(
            (
                numbered("Term"),
                numbered("Renewal", 1),
                numbered("by notice", 2),
                numbered("in writing", 3),
                numbered("by conduct", 2),
                numbered("Notice", 1),
                numbered("Law"),
                numbered("Courts", 1),
                numbered("state", 2),
            )
        )

        assert read(body, numbering(*CONTRACT)).text.split("\n\n") == [
            "1. Term",
            "1.1 Renewal",
            "(a) by notice",
            "(i) in writing",
            "(b) by conduct",
            "1.2 Notice",
            "2. Law",
            "2.1 Courts",
            "(a) state\n",
        ]

    def test_a_level_used_before_the_one_above_it_counts_from_that_one_s_start(self) -> None:
        body = numbered("first", 1) + numbered("second")

        assert read(body, numbering(*CONTRACT)).text == "1.1 first\n\n1. second\n"

    def test_a_list_may_start_anew(self) -> None:
        nums = (
            '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
            '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
            '<w:startOverride w:val="5"/></w:lvlOverride></w:num>'
        )
        body = numbered("a") + numbered("b") + numbered("c", num=2) + numbered("d", num=2)

        assert read(body, numbering(*CONTRACT, nums=nums)).text == (
            "1. a\n\n2. b\n\n5. c\n\n6. d\n"
        )

    def test_two_lists_of_one_definition_count_together(self) -> None:
        nums = "".join(
            f'<w:num w:numId="{num}"><w:abstractNumId w:val="0"/></w:num>' for num in (1, 2)
        )
        body = numbered("a") + numbered("b", num=2)

        assert read(body, numbering(*CONTRACT, nums=nums)).text == "1. a\n\n2. b\n"

    def test_a_style_numbers_its_paragraphs_and_a_paragraph_may_decline(self) -> None:
        parts = {
            **numbering(
                level(0, "upperRoman", "Article %1", '<w:pStyle w:val="Heading1"/>'),
                level(1, "decimal", "%1.%2", '<w:isLgl/><w:pStyle w:val="Heading2"/>'),
            ),
            "styles.xml": part(
                "styles",
                '<w:style w:type="paragraph" w:styleId="Heading1"><w:pPr><w:numPr>'
                '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
                '<w:style w:type="paragraph" w:styleId="Heading2"><w:basedOn w:val="Heading1"/>'
                '<w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr>'
                "</w:style>"
                '<w:style w:type="paragraph" w:styleId="Own"><w:basedOn w:val="Heading2"/>'
                "</w:style>",
            ),
        }
        one, two, own = (f'<w:pStyle w:val="{name}"/>' for name in ("Heading1", "Heading2", "Own"))
        body = (
            paragraph("Scope", one)
            + paragraph("Goods", two)
            + paragraph("Plain", one + '<w:numPr><w:numId w:val="0"/></w:numPr>')
            + paragraph("Services", own)
            + paragraph("Price", one)
        )

        assert read(body, parts).text.split("\n\n") == [
            "Article I Scope",
            "1.1 Goods",
            "Plain",
            "1.2 Services",
            "Article II Price\n",
        ]

    def test_bullets_are_bullets_whatever_font_draws_them(self) -> None:
        body = numbered("one") + numbered("two", 1)

        text = read(body, numbering(level(0, "bullet", "\uf0b7"), level(1, "bullet", "–"))).text
        assert text == "• one\n\n– two\n"

    def test_a_deleted_paragraph_has_no_number(self) -> None:
        gone = paragraph(
            deleted("Old clause"),
            '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
            '<w:rPr><w:del w:author="Ann"/></w:rPr>',
        )
        body = numbered("Term") + gone + numbered("Law")

        assert read(body, numbering(*CONTRACT)).text == "1. Term\n\n2. Law\n"

    @pytest.mark.parametrize(
        ("form", "value", "expected"),
        [
            ("decimal", 12, "12"),
            ("decimalZero", 3, "03"),
            ("upperRoman", 1994, "MCMXCIV"),
            ("lowerRoman", 9, "ix"),
            ("lowerLetter", 27, "aa"),
            ("upperLetter", 28, "BB"),
            ("russianLower", 3, "в"),
            ("ordinal", 22, "22nd"),
            ("ordinal", 13, "13th"),
            ("cardinalText", 21, "Twenty-one"),
            ("ordinalText", 1, "First"),
            ("ordinalText", 20, "Twentieth"),
            ("ordinalText", 32, "Thirty-second"),
            ("decimalEnclosedCircle", 2, "②"),
            ("someday", 4, "4"),
            ("none", 4, ""),
            ("lowerRoman", 0, "0"),
        ],
    )
    def test_number_formats(self, form: str, value: int, expected: str) -> None:
        assert number(form, value) == expected


class TestRevisions:
    def test_insertions_are_accepted_and_deletions_removed(self) -> None:
        content = run("within ") + deleted("30") + inserted("60", "Bob") + run(" days")
        parsed = read(paragraph(content))

        assert parsed.text == "within 60 days\n"
        assert parsed.revisions == (
            Revision("deletion", "Ann", 7, 7, "30"),
            Revision("insertion", "Bob", 7, 9, "60"),
        )

    def test_one_change_cut_into_runs_and_paragraphs_is_one_revision(self) -> None:
        content = inserted("The Buyer ") + inserted("pays") + run(".")
        parsed = read(paragraph(content))

        assert parsed.revisions == (Revision("insertion", "Ann", 0, 14, "The Buyer pays"),)

    def test_adjacent_deletions_are_one_and_two_authors_are_two(self) -> None:
        content = run("x") + deleted("a") + deleted("b") + deleted("c", "Bob") + run("y")

        assert [(item.author, item.text) for item in read(paragraph(content)).revisions] == [
            ("Ann", "ab"),
            ("Bob", "c"),
        ]

    def test_what_was_inserted_and_deleted_again_is_gone(self) -> None:
        nested = f'<w:ins w:author="Bob">{deleted("maybe")}</w:ins>'
        parsed = read(paragraph(run("yes") + nested))

        assert parsed.text == "yes\n"
        assert [item.kind for item in parsed.revisions] == ["deletion"]

    def test_moved_text_stands_where_it_was_moved_to(self) -> None:
        away = f'<w:moveFrom w:author="Ann">{run("Moved. ")}</w:moveFrom>'
        here = f'<w:moveTo w:author="Ann">{run(" Moved.")}</w:moveTo>'
        parsed = read(paragraph(away + run("Kept.") + here))

        assert parsed.text == "Kept. Moved.\n"
        assert [(item.kind, item.start, item.end) for item in parsed.revisions] == [
            ("deletion", 0, 0),
            ("insertion", 5, 12),
        ]

    def test_a_deleted_paragraph_mark_joins_two_paragraphs(self) -> None:
        mark = '<w:rPr><w:del w:author="Ann"/></w:rPr>'
        parsed = read(paragraph("The Buyer ", mark) + paragraph("pays."))

        assert parsed.text == "The Buyer pays.\n"
        assert parsed.revisions == (Revision("deletion", "Ann", 10, 10, "\n"),)

    def test_a_deleted_row_is_gone(self) -> None:
        rows = table([["kept", "1"], ["gone", "2"], ["last", "3"]])
        gone = rows.index("<w:tr>", rows.index("kept"))
        body = rows[:gone] + '<w:tr><w:trPr><w:del w:author="Ann"/></w:trPr>' + rows[gone + 6 :]
        parsed = read(body)

        assert parsed.text == "kept\t1\nlast\t3\n"
        assert [(item.kind, item.text) for item in parsed.revisions] == [("deletion", "gone\n2")]

    def test_comments_span_the_text_they_are_about(self) -> None:
        comments = part(
            "comments",
            f'<w:comment w:id="4" w:author="Bob">{paragraph("Too long?")}</w:comment>'
            f'<w:comment w:id="5">{paragraph("Hm.")}</w:comment>',
        )
        content = (
            run("A term of ")
            + '<w:commentRangeStart w:id="4"/>'
            + run("ten years")
            + '<w:commentRangeEnd w:id="4"/><w:r><w:commentReference w:id="4"/></w:r>'
            + run(".")
            + '<w:r><w:commentReference w:id="5"/></w:r>'
        )
        parsed = read(paragraph(content), {"comments.xml": comments})

        assert parsed.text == "A term of ten years.\n"
        assert parsed.revisions == (
            Revision("comment", "Bob", 10, 19, "Too long?"),
            Revision("comment", None, 20, 20, "Hm."),
        )

    def test_a_comment_from_the_first_word_of_a_paragraph_begins_at_that_word(self) -> None:
        comments = part("comments", f'<w:comment w:id="1">{paragraph("?")}</w:comment>')
        content = (
            '<w:commentRangeStart w:id="1"/>' + run("Second") + '<w:commentRangeEnd w:id="1"/>'
        )
        parsed = read(paragraph("First") + paragraph(content), {"comments.xml": comments})

        (comment,) = parsed.revisions
        assert parsed.text[comment.start : comment.end] == "Second"


class TestContainer:
    def refused(self, data: bytes) -> str:
        with pytest.raises(DocumentError) as caught:
            parse(data, name="contract.docx")
        return caught.value.code

    def test_the_parts_are_found_by_their_relationships(self) -> None:
        parts = {"lists.xml": numbering(*CONTRACT)["numbering.xml"]}
        links = {"rId1": ("numbering", "lists.xml")}

        assert read(numbered("Term"), parts, links).text == "1. Term\n"

    def test_a_strict_document_is_read_like_any_other(self) -> None:
        data = docx(paragraph("Strict."))
        strict = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as source,
            zipfile.ZipFile(strict, "w") as target,
        ):
            for name in source.namelist():
                content = source.read(name).replace(
                    b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                    b"http://purl.oclc.org/ooxml/wordprocessingml/main",
                )
                target.writestr(name, content)

        assert parse(strict.getvalue(), name="").text == "Strict.\n"

    def test_embedded_documents_become_attachments(self) -> None:
        data = docx(
            paragraph("See the annex."),
            relationships={"rId5": ("package", "embeddings/Annex.docx")},
            binaries={"word/embeddings/Annex.docx": b"PK..."},
        )

        (annex,) = parse(data, name="").attachments
        assert (annex.name, annex.data) == ("Annex.docx", b"PK...")

    def test_a_document_of_pictures_needs_ocr(self) -> None:
        drawing = '<w:r><w:drawing><a:blip r:embed="rId9"/></w:drawing></w:r>'

        assert self.refused(docx(paragraph(drawing))) == "needs_ocr"

    def test_a_document_without_text_is_empty(self) -> None:
        assert self.refused(docx(paragraph(""))) == "empty"

    def test_a_zip_bomb_is_not_unpacked(self) -> None:
        bomb = paragraph("a" * 40_000_000)

        assert self.refused(docx(bomb)) == "too_large"

    def test_entities_are_not_expanded(self) -> None:
        data = docx(paragraph("x"))
        hostile = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as source,
            zipfile.ZipFile(hostile, "w") as target,
        ):
            for name in source.namelist():
                content = source.read(name).decode()
                if name == "word/document.xml":
                    content = content.replace(
                        "?>", '?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 1
                    ).replace(">x<", ">&a;<")
                target.writestr(name, content)

        assert self.refused(hostile.getvalue()) == "corrupt"

    def test_tables_nested_without_end_are_refused(self) -> None:
        body = paragraph("deep")
        for _ in range(80):
            body = table([[body]])

        assert self.refused(docx(body)) == "corrupt"

    @pytest.mark.parametrize("cut", [40, 400, 700])
    def test_a_cut_off_document_is_corrupt(self, cut: int) -> None:
        assert self.refused(docx(paragraph("Text."))[:cut]) == "corrupt"

    def test_an_encrypted_part_is_reported_as_such(self) -> None:
        data = bytearray(docx(paragraph("Text.")))
        at = 0
        while (at := data.find(b"PK\x01\x02", at)) >= 0:
            data[at + 8] |= 1
            at += 4

        assert self.refused(bytes(data)) == "encrypted"
