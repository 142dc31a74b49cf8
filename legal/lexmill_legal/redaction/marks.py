"""The ranges of the text layer that are burned: those that were asked for, and every other place
where one of their values stands, for a value that is readable elsewhere is not redacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lexmill_legal.errors import DocumentError
from lexmill_legal.redaction.values import Values, fold
from lexmill_legal.results import Redaction


@dataclass(frozen=True, slots=True)
class Mark:
    start: int
    end: int
    token: str


@dataclass(frozen=True, slots=True)
class Marks:
    """``ranges`` are sorted and apart from each other; ``values`` are what they cover."""

    ranges: tuple[Mark, ...]
    values: Values
    tokens: tuple[str, ...]


def read_marks(text: str, redactions: Sequence[Redaction]) -> Marks:
    asked: list[Mark] = []
    for each in redactions:
        if not 0 <= each.start <= each.end <= len(text):
            raise DocumentError(
                "not_redactable",
                "The marks do not belong to this text of the document; let them be found anew.",
            )
        quote = text[each.start : each.end]
        start = each.start + len(quote) - len(quote.lstrip())
        if quote.strip():
            asked.append(Mark(start, start + len(quote.strip()), each.token))
    asked.sort(key=lambda mark: (mark.start, -mark.end, mark.token))
    values = Values(text[mark.start : mark.end] for mark in asked)
    tokens: dict[str, str] = {}
    for mark in asked:
        tokens.setdefault(fold(text[mark.start : mark.end]), mark.token)
    elsewhere = [Mark(start, end, tokens[value]) for start, end, value in values.occurrences(text)]
    return Marks(
        tuple(_merged(asked + elsewhere)), values, tuple(sorted({mark.token for mark in asked}))
    )


def _merged(marks: list[Mark]) -> list[Mark]:
    """Marks that overlap are one; it has the token of the longest."""
    merged: list[Mark] = []
    longest = 0
    for mark in sorted(marks, key=lambda each: (each.start, -each.end)):
        last = merged[-1] if merged else None
        size = mark.end - mark.start
        if last is None or mark.start >= last.end:
            merged.append(mark)
            longest = size
            continue
        token = mark.token if size > longest else last.token
        longest = max(longest, size)
        merged[-1] = Mark(last.start, max(last.end, mark.end), token)
    return merged


def redacted_text(text: str, marks: Marks, start: int = 0, end: int | None = None) -> str:
    """``text[start:end]`` with each mark's token where it begins."""
    end = len(text) if end is None else end
    parts: list[str] = []
    at = start
    for mark in marks.ranges:
        if mark.end <= start or mark.start >= end:
            continue
        parts.append(text[at : max(at, mark.start)])
        if mark.start >= start:
            parts.append(mark.token)
        at = min(mark.end, end)
    parts.append(text[at:end])
    return "".join(parts)
