"""Redlines of documents that Word could have written: accepted, rejected, well made."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.parsing import parse
from lexmill_legal.playbook import Playbook, load
from lexmill_legal.redline import redline_docx
from lexmill_legal.results import Finding, ParsedDocument, Severity
from tests.legal.parsing.making import deleted, inserted, paragraph, run, table
from tests.legal.redline.word import (
    assert_well_made,
    parts_of,
    rejected,
    structure,
    with_parts,
    word,
)

SAMPLES = Path(__file__).parents[3] / "samples" / "contracts"
BOOK = load("""\
name: Ours
rules:
  - id: law
    require: {fact: governing_law}
    severity: high
    owner: Legal
    message: Not our law.
    preferred: English law governs this Agreement.
    fallback: This Agreement is governed by the laws of Ireland.
  - id: renewal
    forbid: {fact: auto_renewal}
    severity: low
    message: It renews.
    preferred: It ends when its term ends.
  - id: court
    require: {fact: dispute_forum}
    message: No court.
    fallback: |
      The courts of Dublin have jurisdiction.

      Either party may seek an injunction anywhere.
  - id: russian
    require: {fact: governing_law}
    message: Нет права.
    fallback: Договор регулируется правом Российской Федерации.
  - id: bare
    forbid: {fact: auto_renewal}
    message: Nothing to put in.
