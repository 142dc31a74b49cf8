"""`lexmill run --redact`: no value of the samples is left in what a person would give away."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from lexmill_legal import parsing
from lexmill_legal.result_lines import read_result
from tests.system.commands import SAMPLES, Ended, Workplace, workplace

pytestmark = pytest.mark.system

TERMS = """\
terms:
  - {text: Kelvanna, reason: The vendor is not to be known}
keep: [nobody@nowhere.example]
"""
LEFT = re.compile(
    r"[\w.+-]+@[\w-]+\.\w{2,}|\b\d{3}-\d{2}-\d{4}\b|\b\d{20}\b|\bKelvanna\b", re.IGNORECASE
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("redaction")) as place:
        yield place


@pytest.fixture(scope="module")
def run(place: Workplace) -> Ended:
    assert place.run("redaction", "key", "key").code == 0
    place.path("terms.yaml", TERMS)
    return place.run(*_command(), "--json")


def _command(terms: str = "terms.yaml") -> tuple[str | Path, ...]:
    return ("run", SAMPLES / "contracts", "--redact", terms, "--redaction-key", "key")


@pytest.fixture(scope="module")
def out(place: Workplace, run: Ended) -> Path:
    assert run.code == 0, run.stderr
    return place.path(run.answer["out"])


@pytest.fixture(scope="module")
def log(out: Path) -> list[dict[str, object]]:
    lines = (out / "redacted" / "redactions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _raw(file: Path) -> Iterator[bytes]:
    """The file's bytes, and those of its parts."""
    yield file.read_bytes()
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def test_every_document_is_redacted_or_said_why_not(
    out: Path, log: list[dict[str, object]]
) -> None:
    results = {
        result.uri: result
        for result in map(read_result, (out / "results.jsonl").read_bytes().splitlines())
    }
    assert [line["uri"] for line in log] == sorted(results)
    for line in log:
        assert (line["file"] is None) == (line["error"] is not None), line
        redacted = results[str(line["uri"])].redacted
        assert redacted is not None
        assert redacted.file == line["file"]
        if line["file"] is not None:
            assert (out / str(line["file"])).is_file()
    assert sum(line["file"] is not None for line in log) >= len(log) - 1


def test_no_value_is_left_in_a_copy(out: Path, log: list[dict[str, object]]) -> None:
    checked = 0
    for line in log:
        if line["file"] is None:
            continue
        copy = out / str(line["file"])
        source = (out / "texts" / f"{line['text_sha256']}.txt").read_text(encoding="utf-8")
        text = parsing.parse(copy.read_bytes(), name=copy.name, keep_scans=True).text
        places = line["places"]
        assert isinstance(places, list)
        values = {source[each["start"] : each["end"]] for each in places}
        long = {" ".join(value.split()) for value in values if len(value) > 6}
        for value in long:
            assert value.casefold() not in " ".join(text.split()).casefold(), line["uri"]
            for raw in _raw(copy):
                assert value.encode() not in raw, line["uri"]
            checked += 1
        assert not LEFT.search(text), line["uri"]
    assert checked > 60


def test_neither_log_nor_table_nor_our_logs_have_a_value(
    place: Workplace, out: Path, log: list[dict[str, object]]
) -> None:
    key = place.path("key").read_text().strip()
    line = next(line for line in log if str(line["uri"]).startswith("dogovor"))
    source = (out / "texts" / f"{line['text_sha256']}.txt").read_text(encoding="utf-8")
    places = line["places"]
    assert isinstance(places, list)
    names = {source[each["start"] : each["end"]] for each in places if each["kind"] == "person"}
    assert names
    ours = [*(out / "redacted").glob("*.jsonl"), *(place.home / "logs").rglob("*.log")]
    assert len(ours) > 3
    for file in ours:
        text = file.read_text(encoding="utf-8", errors="replace")
        assert key not in text
        for name in names:
            assert name not in text, file


def test_the_pages_lead_to_the_copies(out: Path, log: list[dict[str, object]]) -> None:
    index = (out / "index.html").read_text(encoding="utf-8")
    copies = [line for line in log if line["file"] is not None]
    assert index.count(">redacted copy</a>") == len(copies)
    for page in (out / "documents").iterdir():
        for link in re.findall(r'href="\.\./(redacted/[^"]+)"', page.read_text(encoding="utf-8")):
            assert (out / unquote(link)).is_file()


def test_the_key_leads_back(place: Workplace, out: Path) -> None:
    copy = out / "redacted" / "office-lease.txt"
    revealed = place.run("redaction", "reveal", copy, "--key", "key")
    assert revealed.code == 0, revealed.stderr
    assert "[PERSON-" in copy.read_text(encoding="utf-8")
    assert "[PERSON-" not in revealed.stdout
    assert place.run("redaction", "key", "other").code == 0
    refused = place.run("redaction", "reveal", copy, "--key", "other")
    assert (refused.code, refused.stdout) == (2, "")
    assert "another key" in refused.stderr


def test_with_other_terms_only_the_redaction_is_repeated(place: Workplace, out: Path) -> None:
    before = (out / "redacted" / "office-lease.txt").read_bytes()
    place.path("black.yaml", "style: black\n")
    again = place.run(*_command("black.yaml"), "--json")
    assert again.code == 0, again.stderr
    assert "Only what had changed or failed was repeated (redact);" in again.stderr
    after = (out / "redacted" / "office-lease.txt").read_bytes()
    assert b"[PERSON" not in after
    assert before != after
