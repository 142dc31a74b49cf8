import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import openpyxl
import pytest
from hypothesis import given, settings
from lxml import etree
from openpyxl.utils import get_column_letter

from lexmill_legal.relations import Relation
from lexmill_legal.reports import Workbook, document_file, document_page
from lexmill_legal.reports.workbook import CHOICES
from lexmill_legal.results import (
    FIELDS,
    Clause,
    Decision,
    DocumentResult,
    ErrorRecord,
    Fact,
    Finding,
    Money,
    Warning,  # noqa: A004 - the design's word
)
from tests.legal.reports.making import HOSTILE, fact, results

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINKED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SHEETS = ("Documents", "Review", "Findings", "Evidence", "Clauses", "Relations", "Legend")


def saved(*documents: DocumentResult, link_pages: bool = False) -> bytes:
    workbook = Workbook(link_pages=link_pages)
    for document in documents:
        workbook.add(document)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def raw_sheets(book: bytes) -> list[etree._Element]:
    """Documents, findings and evidence first: what comes from documents as it is."""
    files = parts(book)
    order = (1, 3, 4, 2, 5, 6, 7)
    return [etree.fromstring(files[f"xl/worksheets/sheet{n}.xml"]) for n in order]


def raw_cells(sheet: etree._Element) -> Iterator[tuple[str, str]]:
    """Every cell's place and text; anything that is no string fails here."""
    for cell in sheet.iter(f"{MAIN}c"):
        assert cell.get("t") == "inlineStr", etree.tostring(cell)
        children = [child.tag for child in cell]
        assert children in ([], [f"{MAIN}is"]), etree.tostring(cell)
        yield str(cell.get("r")), "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))


def texts(book: bytes, sheet: int) -> dict[str, str]:
    return dict(raw_cells(raw_sheets(book)[sheet]))


def links(book: bytes, sheet: int) -> dict[str, str]:
    """Where the cells of a sheet lead, inside the workbook."""
    found = raw_sheets(book)[sheet].iter(f"{MAIN}hyperlink")
    return {str(link.get("ref")): str(link.get("location")) for link in found}


def everything(value: str) -> DocumentResult:
    """A document that says the same wherever a document can say something."""
    return DocumentResult(
        uri=value,
        status="failed",
        parent=value,
        languages=(value,),
        error=ErrorRecord(value, value),
        warnings=(Warning(value, value, 1),),
        facts=(
            fact("f1", "party", value, normalized=value, attributes={value: value}),
            fact("f2", value, value, normalized=Money(value, value), attributes={"role": value}),
        ),
        findings=(Finding(value, value, "fail", "low", value, ("f1",), quote=value),),
    )


@pytest.mark.parametrize("value", [*HOSTILE, "1", "TRUE", "2024-01-01", "", " a "])
def test_every_cell_is_a_string(value: str) -> None:
    book = saved(everything(value))
    for sheet in raw_sheets(book):
        assert not list(sheet.iter(f"{MAIN}f"))
        assert not list(sheet.iter(f"{MAIN}v"))
        list(raw_cells(sheet))
    assert (
        "xl/sharedStrings.xml" not in parts(book)
        or b"<si>" not in parts(book)["xl/sharedStrings.xml"]
    )
    read = openpyxl.load_workbook(io.BytesIO(book))
    for worksheet in read:
        for row in worksheet.iter_rows():
            for cell in row:
                assert cell.value is None or isinstance(cell.value, str)
                assert cell.data_type != "f"


@settings(max_examples=30)
@given(results())
def test_any_result_makes_cells_of_strings(result: DocumentResult) -> None:
    for sheet in raw_sheets(saved(result)):
        assert not list(sheet.iter(f"{MAIN}f"))
        list(raw_cells(sheet))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "=1+1"),
        ("+1", "+1"),
        ("-1", "-1"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("\t=1", "\t=1"),
        ("\r=1", "\n=1"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00\x07\x0b\x1bb", "ab"),
        ("\ufffea\uffff", "a"),
        ("_x0041_", "_x005F_x0041_"),  # Excel reads _x005F_ as an underscore
        (" a ", " a "),
        ("#N/A", "#N/A"),
        ("😀", "😀"),
    ],
)
def test_a_text_is_kept_as_it_is(value: str, shown: str) -> None:
    book = saved(DocumentResult("a", "succeeded", facts=(fact(value=value),)))
    assert texts(book, 2)["C2"] == shown


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "|"])
def test_what_looks_like_a_formula_stays_text_after_an_edit(start: str) -> None:
    book = saved(DocumentResult("a", "succeeded", facts=(fact(value=f"{start}1"),)))
    read = openpyxl.load_workbook(io.BytesIO(book))
    assert read["Evidence"]["C2"].quotePrefix
    assert not read["Evidence"]["A2"].quotePrefix
    assert read["Evidence"]["C2"].number_format == "@"