""")
LAW = "This Agreement is governed by the laws of Texas."
RENEWS = "The term renews automatically."
CLAUSE = f"The parties agree. {LAW} {RENEWS} Nothing else matters here."


def finding(
    rule: str, quote: str | None = None, text: str = "", severity: Severity = "high"
) -> Finding:
    start = text.index(quote) if quote else None
    message = next(each.message or "" for each in BOOK.rules if each.id == rule)
    return Finding(
        rule=rule,
        playbook_sha256="0" * 64,
        result="fail",
        severity=severity,
        message=message,
        start=start,
        end=None if start is None or quote is None else start + len(quote),
        quote=quote,
    )


def read(data: bytes) -> ParsedDocument:
    return parse(data, name="contract.docx")


def made(data: bytes, *wanted: tuple[str, str | None], book: Playbook = BOOK) -> bytes:
    """The redline, with what holds of every one checked."""
    text = read(data).text
    result = redline_docx(data, book, [finding(rule, quote, text) for rule, quote in wanted])
    assert result is not None
    assert_well_made(result)
    assert structure(rejected(result)) == structure(data)
    assert read(rejected(result)).text == text
    before, after = parts_of(data), parts_of(result)
    for name in set(before) - {"[Content_Types].xml"}:
        if name.startswith("word/media") or name == "_rels/.rels":
            assert after[name] == before[name]
    return result


def said(data: bytes) -> list[str]:
    return [each.text for each in read(data).revisions if each.kind == "comment"]


def test_a_sentence_is_replaced() -> None:
    result = made(word(paragraph(CLAUSE) + paragraph("The end.")), ("law", "laws of Texas"))
    parsed = read(result)
    replaced = CLAUSE.replace(LAW, "This Agreement is governed by the laws of Ireland.")
    assert parsed.text == f"{replaced}\n\nThe end.\n"
    assert {(each.kind, each.author, each.text) for each in parsed.revisions} == {
        ("deletion", "Lexmill playbook Ours", LAW),
        (
            "insertion",
            "Lexmill playbook Ours",
            "This Agreement is governed by the laws of Ireland.",
        ),
        (
            "comment",
            "Lexmill playbook Ours",
            (
                "High: Not our law.\nPreferred wording: English law governs this Agreement.\n"
                "Rule law, Legal"
            ),
        ),
    }


def test_without_a_fallback_it_is_the_preferred_wording() -> None:
    result = made(word(paragraph(CLAUSE)), ("renewal", RENEWS))
    assert "Texas. It ends when its term ends. Nothing" in read(result).text
    assert said(result) == ["High: It renews.\nRule renewal"]


def test_several_sentences_of_a_paragraph_are_replaced() -> None:
    result = made(word(paragraph(CLAUSE)), ("law", "Texas"), ("renewal", "automatically"))
    assert read(result).text == (
        "The parties agree. This Agreement is governed by the laws of Ireland."
        " It ends when its term ends. Nothing else matters here.\n"
    )


def test_two_rules_on_one_sentence_the_graver_one_writes() -> None:
    data = word(paragraph(CLAUSE))
    text = read(data).text
    findings = [
        finding("renewal", "Texas", text, "low"),
        finding("law", "governed", text, "critical"),
    ]
    result = redline_docx(data, BOOK, findings)
    assert result is not None
    assert_well_made(result)
    assert structure(rejected(result)) == structure(data)
    assert "laws of Ireland" in read(result).text
    assert "It ends when its term ends." not in read(result).text
    assert sorted(said(result)) == [
        (
            "Critical: Not our law.\nPreferred wording: English law governs this Agreement.\n"
            "Rule law, Legal"
        ),
        "Low: It renews.\nProposed wording: It ends when its term ends.\nRule renewal",
    ]


def test_looks_are_kept_across_runs() -> None:
    body = "<w:p>" + run("1.2 ") + run("This Agreement is ", "<w:b/>") + run("governed by ")
    body += run("the laws of Te", "<w:i/>") + run("xas. It", "<w:u/>") + run(" ends.") + "</w:p>"
    result = made(word(body), ("law", "governed"))
    assert read(result).text == "1.2 This Agreement is governed by the laws of Ireland. It ends.\n"
    (_, runs) = structure(result)[0]
    looks = {each.text: each.look for each in runs}
    assert "<w:b>" in looks["This Agreement is governed by the laws of Ireland."]


@pytest.mark.parametrize("number", ["7. ", "7.2 ", "(a) ", "Section 7. ", "а) ", "Статья 7. "])
def test_a_typed_number_stays(number: str) -> None:
    result = made(word(paragraph(number + LAW)), ("law", "Texas"))
    assert read(result).text == f"{number}This Agreement is governed by the laws of Ireland.\n"
    deletion = next(each for each in read(result).revisions if each.kind == "deletion")
    assert deletion.text == LAW


def test_tabs_breaks_and_invisible_characters() -> None:
    content = (
        "<w:r><w:br/><w:t>One.</w:t><w:tab/><w:t>This Agree\u00admentis governed by the</w:t>"
        "<w:br/><w:t>laws\u00a0of Texas.</w:t></w:r><w:r><w:t> Two.</w:t></w:r>"
    )
    data = word(f"<w:p>{content}</w:p>")
    assert read(data).text == "One.\tThis Agreementis governed by the\nlaws of Texas. Two.\n"
    result = made(data, ("law", "Texas"))
    assert "laws of Ireland. Two.\n" in read(result).text


def test_in_a_table() -> None:
    result = made(word(table([["1", LAW], ["2", "Other"]]) + paragraph("End.")), ("law", "Texas"))
    assert (
        read(result).text
        == "1\tThis Agreement is governed by the laws of Ireland.\n2\tOther\n\nEnd.\n"
    )


def test_what_is_missing_comes_before_the_signatures() -> None:
    body = "".join(
        paragraph(text)
        for text in (
            "1. First clause, which is long enough to be the model of a new one, surely.",
            "2. Second clause, which is long enough to be the model of a new one, surely.",
            "IN WITNESS WHEREOF the parties have signed.",
            "By: ____",
        )
    )
    result = made(word(body), ("court", None), ("law", None))
    lines = read(result).text.split("\n\n")
    assert lines[2:6] == [
        "The courts of Dublin have jurisdiction.",
        "Either party may seek an injunction anywhere.",
        "This Agreement is governed by the laws of Ireland.",
        "IN WITNESS WHEREOF the parties have signed.",
    ]
    assert len(said(result)) == 2


@pytest.mark.parametrize("tail", ["", table([["A", "B"]])])
def test_what_is_missing_comes_at_the_end(tail: str) -> None:
    """Behind the last paragraph no other follows that an inserted mark could join with."""
    own = '<w:jc w:val="both"/>'
    body = paragraph("1. First clause.") + paragraph("2. Last clause.", own) + tail
    body += paragraph("", own) if tail else ""
    result = made(word(body), ("court", None))
    assert "The courts of Dublin have jurisdiction.\n\nEither party may" in read(result).text
    assert read(result).text.index("2. Last clause.") < read(result).text.index("Dublin")


def test_new_paragraphs_look_like_clauses_but_are_not_numbered_or_bold() -> None:
    properties = (
        '<w:pStyle w:val="Clause"/><w:numPr><w:numId w:val="3"/></w:numPr><w:jc w:val="both"/>'
    )
    body = (
        f"<w:p><w:pPr>{properties}</w:pPr>" + run("A" * 80, "<w:b/><w:sz w:val='22'/>") + "</w:p>"
    )
    result = made(word(body + paragraph("Signatures")), ("law", None))
    (look, (text,)) = structure(result)[1]
    assert text.text == "This Agreement is governed by the laws of Ireland."
    assert "numPr" not in look
    assert "both" in look
    assert "Clause" in look
    assert "<w:b" not in text.look
    assert "22" in text.look


@pytest.mark.parametrize(
    "content",
    [
        run("This Agreement is ") + inserted("governed by ") + run("the laws of Texas."),
        run("This Agreement is ") + deleted("not ") + run("governed by the laws of Texas."),
        f"<w:hyperlink>{run('This Agreement is governed by the laws of Texas.')}</w:hyperlink>",
        run("This Agreement is governed by the laws of Texas.")
        + '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    ],
)
def test_what_cannot_be_cut_gets_the_wording_as_a_comment(content: str) -> None:
    data = word(f"<w:p>{content}</w:p>")
    text = read(data).text
    result = redline_docx(data, BOOK, [finding("law", "laws of Texas", text)])
    assert result is not None
    assert read(result).text == text
    assert said(result) == [
        (
            "High: Not our law.\n"
            "Proposed wording: This Agreement is governed by the laws of Ireland.\n"
            "Preferred wording: English law governs this Agreement.\nRule law, Legal"
        )
    ]


def test_a_wording_in_another_script_is_only_proposed() -> None:
    result = made(word(paragraph(CLAUSE)), ("russian", "Texas"))
    assert read(result).text == CLAUSE + "\n"
    assert "Proposed wording: Договор регулируется" in said(result)[0]


def test_a_missing_clause_in_another_script_is_only_proposed() -> None:
    result = made(word(paragraph("Срок действия договора не установлен.")), ("court", None))
    assert read(result).text == "Срок действия договора не установлен.\n"
    assert "Proposed wording: The courts of Dublin" in said(result)[0]


def test_comments_and_changes_that_are_there_stay() -> None:
    comment = (
        '<w:comment w:id="4" w:author="Ann"><w:p><w:r><w:t>Mine.</w:t></w:r></w:p></w:comment>'
    )
    body = (
        f'<w:p><w:commentRangeStart w:id="4"/>{run("Noted.")}<w:commentRangeEnd w:id="4"/>'
        '<w:r><w:commentReference w:id="4"/></w:r></w:p>'
        f'<w:p>{run("Old ")}<w:ins w:id="2147483647" w:author="Ann">{run("new")}</w:ins></w:p>'
    )
    data = word(body + paragraph(CLAUSE), comments=comment)
    text = read(data).text
    result = redline_docx(data, BOOK, [finding("law", "Texas", text)])
    assert result is not None
    assert_well_made(result)
    assert "Mine." in said(result)
    assert any(each.author == "Ann" and each.text == "new" for each in read(result).revisions)


def test_nothing_to_put_in_is_no_redline() -> None:
    data = word(paragraph(CLAUSE))
    text = read(data).text
    passed = replace(finding("law", "Texas", text), result="pass")
    assert redline_docx(data, BOOK, []) is None
    assert redline_docx(data, BOOK, [passed]) is None
    assert redline_docx(data, BOOK, [finding("bare", RENEWS, text)]) is None


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"PK\x03\x04", word("")[:200]])
def test_what_is_no_document_is_no_redline(data: bytes) -> None:
    assert redline_docx(data, BOOK, [finding("law")]) is None


def test_a_strict_document_is_left_alone() -> None:
    data = word(paragraph(CLAUSE))
    main = parts_of(data)["word/document.xml"].replace(
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    strict = with_parts(data, {"word/document.xml": main})
    assert redline_docx(strict, BOOK, [finding("law", "Texas", read(strict).text)]) is None


def test_the_same_bytes_again() -> None:
    data = word(paragraph(CLAUSE))
    assert made(data, ("law", "Texas"), ("court", None)) == made(
        data, ("law", "Texas"), ("court", None)
    )


def test_names_that_xml_cannot_hold() -> None:
    book = replace(BOOK, name='A\x01"<B>&\ufffe')
    result = made(word(paragraph(CLAUSE)), ("law", "Texas"), book=book)
    authors = {each.author for each in read(result).revisions}
    assert authors == {'Lexmill playbook A "<B>& '}


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.docx")), ids=lambda path: path.stem)
def test_any_place_of_the_samples(path: Path) -> None:
    """Each long line of the samples replaced in turn, and a missing clause: all undone."""
    data = path.read_bytes()
    parsed = read(data)
    original = structure(data)
    start = 0
    for line in parsed.text.split("\n"):
        if len(line) > 60:
            place = replace(finding("law"), start=start + 20, end=start + 40, quote=line[20:40])
            result = redline_docx(data, BOOK, [place, finding("court")])
            assert result is not None
            assert_well_made(result)
            assert structure(rejected(result)) == original
            assert read(rejected(result)).text == parsed.text
        start += len(line) + 1


@given(
    st.lists(
        st.sampled_from(["One. ", "Two is long. ", "\u00ad", "x", " ", "Т.", "7. "]), min_size=1
    ),
    st.data(),
)
def test_any_cut_into_runs_and_any_place(pieces: list[str], draw: st.DataObject) -> None:
    body = "<w:p>" + "".join(run(piece) for piece in pieces) + "</w:p>" + paragraph("End.")
    data = word(body)
    text = read(data).text
    length = text.index("\n") if "\n\n" in text else 0
    if length < 1:
        return
    start = draw.draw(st.integers(0, length - 1))
    end = draw.draw(st.integers(start + 1, length))
    place = replace(finding("law"), start=start, end=end, quote=text[start:end])
    result = redline_docx(data, BOOK, [place])
    assert result is not None
    assert_well_made(result)
    assert structure(rejected(result)) == structure(data)
    assert read(rejected(result)).text == text
