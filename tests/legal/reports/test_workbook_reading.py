"""The report comes back from a person, from an office program, and from somebody hostile."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexmill_legal.reports import (
    ReadWorkbook,
    UnreadableWorkbookError,
    Workbook,
    read_workbook,
)
from lexmill_legal.results import DocumentResult, Fact, Finding, Money
from tests.legal.reports.making import HOSTILE, fact, results

SHA256 = "1" * 64
DAY = datetime(2026, 12, 31)  # noqa: DTZ001 - the format's dates bear no zone


def maybe(key: str, field: str, value: str, **more: Any) -> Fact:
    return replace(fact(key, field, value, firm=False), **more)


DOCUMENT = DocumentResult(
    "a b.pdf",
    "succeeded",
    sha256=SHA256,
    facts=(
        maybe("f1", "term", "2 years", normalized="P2Y", start=3, end=10, quote="2 years"),
        maybe("f2", "party", "=Acme\n Ltd", attributes={"role": "buyer", "legal_form": "Ltd"}),
        maybe("f3", "party", "Beta _x0041_"),
        maybe("f4", "liability_cap", "$5", normalized=Money("5.00", "USD"), start=20, end=22),
        fact("f5", "governing_law", "England", normalized="GB-ENG"),
        fact("f6", "email", "a@b.example"),
    ),
    findings=(
        Finding("law", "0", "fail", "high", "Not ours.", ("f5",), field="governing_law"),
        Finding("notice", "0", "unknown", "low", "Nothing.", field="renewal_notice_period"),
    ),
)


def report(*documents: DocumentResult) -> openpyxl.Workbook:
    workbook = Workbook()
    for document in documents or (DOCUMENT,):
        workbook.add(document)
    target = io.BytesIO()
    workbook.save(target)
    target.seek(0)
    return openpyxl.load_workbook(target)


def column(sheet: Any, name: str) -> int:
    return [cell.value for cell in sheet[1]].index(name) + 1


def fill(sheet: Any, field: str, value: str = "", **answers: object) -> int:
    """Answer in the row of a field (and of a value); gives its number."""
    for row in range(2, sheet.max_row + 1):
        shown = sheet.cell(row, column(sheet, "Value")).value or ""
        if sheet.cell(row, column(sheet, "Field")).value == field and shown.startswith(value):
            for name, answer in answers.items():
                sheet.cell(row, column(sheet, name.replace("_", " "))).value = answer
            return row
    raise AssertionError(f"no row of {field} {value}")


def read(book: openpyxl.Workbook) -> ReadWorkbook:
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return read_workbook(target)


def test_a_report_that_nobody_filled_in_has_no_decisions() -> None:
    assert read(report()) == ReadWorkbook((), ())


def test_decisions_come_back_with_all_that_they_are_about() -> None:
    book = report()
    review = book["Review"]
    fill(review, "Term", Decision="accept", Reviewer=" Anna  Berg ", Comment="ok")
    fill(review, "Parties", "=Acme", Decision="Reject")
    fill(review, "Parties", "Beta", Decision="not in the document")
    fill(review, "Liability cap", Decision="correct", Correct_value="10 USD", Its_quote="ten")
    fill(review, "Renewal notice period", Decision="NOT in the  document")
    fill(book["Evidence"], "email", Decision="reject")
    found = read(book)
    assert found.problems == ()
    by_item = {(one.key.field, one.key.item): one for one in found.decisions}
    assert {key: one.choice for key, one in by_item.items()} == {
        ("term", ""): "accept",
        ("party", "acme ltd"): "reject",
        ("party", "beta _x0041_"): "reject",
        ("liability_cap", ""): "correct",
        ("renewal_notice_period", ""): "absent",
        ("email", "a b example"): "reject",
    }
    term = by_item["term", ""]
    assert (term.reviewer, term.comment, term.value) == ("Anna Berg", "ok", "2 years")
    assert (term.key.normalized, term.key.start, term.key.end) == ("P2Y", 3, 10)
    assert (term.key.seen, term.key.revision, term.quote) == (("p2y",), 0, "2 years")
    acme = by_item["party", "acme ltd"]
    assert acme.key.value == "=Acme\n Ltd"
    assert acme.key.attributes == {"role": "buyer"}
    cap = by_item["liability_cap", ""]
    assert (cap.value, cap.quote) == ("10 USD", "ten")
    assert cap.key.normalized == Money("5.00", "USD")
    assert {one.key.sha256 for one in found.decisions} == {SHA256}


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("Term", 30, None),
        ("Renewal notice period", "30 days", "30 days"),
        ("Liability cap", "10 USD", "10 USD"),
    ],
)
def test_what_an_office_program_makes_of_a_value(
    field: str, written: object, value: str | None
) -> None:
    book = report()
    fill(book["Review"], field, Decision="correct", Correct_value=written)
    found = read(book)
    if value is None:
        assert "'30': a duration such as" in found.problems[0].message
    else:
        assert found.decisions[0].value == value


def test_a_cell_that_became_a_date_is_that_day() -> None:
    book = report(replace(DOCUMENT, facts=(maybe("f1", "expiration_date", "x"),)))
    fill(book["Review"], "Expiration date", Decision="correct", Correct_value=DAY)
    assert read(book).decisions[0].value == "2026-12-31"


@pytest.mark.parametrize(
    ("answers", "cell", "says"),
    [
        ({"Decision": "maybe"}, "F", "'maybe' is no decision: choose one of accept, correct"),
        ({"Decision": "correct"}, "G", "the right value is missing"),
        ({"Decision": "correct", "Correct_value": "soon"}, "G", "a duration such as"),
        ({"Decision": "accept", "Correct_value": "1 year"}, "G", "choose correct"),
        ({"Correct_value": "1 year"}, "F", "a decision is missing"),
        ({"Comment": "hm"}, "F", "a decision is missing"),
        ({"Decision": "reject", "Its_quote": "x"}, "H", "leave it empty"),
        ({"Decision": "=1+1"}, "F", "formula"),
        ({"Decision": "correct", "Correct_value": "=A1"}, "G", "formula"),
        ({"Decision": "accept", "Comment": "x" * 5_000}, "I", "at most 4,000"),
        ({"Decision": "accept", "Reviewer": "x" * 300}, "J", "at most 200"),
        ({"Decision": "accept", "Value": "3 years"}, "F", "do not belong together"),
        ({"Decision": "accept", "Document": "other.pdf"}, "F", "do not belong together"),
        ({"Decision": "accept", "Key": None}, "F", "is no key"),
        ({"Decision": "accept", "Key": "lexmill1:0:{}"}, "F", "do not belong together"),
        ({"Decision": "accept", "Key": "lexmill2:0:{}"}, "F", "is no key"),
    ],
)
def test_a_mistake_is_named_by_its_cell(answers: dict[str, str], cell: str, says: str) -> None:
    book = report()
    row = fill(book["Review"], "Term", **answers)
    found = read(book)
    assert found.decisions == ()
    (problem,) = found.problems
    assert problem.cell == f"Review!{cell}{row}"
    assert says in problem.message


@pytest.mark.parametrize("choice", ["accept", "reject"])
def test_where_nothing_was_found_nothing_can_be(choice: str) -> None:
    book = report()
    fill(book["Review"], "Renewal notice period", Decision=choice)
    assert f"no value here to {choice}" in read(book).problems[0].message


def test_the_same_item_twice_is_one_decision_or_a_mistake() -> None:
    book = report()
    fill(book["Review"], "Term", Decision="accept")
    row = fill(book["Evidence"], "term", Decision="accept")
    assert read(book).problems == ()
    fill(book["Evidence"], "term", Decision="reject")
    (problem,) = read(book).problems
    assert problem.cell == f"Evidence!M{row}"
    assert "decided otherwise in Review!F" in problem.message


def test_rows_and_columns_may_be_moved_and_deleted() -> None:
    book = report()
    review = book["Review"]
    fill(review, "Term", Decision="accept")
    before = read(book).decisions
    rows = [[cell.value for cell in row] for row in review.iter_rows(min_row=2)]
    review.delete_rows(2, len(rows))
    for row in reversed(rows):
        if row[1] in {"Term", "Parties"}:
            review.append(row)
    review.insert_cols(3)
    review.cell(1, 3).value = "My notes"
    review.title = "Meine Prüfung"
    (moved,) = read(book).decisions
    assert replace(moved, sheet="", row=0, cells={}) == replace(
        before[0], sheet="", row=0, cells={}
    )
    assert moved.cells["choice"].startswith("Meine Prüfung!G")


def test_a_column_sorted_by_itself_is_noticed() -> None:
    book = report()
    review = book["Review"]
    where = column(review, "Value")
    values = [review.cell(row, where).value for row in range(2, review.max_row + 1)]
    for row, value in enumerate(reversed(values), 2):
        review.cell(row, where).value = value
        review.cell(row, column(review, "Decision")).value = "accept"
    found = read(book)
    assert len(found.problems) >= 2
    assert "sorted without the others" in found.problems[0].message


def test_a_missing_column_is_named() -> None:
    book = report()
    review = book["Review"]
    fill(review, "Term", Decision="accept")
    review.delete_cols(column(review, "Key"))
    (problem,) = read(book).problems
    assert "the column Key is missing" in problem.message


def test_values_of_documents_survive_the_way_there_and_back() -> None:
    facts = tuple(
        maybe(f"f{number}", "party", value)
        for number, value in enumerate(HOSTILE)
        if any(character.isalnum() for character in value)
    )
    book = report(replace(DOCUMENT, facts=facts, findings=()))
    evidence = book["Evidence"]
    for row in range(2, evidence.max_row + 1):
        evidence.cell(row, column(evidence, "Decision")).value = "reject"
    found = read(book)
    assert found.problems == ()
    assert {one.key.value for one in found.decisions} == {fact.value for fact in facts}


@settings(max_examples=30)
@given(results())
def test_whatever_a_document_says_its_rows_can_be_decided(result: DocumentResult) -> None:
    book = report(replace(result, sha256=SHA256, status="succeeded"))
    for sheet in (book["Review"], book["Evidence"]):
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, column(sheet, "Decision")).value = "reopen"
    found = read(book)
    assert found.problems == ()
    assert len(found.decisions) == book["Review"].max_row + book["Evidence"].max_row - 2


# --- hostile files ---


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableWorkbookError) as raised:
        read_workbook(io.BytesIO(content))
    return str(raised.value)


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            archive.writestr(name, change(name, source.read(name)))
    return target.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK", b"not a workbook", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    assert "no workbook" in refused(content)


def test_another_workbook_is_refused() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Name", "Amount"])
    assert "no sheet of this workbook has a column Decision" in refused(saved(book))


def test_a_cut_workbook_is_refused() -> None:
    content = saved(report())
    for end in range(0, len(content), max(1, len(content) // 50)):
        refused(content[:end])


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    zeros = b"\0" * (80 << 20)

    def bomb(name: str, content: bytes) -> bytes:
        return zeros if name == "xl/styles.xml" else content

    assert "larger than any report" in refused(rewritten(saved(report()), bomb))


def test_more_parts_than_any_report_has_are_refused() -> None:
    target = io.BytesIO(saved(report()))
    with zipfile.ZipFile(target, "a") as archive:
        for number in range(2_001):
            archive.writestr(f"xl/more/{number}", b"")
    assert "larger than any report" in refused(target.getvalue())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16"])
def test_entities_are_refused(encoding: str) -> None:
    lol = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'

    def entities(name: str, content: bytes) -> bytes:
        return lol.encode(encoding) if name == "xl/workbook.xml" else content

    assert "entities" in refused(rewritten(saved(report()), entities))


def test_a_sheet_that_lies_about_its_extent_ends() -> None:
    def far(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet2.xml":
            return content
        cell = b'<c r="XFD999999999999" t="inlineStr"><is><t>x</t></is></c>'
        row = b'<row r="999999999999">' + cell + b"</row>"
        return content.replace(b"</sheetData>", row + b"</sheetData>")

    found = read_workbook(io.BytesIO(rewritten(saved(report()), far)))
    assert found.decisions == ()


def test_links_to_other_files_are_not_followed() -> None:
    book = report()
    review = book["Review"]
    row = fill(review, "Term", Decision="accept")
    review.cell(row, column(review, "Comment")).value = "='http://evil.example/[a.xlsx]s'!A1"
    (problem,) = read(book).problems
    assert "formula" in problem.message


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(_DAMAGED)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    with suppress(UnreadableWorkbookError):
        read_workbook(io.BytesIO(bytes(content)))


@settings(max_examples=100)
@given(st.data())
def test_damaged_xml_is_read_or_refused(data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(["xl/workbook.xml", "xl/worksheets/sheet2.xml"]))

    def damage(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        at = data.draw(st.integers(0, len(content) - 1))
        return content[:at] + data.draw(st.binary(max_size=8)) + content[at + 3 :]

    with suppress(UnreadableWorkbookError):
        read_workbook(io.BytesIO(rewritten(_DAMAGED, damage)))


_DAMAGED = saved(report())