@pytest.mark.parametrize("text", ["x" * 32_767, "x" * 40_000, "😀" * 20_000, "x" + "😀" * 20_000])
def test_a_cell_holds_what_excel_can_hold(text: str) -> None:
    shown = texts(saved(DocumentResult("a", "succeeded", facts=(fact(value=text),))), 2)["C2"]
    units = len(shown.encode("utf-16-le")) // 2
    assert units <= 32_767
    if len(text) == 32_767:
        assert shown == text
    else:
        assert shown.endswith("… [cut: see results.jsonl]")
        assert units >= 32_766
        assert text.startswith(shown.partition("…")[0])


DOCUMENTS = (
    DocumentResult(
        "a.pdf",
        "succeeded",
        facts=(
            fact("f1", "party", "A Ltd"),
            fact("f2", "party", "B Ltd"),
            fact("f3", "governing_law", "England", normalized="GB-ENG"),
        ),
        findings=(
            Finding("law", "0", "fail", "high", "Not ours.", ("f3",), quote="England"),
            Finding("none", "0", "unknown", "low", "Nothing."),
        ),
    ),
    DocumentResult(
        "b.pdf",
        "succeeded",
        facts=(fact("f1", "party", "C Ltd", firm=False), fact("f9", "acme/score", "7")),
        findings=(Finding("law", "0", "pass", "high", "Fine.", ("gone", "f1")),),
        warnings=(Warning("page_without_text", "Page 3 has no text.", 3),),
    ),
    DocumentResult("c.pdf", "failed", error=ErrorRecord("encrypted", "It needs a password.")),
)


def evidence(book: bytes, location: str) -> list[str]:
    sheet, _, cell = location.partition("!")
    assert sheet == "'Evidence'"
    row = cell.removeprefix("A")
    found = texts(book, 2)
    return [found[f"{column}{row}"] for column in "ABC"]


def test_links_lead_to_the_row_of_their_evidence() -> None:
    book = saved(*DOCUMENTS)
    cells, places = texts(book, 0), links(book, 0)
    header = {
        cells[ref]: ref.removesuffix("1")
        for ref in cells
        if ref.removeprefix("A") and (ref.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "1")
    }
    rows = {cells[f"A{n}"]: n for n in (2, 3, 4)}

    def leads(document: str, column: str) -> list[str]:
        return evidence(book, places[f"{header[column]}{rows[document]}"])

    assert leads("a.pdf", "Parties") == ["a.pdf", "party", "A Ltd"]
    assert leads("a.pdf", "Governing law") == ["a.pdf", "governing_law", "England"]
    assert leads("b.pdf", "Parties") == ["b.pdf", "party", "C Ltd"]
    assert leads("b.pdf", "Other facts") == ["b.pdf", "acme/score", "7"]
    assert len(places) == 4
    assert cells[f"{header['Parties']}{rows['a.pdf']}"] == "A Ltd\nB Ltd"
    assert cells[f"{header['Parties']}{rows['b.pdf']}"] == "? C Ltd"
    assert cells[f"{header['Governing law']}{rows['a.pdf']}"] == "England [GB-ENG]"


def test_findings_lead_to_their_evidence() -> None:
    book = saved(*DOCUMENTS)
    assert {ref: evidence(book, location) for ref, location in links(book, 1).items()} == {
        "G2": ["a.pdf", "governing_law", "England"],
        "G4": ["b.pdf", "party", "C Ltd"],
    }


def test_what_could_not_be_read_comes_first_with_its_reason() -> None:
    cells = texts(saved(*DOCUMENTS), 0)
    assert [cells[f"A{row}"] for row in (2, 3, 4)] == ["b.pdf", "c.pdf", "a.pdf"]
    assert cells["C2"] == "Page 3 has no text. (page 3)"
    assert cells["C3"] == "It needs a password."


