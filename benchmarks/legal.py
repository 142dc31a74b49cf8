"""Documents a second from PDF, and from text, to facts on one core, beside a named alternative.

Ours: parse, classify, segment, extract as plain calls in one process. The alternative, on the same
files in the same run: pdfplumber for the text, spaCy for sentences, dateparser for the dates in
them (no names, laws or terms: less than we find). It is not part of the lock: `--alternative` makes
a virtual environment of its own in the user's cache (pinned) and runs there.

    python -m benchmarks.legal --pdf FOLDER [--text FILE.jsonl.gz] [--documents N] [--alternative]
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import time
import venv
from pathlib import Path

_PINNED = ("pdfplumber==0.11.7", "dateparser==1.2.2", "spacy==3.8.7", "click==8.1.8")

_IMPORT = (
    "import time;t=time.perf_counter();import lexmill_legal.extract;print(time.perf_counter()-t)"
)

_ALTERNATIVE = """
import json, sys, time
import dateparser.search, pdfplumber, spacy
nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
start = time.process_time()
for path in sys.argv[1:]:
    with pdfplumber.open(path) as document:
        text = "\\n".join(page.extract_text() or "" for page in document.pages)
    sentences = [sentence.text for sentence in nlp(text[:900_000]).sents]
    for sentence in sentences:
        if any(letter.isdigit() for letter in sentence):
            dateparser.search.search_dates(sentence, languages=["en"])
print(json.dumps(len(sys.argv[1:]) / (time.process_time() - start)))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pdf", type=Path, required=True)
    parser.add_argument("--text", type=Path, help="gzipped JSON lines with a member `text`")
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--alternative", action="store_true")
    arguments = parser.parse_args()
    files = sorted(arguments.pdf.glob("*.pdf"))[: arguments.documents]
    if not files:
        parser.error(f"no PDF in {arguments.pdf}")
    import_seconds = imported()
    from_pdf = pdf_rate(files)
    report("pdf_to_facts", from_pdf, "documents/s")
    if arguments.alternative:  # on few files, but on the same ones
        few = files[:5]
        report("pdf_to_facts_few", pdf_rate(few), "documents/s", alternative_rate(few))
    if arguments.text is not None:
        report("text_to_facts", text_rate(arguments.text, 4 * arguments.documents), "documents/s")
    report("import_seconds", import_seconds, "s")
    report("peak_rss", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")
    return 0


def report(name: str, value: float, unit: str, baseline: float | None = None) -> None:
    line: dict[str, str | float] = {"name": name, "value": round(value, 2), "unit": unit}
    if baseline is not None:
        line |= {"baseline": round(baseline, 2), "ratio": round(value / baseline, 1)}
    print(json.dumps(line))


def imported() -> float:
    """The best of three, as another program's start may fall into one."""
    runs = (
        subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True, text=True)
        for _ in range(3)
    )
    return min(float(run.stdout) for run in runs)


def pdf_rate(files: list[Path]) -> float:
    from lexmill_legal.parsing import parse  # noqa: PLC0415 - its import is measured apart

    contents = [(path.name, path.read_bytes()) for path in files]
    start = time.process_time()
    for name, data in contents:
        facts(parse(data, name=name))
    return len(contents) / (time.process_time() - start)


def text_rate(path: Path, count: int) -> float:
    from lexmill_legal.results import ParsedDocument  # noqa: PLC0415 - as above

    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(count), lines, strict=False)]
    start = time.process_time()
    for text in texts:
        facts(ParsedDocument("text/plain", text))
    return len(texts) / (time.process_time() - start)


def facts(parsed: "object") -> None:
    from lexmill_legal.classify import classify  # noqa: PLC0415 - as above
    from lexmill_legal.extract import extract  # noqa: PLC0415
    from lexmill_legal.results import ParsedDocument  # noqa: PLC0415
    from lexmill_legal.segment import segment  # noqa: PLC0415

    assert isinstance(parsed, ParsedDocument)
    extract(parsed, classify(parsed), segment(parsed))


def alternative_rate(files: list[Path]) -> float:
    """Of few files: it needs minutes for what takes us seconds."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lexmill" / "benchmark"
    python = cache / "bin" / "python"
    if not python.exists():
        venv.create(cache, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *_PINNED], check=True)
    run = subprocess.run(
        [python, "-I", "-c", _ALTERNATIVE, *(str(path.resolve()) for path in files)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(json.loads(run.stdout))


if __name__ == "__main__":
    sys.exit(main())
