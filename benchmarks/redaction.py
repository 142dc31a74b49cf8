"""Redaction: what is found, what is left, and how fast, on invented documents with known values.

Two passes over the same documents. *Burned by truth*: every known value is marked, the copy must
have no character of it, nor of what only the file's metadata, comments and hidden text had.
*Found*: what the finder marks, compared with where the known values stand; then each value of which
all places were found must be gone as well. The search for leaks shares no code with the library:
raw bytes, unpacked streams and ZIP members, the text as pdfium gives it; in five encodings.

    python benchmarks/redaction.py [--documents 50] [--pdf FOLDER]
"""

import argparse
import html
import io
import re
import resource
import sys
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

import pypdfium2

from lexmill_legal import classify, extract, segment
from lexmill_legal.parsing import parse
from lexmill_legal.redaction import Terms, burn, find_redactions
from lexmill_legal.results import ParsedDocument, Redaction

sys.path.append(f"{__file__.rpartition('/')[0]}/..")

from benchmarks.redaction_documents import Document, Value, documents

FLOORS = {"person": 0.90, "identifier": 0.98, "account": 0.98, "email": 0.98, "phone": 0.98}
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1251", "latin-1")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
# a word of a value that is long enough to tell something is looked for alone, too
_WORD = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=50, help="of each of the four formats")
    parser.add_argument("--pdf", type=Path, help="a folder of PDF to measure the speed on")
    arguments = parser.parse_args()
    made = list(documents(arguments.documents))
    failed = by_truth(made) + by_finder(made)
    if arguments.pdf:
        speed(sorted(arguments.pdf.glob("*.pdf")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak_rss {peak:.0f} MiB")
    return int(failed > 0)


def by_truth(made: Sequence[Document]) -> int:
    leaks, missed, seconds = 0, 0, 0.0
    for document in made:
        parsed = parse(document.data, name=document.name)
        marks = [
            Redaction(start, end, value.kind, "known", f"[{value.kind.upper()}]")
            for value in document.values
            for start, end in places(parsed, value)
        ]
        missed += sum(not places(parsed, value) for value in document.values)
        started = time.process_time()
        copy = burn(document.data, parsed, marks)
        seconds += time.process_time() - started
        for value in (*document.values, *document.hidden):
            for found in leaked(copy.data, value):
                leaks += 1
                print(f"LEAK {document.name} {value.kind} in {found}")
    print(f"burned_by_truth {len(made)} documents, {leaks} leaks, {missed} values not in the text,")
    print(f"  {len(made) / seconds:.1f} documents/s of CPU, verified")
    return leaks + missed


def by_finder(made: Sequence[Document]) -> int:
    known: Counter[str] = Counter()
    found: Counter[str] = Counter()
    leaks = 0
    for document in made:
        parsed = parse(document.data, name=document.name)
        classification = classify.classify(parsed)
        facts = extract.extract(parsed, classification, segment.segment(parsed)).facts
        marks = find_redactions(parsed, classification, facts, Terms())
        burned = []
        for value in document.values:
            standing = places(parsed, value)
            covered = [any(m.start <= a and b <= m.end for m in marks) for a, b in standing]
            known[value.kind] += len(standing)
            found[value.kind] += sum(covered)
            if all(covered):
                burned.append(value)
        copy = burn(document.data, parsed, marks)
        leaks += sum(1 for value in burned for _ in leaked(copy.data, value))
    below = 0
    for kind, floor in FLOORS.items():
        recall = found[kind] / max(1, known[kind])
        below += recall < floor
        print(f"recall_{kind} {recall:.3f} of {known[kind]} places (floor {floor})")
    print(f"burned_by_finder {leaks} leaks")
    return leaks + below


def places(parsed: ParsedDocument, value: Value) -> list[tuple[int, int]]:
    """Where the value stands in the text layer, over lines as well."""
    pattern = r"\s+".join(map(re.escape, value.text.split()))
    # a wrapped line may end at a hyphen of the value's own
    pattern = pattern.replace(r"\-", r"\-\s*")
    return [found.span() for found in re.finditer(pattern, parsed.text)]


def leaked(copy: bytes, value: Value) -> Iterator[str]:
    """Where in the copy the value, or a word of it, can still be read."""
    words = [word for word in re.split(r"[\s@]+", value.text) if len(word) >= _WORD]
    whole = re.sub(r"\s", "", value.text).casefold()
    for name, content in haystacks(copy):
        if isinstance(content, bytes):
            for text in {value.text, *words}:
                if any(_encoded(text, encoding) in content for encoding in _ENCODINGS):
                    yield f"{name} (bytes)"
        else:
            for form in {content, html.unescape(content), unquote(content)}:
                bare = re.sub(r"[\s\xad\u200b]", "", form).casefold()
                if whole in bare or any(word.casefold() in bare for word in words):
                    yield name


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b"\0never\0"  # what an encoding cannot write cannot stand in it


def haystacks(copy: bytes) -> Iterator[tuple[str, bytes | str]]:
    yield "file", copy
    if copy.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(copy)) as archive:
            for item in archive.infolist():
                yield item.filename, item.filename
                content = archive.read(item)
                yield item.filename, content
                yield item.filename, re.sub(r"<[^>]*>", "", content.decode())
                yield item.filename, content.decode()
    elif copy.startswith(b"%PDF"):
        for found in _STREAM.finditer(copy):
            yield "stream", zlib.decompressobj().decompress(found[1])
        document = pypdfium2.PdfDocument(copy)
        yield "metadata", repr(document.get_metadata_dict())
        yield "text", "\n".join(page.get_textpage().get_text_bounded() for page in document)
        document.close()
    else:
        yield "text", copy.decode()
        yield "text without tags", re.sub(r"<[^>]*>", "", copy.decode())


def speed(files: Sequence[Path]) -> None:
    pages, seconds, size = 0, 0.0, 0
    for file in files:
        data = file.read_bytes()
        parsed = parse(data, name=file.name)
        # each fortieth word, so that nearly every page has marks
        words = list(re.finditer(r"\w{6,}", parsed.text))[::40]
        marks = [Redaction(*word.span(), "term", "speed", "[TERM]") for word in words]
        started = time.process_time()
        copy = burn(data, parsed, marks)
        seconds += time.process_time() - started
        pages += len(parsed.pages)
        size += len(copy.data)
    print(
        f"burned_pdf {pages / seconds:.1f} pages/s of CPU, verified; {size // pages} bytes a page"
    )


if __name__ == "__main__":
    sys.exit(main())