def test_every_field_has_its_column() -> None:
    facts = tuple(fact(field, field, f"value of {field}") for field in FIELDS)
    cells = texts(saved(DocumentResult("a", "succeeded", facts=facts)), 0)
    row = [text for ref, text in cells.items() if ref.endswith("2")]
    assert sum(text.startswith("value of ") for text in row) == len(FIELDS)


def test_documents_lead_to_their_pages_where_there_are_pages() -> None:
    book = saved(*DOCUMENTS, link_pages=True)
    rels = etree.fromstring(parts(book)["xl/worksheets/_rels/sheet1.xml.rels"])
    targets = {rel.get("Id"): (rel.get("TargetMode"), rel.get("Target")) for rel in rels}
    cells = texts(book, 0)
    found = {
        cells[str(link.get("ref"))]: targets[link.get(LINKED)]
        for link in raw_sheets(book)[0].iter(f"{MAIN}hyperlink")
        if link.get(LINKED)
    }
    assert found == {
        document.uri: ("External", document_file(document.uri)) for document in DOCUMENTS
    }
    without = parts(saved(*DOCUMENTS))
    assert not any(b"TargetMode" in content for content in without.values())


def test_many_values_are_counted_and_all_in_the_evidence() -> None:
    facts: Sequence[Fact] = [fact(f"f{n}", "amount", f"{n} EUR") for n in range(100)]
    book = saved(DocumentResult("a", "succeeded", facts=tuple(facts)))
    (cell,) = [text for text in texts(book, 0).values() if text.startswith("0 EUR")]
    assert cell.endswith("39 EUR\n… and 60 more in the sheet Evidence")
    assert len([ref for ref in texts(book, 2) if ref.startswith("A")]) == 101


def test_the_same_results_are_the_same_bytes() -> None:
    book = saved(*DOCUMENTS, link_pages=True)
    assert saved(*DOCUMENTS, link_pages=True) == book
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(
            name.startswith("/") or ".." in PurePosixPath(name).parts for name in archive.namelist()
        )
        core = archive.read("docProps/core.xml")
    assert core.count(b"1980-01-01T00:00:00") == 2


def test_a_job_without_documents_has_its_sheets() -> None:
    assert openpyxl.load_workbook(io.BytesIO(saved())).sheetnames == list(SHEETS)


# --- what a person works with ---


def opened(*documents: DocumentResult, relations: Sequence[Relation] = ()) -> openpyxl.Workbook:
    workbook = Workbook()
    for document in documents:
        workbook.add(document)
    target = io.BytesIO()
    workbook.save(target, relations)
    target.seek(0)
    return openpyxl.load_workbook(target)


def rows_of(book: openpyxl.Workbook, sheet: str) -> list[dict[str, str]]:
    header, *rows = book[sheet].iter_rows(values_only=True)
    return [
        {str(name): str(value) for name, value in zip(header, row, strict=True) if value}
        for row in rows
    ]


def reviewed(uri: str, sha256: str, confidence: float) -> DocumentResult:
    term = replace(fact("f1", "term", "2 years", firm=False), confidence=confidence)
    return DocumentResult(uri, "succeeded", sha256=sha256 * 64, facts=(term,))


def test_what_is_most_doubtful_comes_first() -> None:
    book = opened(
        reviewed("a", "1", 0.8), reviewed("b", "2", 0.2), reviewed("c", "3", 0.8), DOCUMENTS[2]
    )
    assert [row["Document"] for row in rows_of(book, "Review")] == ["b", "a", "c"]


def test_the_same_bytes_are_looked_at_once_and_decided_in_all_rows() -> None:
    book = opened(reviewed("a", "1", 0.5), reviewed("copy of a", "1", 0.5))
    assert [row["Document"] for row in rows_of(book, "Review")] == ["a"]
    assert all(row["Key"] for row in rows_of(book, "Evidence"))


