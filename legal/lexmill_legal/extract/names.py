import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.classify.titles import find_titles
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading

_HEADING_MARK: Final = re.compile(r"#{1,6}\s+")
# What a sentence that names the document calls it, in whatever letters: "This e-business Hosting
# Agreement ("Agreement") between …", "SCHEDULE TO Software License Agreement    Supplier: …".
_NAMED: Final = re.compile(
    r"(?:\b[Tt](?:his|HIS)\s+|\A\W{0,3}(?:[Ee]xhibit\s+[\w.-]{1,8}\s+|EXHIBIT\s+[\w.-]{1,8}\s+)?)"
    r"(?P<name>(?:(?![Tt]his\b|THIS\b|[Tt]o\b[^A-Z]|[Bb]y\b|[Ii]s\b|[Bb]etween\b)[\w&/’'.-]+,?\s+){1,12}?"
    r"(?:Agreement|AGREEMENT|Contract|CONTRACT|Lease|LEASE|Addendum|ADDENDUM|Amendment|AMENDMENT"
    r"|Schedule|SCHEDULE|Deed|DEED|Appendix|APPENDIX))(?!\s+(?:of|OF|to|TO|[A-Z]{3,}\s+[A-Z]{3,}\s+AGREEMENT)\b)"
)
_BY_CLAUSE: Final = 1.5
_LEAST: Final = 0.1


def find_document_name(reading: Reading) -> Iterator[Candidate]:
    for title in find_titles(reading.text):
        rule = "document_name.agreed" if title.strong else "document_name.alone"
        mark = _HEADING_MARK.match(reading.text, title.start, title.end)
        start = mark.end() if mark else title.start
        name = _HEADING_MARK.sub("", title.name, count=1) if mark else title.name
        chance = reading.clause_chance("document_name", start, title.end)
        score = title.score + _BY_CLAUSE * chance
        yield Candidate("document_name", rule, name, None, start, title.end, score)
    yield from _in_clauses(reading)


def _in_clauses(reading: Reading) -> Iterator[Candidate]:
    for sentence in reading.clause_sentences("document_name"):
        if sentence.score < _LEAST:
            break
        named = _NAMED.search(reading.text, sentence.start, min(sentence.end, sentence.start + 300))
        if named is not None:
            span = named.span("name")
            yield reading.candidate("document_name.in_clause", span, None, sentence.score)
