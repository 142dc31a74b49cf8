"""Word 97 documents (.doc), from the text that the program antiword makes of them.

It writes a paragraph a line, with the numbers of lists, and draws tables with upright strokes.
"""

import re
from collections.abc import Iterator

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.decoding import clean
from lexmill_legal.parsing.layer import visible
from lexmill_legal.parsing.media import DOC
from lexmill_legal.results import ParsedDocument
from lexmill_legal.results import Warning as Notice

CONVERTED = Notice(
    "converted",
    "This is a Word 97 document, which another program turned into text: deleted and inserted"
    " text cannot be told apart in it, and comments are left out. Save it as .docx to be sure.",
)
_PICTURE = re.compile(r"\[pic\]")
_ROW = re.compile(r"\|(?:[^|\n]*\|)+\s*")


def parse_doc(converted: bytes) -> ParsedDocument:
    text = visible(clean(converted.decode("utf-8", "replace")))
    blocks = [part for part in _parts(_PICTURE.sub("", text).split("\n")) if part]
    if not blocks:
        raise DocumentError("empty", "The document has no text.")
    return ParsedDocument(DOC, "\n\n".join(blocks) + "\n", warnings=(CONVERTED,))


def _parts(lines: list[str]) -> Iterator[str]:
    """Paragraphs and whole tables."""
    paragraph: list[str] = []
    rows: list[list[str]] = []
    for line in [*lines, ""]:
        if _ROW.fullmatch(line):
            _add_row(rows, [cell.strip() for cell in line.strip()[1:-1].split("|")])
            continue
        if rows:
            yield "\n".join(paragraph)
            yield "\n".join("\t".join(row) for row in rows)
            paragraph, rows = [], []
        if line.strip():
            paragraph.append(line.strip())
        elif paragraph:
            yield "\n".join(paragraph)
            paragraph = []


def _add_row(rows: list[list[str]], cells: list[str]) -> None:
    """A row whose first cell is empty goes on with the one above, line by line."""
    if not any(cells):
        return
    if rows and not cells[0] and len(cells) == len(rows[-1]):
        rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
    else:
        rows.append(cells)
