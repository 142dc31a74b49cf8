from typing import Final

from lexmill_legal.classify.document_types import typed
from lexmill_legal.classify.languages import languages
from lexmill_legal.classify.titles import find_titles
from lexmill_legal.parsing.places import place
from lexmill_legal.results import Classification, Fact, ParsedDocument

VERSION: Final = "4"


def classify(parsed: ParsedDocument) -> Classification:
    """The languages, most text first, and the type that the title states (or none)."""
    return Classification(languages(parsed.text), _document_type(parsed))


def _document_type(parsed: ParsedDocument) -> Fact | None:
    for title in find_titles(parsed.text):
        kind = typed(title.name)
        if kind is None:
            continue
        page, boxes = place(parsed, title.start, title.end)
        return Fact(
            id="document_type",
            field="document_type",
            value=kind.name,
            normalized=kind.name,
            quote=parsed.text[title.start : title.end],
            start=title.start,
            end=title.end,
            page=page,
            boxes=boxes,
            method="rule",
            version=VERSION,
            confidence=kind.confidence if title.strong else kind.confidence * 0.8,
            firm=title.strong and kind.firm,
        )
    return None
