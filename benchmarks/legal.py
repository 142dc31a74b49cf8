"""Documents a second from PDF, and from text, to facts on one core, beside named alternatives.

Ours: parse, classify, segment and extract (clauses, terms, references included) as plain calls in
one process, after one small contract that loads the models. The alternatives, on the first few of
the same files in the same run: pdfplumber for the text, spaCy's rule sentencizer, dateparser for
the dates of each sentence. They find dates only (no parties, laws, clauses): less than we find.
They are no part of the lock: they get a virtual environment of their own in the user's cache.

Rates are of CPU time, so that a busy machine does not count; the peak of memory is of the process
that did the work, the import the best of three fresh processes.

    python -m benchmarks.legal [--pdf FOLDER] [--text FILE.jsonl.gz] [--documents N] [--compared N]
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CUAD = ROOT.parent / "shared" / "data" / "cuad"
GOALS = {"pdf": 12.0, "text": 40.0, "import": 0.5, "rss": 300.0}

_PINNED = ("pdfplumber==0.11.7", "dateparser==1.2.2", "spacy==3.8.7", "click==8.1.8")

_IMPORT = (
    "import time;t=time.process_time();"
    "import lexmill_legal.parsing,lexmill_legal.classify,lexmill_legal.segment,"
    "lexmill_legal.extract,lexmill_legal.playbook;"
    "print(time.process_time()-t)"
)

_ALTERNATIVE = """
import json, sys, time
import dateparser.search, pdfplumber, spacy
nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
nlp.max_length = 10_000_000

def dates(text):
    for sentence in nlp(text).sents:
        if any(letter.isdigit() for letter in sentence.text):
            dateparser.search.search_dates(sentence.text, languages=["en"])

dates("This agreement is made on March 1, 2024.")
seconds = {}
for kind, paths in json.loads(sys.argv[1]).items():
    start = time.process_time()
    for path in paths:
        if kind == "pdf":
            with pdfplumber.open(path) as document:
                text = "\\n".join(page.extract_text() or "" for page in document.pages)
        else:
            text = open(path, encoding="utf-8").read()
        dates(text)
    seconds[kind] = time.process_time() - start
print(json.dumps(seconds))
"""

_WARM = (
    "SERVICES AGREEMENT\n\n1. Term. This Agreement is made on March 1, 2024 by A Inc. and B LLC.\n"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pdf", type=Path, default=CUAD / "pdf")
    parser.add_argument("--text", type=Path, default=CUAD / "train.jsonl.gz")
    parser.add_argument("--documents", type=int, default=1_000, help="at most, of each kind")
    parser.add_argument(
        "--compared", type=int, default=5, help="files for the alternatives; 0: none"
    )
    arguments = parser.parse_args()
    files = sorted(arguments.pdf.glob("*.pdf"))[: arguments.documents]
    if not files:
        parser.error(f"there is no PDF in {arguments.pdf}")
    if not arguments.text.is_file():
        parser.error(f"there is no file {arguments.text}: gzipped JSON lines with a member `text`")
    found = {
        "import_seconds": imported(),
        **measured(files, arguments.text, arguments.documents),
    }
    baseline = None
    if arguments.compared:
        few = min(arguments.compared, len(files))
        ours, theirs = compared(files[:few], arguments.text, few)
        baseline = theirs["pdf"]
        found |= {
            "compared": few,
            "pdf_to_facts_compared": ours["pdf"],
            "text_to_facts_compared": ours["text"],
            "alternative_pdf_to_dates": theirs["pdf"],
            "alternative_text_to_dates": theirs["text"],
        }
    line: dict[str, object] = {"name": "legal", "value": round(found["pdf_to_facts"], 2)}
    line["unit"] = "documents/s"
    if baseline is not None:
        line["baseline"] = round(baseline, 2)
        line["ratio"] = round(found["pdf_to_facts_compared"] / baseline, 1)
    print(json.dumps(line | {name: round(value, 2) for name, value in found.items()}))
    return 0


def imported() -> float:
    """The best of three, as another program's start may fall into one."""
    runs = (
        subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True, text=True)
        for _ in range(3)
    )
    seconds = min(float(run.stdout) for run in runs)
    say(f"import: {seconds:.2f} s (goal {GOALS['import']})")
    return seconds


