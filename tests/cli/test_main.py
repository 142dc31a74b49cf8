"""Every end of a command has its exit code and its sentence."""

import gzip
import io
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from lexmill.jobs.schemas import DocumentCounts, JobProgress
from lexmill_cli.declaring import job_of_paths
from lexmill_cli.display import Display
from lexmill_cli.errors import Exit
from lexmill_cli.foreground import _exit, _report, _reuse
from lexmill_cli.main import main
from lexmill_cli.running import Outcome
from tests.cli.reporting import progress, stage

Lexmill = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lexmill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Lexmill]:
    """The command in this process, as long as it starts no server."""
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lexmill", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def write_job(folder: Path, spec: str) -> str:
    (folder / "a.txt").touch()
    (folder / "job.yaml").write_text(
        "apiVersion: lexmill.io/v1alpha1\nkind: LegalJob\nmetadata: {name: a}\nspec: " + spec
    )
    return "job.yaml"


def test_the_version(lexmill: Lexmill) -> None:
    code, out, err = lexmill("--version")
    assert (code, err) == (0, "")
    assert out.count(".") >= 2


@pytest.mark.parametrize("words", [("run",), ("run", "a.txt", "--max-workers", "0"), ("walk",)])
def test_misuse(lexmill: Lexmill, words: tuple[str, ...]) -> None:
    code, out, err = lexmill(*words)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("{trigger: {}}", "listens or has a schedule and never ends"),
        (
            '{documents: [{uri: a.txt}], schedule: {cron: "* * * * *"}}',
            "listens or has a schedule and never ends",
        ),
        ("{documents: [{uri: a.txt}], suspend: true}", "is suspended and would never end"),
    ],
)
def test_run_refuses_what_never_ends(
    lexmill: Lexmill, tmp_path: Path, spec: str, sentence: str
) -> None:
    code, out, err = lexmill("run", write_job(tmp_path, spec))
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_job_and_documents_together(lexmill: Lexmill, tmp_path: Path) -> None:
    job = write_job(tmp_path, "{documents: [{uri: a.txt}]}")
    code, _, err = lexmill("run", job, "a.txt")
    assert code == 2
    assert err == "lexmill: Name one LegalJob YAML, or documents, not both.\n"


def test_an_output_that_cannot_be_written(lexmill: Lexmill, tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    code, _, err = lexmill("run", "a.txt", "--out", "a.txt")
    assert code == 3
    assert err == "lexmill: The reports cannot be written to a.txt: File exists.\n"


def test_what_nobody_thought_of_shows_no_traceback(
    lexmill: Lexmill, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    (tmp_path / "a.txt").touch()
    code, out, err = lexmill("run", str(tmp_path / "a.txt"))
    assert (code, out) == (3, "")
    assert err.startswith("lexmill: Lexmill itself failed (FileNotFoundError at ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (progress(), Exit.OK),
        (progress(documents=DocumentCounts(total=1, failed=1)), Exit.UNFINISHED),
        (progress(documents=DocumentCounts(total=1, dead=1)), Exit.UNFINISHED),
        (progress(state="Failed", reason="ListingFailed"), Exit.UNFINISHED),
        (progress(state="Failed", reason="ReportsFailed"), Exit.UNAVAILABLE),
    ],
)
def test_how_a_run_ends(ended: JobProgress, code: Exit) -> None:
    totals = {"failed": ended.documents.failed, "dead": ended.documents.dead}
    assert _exit(Outcome([ended], 1.0), totals) is code


def test_a_run_without_a_document_names_what_was_searched(tmp_path: Path) -> None:
    text, out = io.StringIO(), tmp_path / "out"
    job = job_of_paths([tmp_path], playbook_file=None, out=out, max_workers=1)
    out.mkdir()
    (out / "results.jsonl").touch()
    nothing = Outcome([progress(documents=DocumentCounts())], 1.0)
    console = Console(file=text, width=200)
    assert _report(Display(console), [job], nothing, as_json=False) is Exit.OK
    assert text.getvalue() == (
        f"There is no document in {tmp_path}; names that begin with a dot are passed over.\n"
    )


@pytest.mark.parametrize(
    ("ended", "beginning"),
    [
        (progress(stages=()), None),
        (progress(stages=(stage("parse", visits=3),)), None),
        (progress(stages=(stage("parse", reused=3),)), "Nothing had changed"),
        (
            progress(stages=(stage("check", visits=3), stage("parse", reused=3))),
            "Only what had changed or failed was repeated (check);",
        ),
        (
            progress(stages=(stage("check", visits=1), stage("parse", visits=1, reused=2))),
            "Only what had changed or failed was repeated (parse, check);",
        ),
        (
            progress(stages=(stage("parse", reused=2),), documents=DocumentCounts(total=3, dead=1)),
            None,
        ),
    ],
)
def test_what_is_said_about_earlier_runs(ended: JobProgress, beginning: str | None) -> None:
    sentence = _reuse(ended)
    assert sentence is beginning if beginning is None else (sentence or "").startswith(beginning)


def test_facts_eval_says_where_the_labels_should_be(lexmill: Lexmill) -> None:
    code, _, error = lexmill("model", "facts", "eval", "--data", "nowhere")
    assert code == Exit.MISUSE
    assert "nowhere has no train.jsonl.gz" in error


def test_facts_eval_gives_figures_for_each_field_and_fold(lexmill: Lexmill) -> None:
    text = "SUPPLY AGREEMENT\n\nThis Supply Agreement is made as of May 1, 2020 by and between A."
    row = {
        "file": "Alder_1.txt",
        "text": text,
        "spans": [["Agreement Date", text.index("May"), text.index("May") + 11]],
        "answers": {"Agreement Date": "5/1/20"},
    }
    Path("train.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    code, output, _ = lexmill("model", "facts", "eval", "--data", ".", "--json", "--shipped")
    figures = json.loads(output)["fields"]["agreement_date"]
    assert (code, figures["labelled"], figures["recall"]) == (0, 1, 1.0)
    assert sum(fold["labelled"] for fold in figures["folds"]) == 1
    code, output, _ = lexmill("model", "facts", "eval", "--data", ".", "--shipped")
    assert (code, "agreement_date" in output) == (0, True)


def test_facts_eval_refuses_what_is_no_file_of_labels(lexmill: Lexmill) -> None:
    Path("train.jsonl.gz").write_bytes(b"no gzip")
    assert lexmill("model", "facts", "eval", "--data", ".")[0] == Exit.MISUSE
