"""`lexmill review` and `lexmill audit` where no installation is needed to say what is wrong."""

import io
import json
from pathlib import Path

import msgspec
import openpyxl
import pytest
from typer.testing import CliRunner

from lexmill.audit.chain import GENESIS, canonical, link_hash
from lexmill.audit.schemas import AuditEntry
from lexmill_cli.audit import _said
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.main import app
from lexmill_legal.reports import Workbook
from lexmill_legal.results import DocumentResult
from tests.legal.reports.making import fact


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(path: Path, **answers: str) -> Path:
    term = fact("f1", "term", "2 years", firm=False)
    workbook = Workbook()
    workbook.add(DocumentResult("a.pdf", "succeeded", sha256="1" * 64, facts=(term,)))
    target = io.BytesIO()
    workbook.save(target)
    book = openpyxl.load_workbook(target)
    review = book["Review"]
    names = [cell.value for cell in review[1]]
    for name, answer in answers.items():
        review.cell(2, names.index(name.replace("_", " ")) + 1).value = answer
    book.save(path)
    return path


def refused(*words: str | Path) -> tuple[CommandError, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(result.exception, CommandError), result.output
    return result.exception, result.stdout


def test_a_report_without_decisions_says_so(tmp_path: Path) -> None:
    path = report(tmp_path / "report.xlsx", Reviewer="anna")
    result = CliRunner().invoke(app, ["review", "import", str(path), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"recorded": 0, "unchanged": 0, "problems": []}
    assert "There is no decision in this report" in result.stderr


def test_check_reads_and_records_nothing(tmp_path: Path) -> None:
    path = report(tmp_path / "report.xlsx", Decision="accept")
    result = CliRunner().invoke(app, ["review", "import", str(path), "--check"])
    assert result.exit_code == 0
    assert "1 decisions can be read; nothing was recorded" in result.stderr
    assert not (tmp_path / ".lexmill").exists()


def test_a_mistake_is_named_by_its_cell(tmp_path: Path) -> None:
    path = report(tmp_path / "report.xlsx", Decision="correct", Correct_value="soon")
    error, stdout = refused("review", "import", path, "--json")
    assert error.exit is Exit.MISUSE
    assert "Nothing was recorded" in error.message
    (problem,) = json.loads(stdout)["problems"]
    assert problem["cell"] == "Review!G2"
    assert "30 days" in problem["message"]


@pytest.mark.parametrize("name", ["missing.xlsx", "."])
def test_a_file_that_cannot_be_opened(name: str) -> None:
    error, _ = refused("review", "import", name)
    assert error.exit is Exit.MISUSE
    assert error.message.startswith(name)


def test_a_file_that_is_no_report(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    path.write_bytes(b"%PDF-1.7")
    error, _ = refused("review", "import", path)
    assert (error.exit, "no workbook" in error.message) == (Exit.MISUSE, True)


def test_without_an_installation_nothing_is_recorded(tmp_path: Path) -> None:
    path = report(tmp_path / "report.xlsx", Decision="accept", Reviewer="anna")
    error, _ = refused("review", "import", path)
    assert error.exit is Exit.MISUSE
    assert "There is no system in .lexmill" in error.message


def test_a_reviewer_has_a_name(tmp_path: Path) -> None:
    path = report(tmp_path / "report.xlsx", Decision="accept")
    error, _ = refused("review", "import", path, "--reviewer", " ")
    assert "--reviewer: the reviewer's name is needed." in error.message


@pytest.mark.parametrize("head", ["", "1", "x:y", "1:abc", f"-1:{GENESIS}"])
def test_a_head_that_is_none(head: str) -> None:
    error, _ = refused("audit", "verify", "--head", head)
    assert (error.exit, "NUMBER:HASH" in error.message) == (Exit.MISUSE, True)


def export(count: int) -> list[bytes]:
    lines, previous = [], GENESIS
    for number in range(1, count + 1):
        content = canonical({"namespace": "acme", "number": number})
        link = AuditEntry(
            namespace="acme",
            number=number,
            entry=content,
            previous=previous,
            hash=link_hash(previous, content),
        )
        lines.append(msgspec.json.encode(link))
        previous = link.hash
    head = {"number": count, "hash": previous}
    return [*lines, msgspec.json.encode({"namespace": "acme", "entries": count, "head": head})]


def verified(path: Path, lines: list[bytes], *more: str) -> tuple[int, str]:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    result = CliRunner().invoke(app, ["audit", "verify", "--file", str(path), *more])
    if isinstance(result.exception, CommandError):
        return result.exception.exit, result.exception.message
    return result.exit_code, result.stderr


def test_an_export_is_verified_without_an_installation(tmp_path: Path) -> None:
    path, lines = tmp_path / "trail.jsonl", export(3)
    code, said = verified(path, lines)
    assert (code, "is whole: 3 entries" in said) == (0, True)
    head = msgspec.json.decode(lines[2], type=AuditEntry)
    assert verified(path, lines, "--head", f"3:{head.hash}")[0] == 0
    assert verified(path, export(0))[0] == 0


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ([0, 1, 3], "broken at number 3"),  # the last entry is gone
        ([1, 2, 3], "broken at number 1: it is missing"),
        ([0, 2, 1, 3], "broken at number 2"),
        ([0, 1, 2], "no whole export"),
        ([], "no whole export"),
    ],
)
def test_an_export_that_somebody_changed(tmp_path: Path, kept: list[int], says: str) -> None:
    lines = export(3)
    code, said = verified(tmp_path / "trail.jsonl", [lines[number] for number in kept])
    assert (code, says in said) == (1, True), said


def test_an_export_that_was_cut_with_its_manifest_shows_by_the_noted_head(tmp_path: Path) -> None:
    head = msgspec.json.decode(export(3)[2], type=AuditEntry)
    code, said = verified(tmp_path / "trail.jsonl", export(2), "--head", f"3:{head.hash}")
    assert (code, "broken at number 3" in said) == (1, True)
    other = replace_hash(head)
    code, said = verified(tmp_path / "trail.jsonl", export(3), "--head", f"3:{other}")
    assert (code, "broken at number 3" in said) == (1, True)


def replace_hash(entry: AuditEntry) -> str:
    return entry.hash[::-1]


def test_an_entry_is_read_once_however_many_columns_show_it() -> None:
    entry = AuditEntry(namespace="a", number=1, entry="{}", previous=GENESIS, hash="")
    assert _said(entry) is _said(entry)