def test_a_row_to_decide_leads_to_its_evidence_and_says_what_was_measured() -> None:
    book = opened(reviewed("a", "1", 0.5))
    (row,) = rows_of(book, "Review")
    assert (row["Field"], row["Value"], row["Confidence"]) == ("Term", "2 years", "50 %")
    assert row["Measured precision"] == "never firm; not measured"
    links = [cell.hyperlink for cell in book["Review"][2] if cell.hyperlink]
    assert [link.location for link in links] == ["'Evidence'!A2"]


def test_a_row_to_decide_leads_to_the_marked_words() -> None:
    term = fact("f2", "term", "2 years", firm=False, place=(3, 10))
    result = DocumentResult(
        "a", "succeeded", sha256="1" * 64, facts=(fact("f1", "party", "A"), term)
    )
    workbook = Workbook(link_pages=True)
    workbook.add(result)
    target = io.BytesIO()
    workbook.save(target)
    link = openpyxl.load_workbook(target)["Review"]["A2"].hyperlink
    assert link is not None
    assert (link.target, link.location) == (document_file("a"), "f1")
    assert 'id="f1"' in document_page(result, "It lasts 2 years.")


@pytest.mark.parametrize("sheet", ["Review", "Evidence"])
def test_decisions_are_chosen_from_a_list_and_keys_are_hidden(sheet: str) -> None:
    book = opened(reviewed("a", "1", 0.5))
    worksheet = book[sheet]
    names = [cell.value for cell in worksheet[1]]
    (validation,) = worksheet.data_validations.dataValidation
    letter = get_column_letter(names.index("Decision") + 1)
    assert str(validation.sqref) == f"{letter}2"
    assert validation.formula1 == f'"{",".join(CHOICES)}"'
    assert len(validation.formula1) <= 255, "Excel takes no longer list"
    assert worksheet.column_dimensions[get_column_letter(names.index("Key") + 1)].hidden
    assert worksheet.column_dimensions[letter].number_format == "@"
    assert not worksheet.protection.sheet, "a protected sheet cannot be sorted"


def test_clauses_are_a_grid_with_what_was_not_read_first() -> None:
    clauses = (
        Clause("audit_rights", present=True, firm=True, score=0.99),
        Clause("insurance", present=False, firm=True, score=0.01),
        Clause("exclusivity", present=True, firm=False, score=0.61),
    )
    book = opened(DocumentResult("a", "succeeded", clauses=clauses), DOCUMENTS[2])
    unread, read = rows_of(book, "Clauses")
    assert unread == {"Document": "c.pdf"}
    assert read == {
        "Document": "a",
        "Audit rights": "present",
        "Insurance": "absent",
        "Exclusivity": "? 61 %",
    }


def test_relations_have_a_sheet() -> None:
    many = tuple(f"{number:03}.pdf" for number in range(100))
    book = opened(
        relations=[
            Relation("near_duplicate", ("a.pdf", "b.pdf"), ("text",), 0.93),
            Relation("duplicate", many, ("sha256",)),
        ]
    )
    near, same = rows_of(book, "Relations")
    assert near == {
        "Relation": "near duplicate",
        "Document": "a.pdf",
        "With": "b.pdf",
        "Likeness": "93 %",
        "Found by": "text",
    }
    assert same["With"].startswith("001.pdf\n002.pdf")
    assert same["With"].endswith("… and 59 more in relations.jsonl")


def test_the_legend_says_of_every_field_how_sure_it_is_and_how_it_is_written() -> None:
    rows = {row.get("Name"): row for row in rows_of(opened(), "Legend")}
    assert set(FIELDS) <= set(rows)
    assert rows["governing_law"]["Precision"].endswith("% of 332 firm values")
    assert "2026-12-31" in rows["expiration_date"]["Written as"]


def test_what_was_decided_is_said_where_the_engine_disagrees() -> None:
    human = replace(fact("f1", "term", "2 years"), method="human")
    decision = Decision(
        "term",
        "",
        "accepted",
        "anna",
        "2026-11-22T10:00:00Z",
        value="2 years",
        comment="clause 3",
        engine_value="5 years",
        disagrees="new",
    )
    result = DocumentResult(
        "a", "succeeded", sha256="1" * 64, facts=(human,), decisions=(decision,)
    )
    (row,) = rows_of(opened(result), "Review")
    assert row["Candidates"] == "the engine now: 5 years"
    assert row["Decided before"] == "accepted by anna, 2026-11-22 10:00:00 UTC: clause 3"