def measured(files: list[Path], texts: Path, most: int) -> dict[str, float]:
    seconds: dict[str, float] = {}
    facts(_WARM)
    for path in files:
        facts(path, seconds)
    rate = len(files) / sum(seconds.values())
    say(
        f"PDF to facts: {rate:.1f} documents/s (goal {GOALS['pdf']}): {shares(seconds, len(files))}"
    )
    found = {"pdf_to_facts": rate}
    seconds = {}
    count = 0
    for text in contracts(texts, most):
        facts(text, seconds)
        count += 1
    rate = count / sum(seconds.values())
    say(f"text to facts: {rate:.1f} documents/s (goal {GOALS['text']}): {shares(seconds, count)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"peak of memory: {peak:.0f} MiB (goal {GOALS['rss']:.0f})")
    return found | {"text_to_facts": rate, "peak_rss_mib": peak}


def shares(seconds: dict[str, float], count: int) -> str:
    return ", ".join(f"{name} {1000 * spent / count:.1f} ms" for name, spent in seconds.items())


def facts(source: Path | str, seconds: dict[str, float] | None = None) -> None:
    """Every step from a file, or from a text, to facts; adds the CPU seconds of each."""
    from lexmill_legal.classify import classify  # noqa: PLC0415 - its import is measured apart
    from lexmill_legal.extract import extract  # noqa: PLC0415
    from lexmill_legal.parsing import parse  # noqa: PLC0415
    from lexmill_legal.results import ParsedDocument  # noqa: PLC0415
    from lexmill_legal.segment import segment  # noqa: PLC0415

    data = source.read_bytes() if isinstance(source, Path) else b""
    marks = [time.process_time()]
    if isinstance(source, Path):
        parsed = parse(data, name=source.name)
        marks.append(time.process_time())
    else:
        parsed = ParsedDocument("text/plain", source)
    classification = classify(parsed)
    marks.append(time.process_time())
    outline = segment(parsed)
    marks.append(time.process_time())
    extract(parsed, classification, outline)
    marks.append(time.process_time())
    names = ("parse", "classify", "segment", "extract")[-len(marks) + 1 :]
    if seconds is not None:
        for name, start, end in zip(names, marks, marks[1:], strict=False):
            seconds[name] = seconds.get(name, 0.0) + end - start


def contracts(path: Path, most: int) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for _, line in zip(range(most), lines, strict=False):
            yield json.loads(line)["text"]


def compared(
    files: list[Path], texts: Path, count: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Ours and theirs on the same files; of few, as they need minutes for what takes us seconds."""
    with tempfile.TemporaryDirectory() as folder:
        written = [Path(folder) / f"{number}.txt" for number in range(count)]
        sources = list(contracts(texts, count))
        for path, text in zip(written, sources, strict=True):
            path.write_text(text, encoding="utf-8")
        ours: dict[str, float] = {}
        for kind, own in (("pdf", files), ("text", sources)):
            seconds: dict[str, float] = {}
            for source in own:
                facts(source, seconds)
            ours[kind] = count / sum(seconds.values())
        paths = {"pdf": [str(path.resolve()) for path in files], "text": [*map(str, written)]}
        run = subprocess.run(
            [alternative(), "-I", "-c", _ALTERNATIVE, json.dumps(paths)],
            check=True,
            capture_output=True,
            text=True,
        )
    theirs = {kind: count / spent for kind, spent in json.loads(run.stdout).items()}
    for kind, rate in ours.items():
        say(
            f"{kind}, the first {count}: ours {rate:.1f} documents/s with all facts, "
            f"pdfplumber + spaCy + dateparser {theirs[kind]:.2f} with dates only"
        )
    return ours, theirs


def alternative() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lexmill" / "benchmark"
    python = cache / "bin" / "python"
    if not (cache / "ready").exists():
        say(f"installing {', '.join(_PINNED)} into {cache}")
        venv.create(cache, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *_PINNED], check=True)
        (cache / "ready").touch()
    return python


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
