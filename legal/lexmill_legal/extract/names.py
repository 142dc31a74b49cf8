import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.classify.titles import find_titles
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading

_HEADING_MARK: Final = re.compile(r"#{1,6}\s+")


def find_document_name(reading: Reading) -> Iterator[Candidate]:
    for title in find_titles(reading.text):
        rule = "document_name.agreed" if title.strong else "document_name.alone"
        mark = _HEADING_MARK.match(reading.text, title.start, title.end)
        start = mark.end() if mark else title.start
        name = _HEADING_MARK.sub("", title.name, count=1) if mark else title.name
        yield Candidate("document_name", rule, name, None, start, title.end, title.score)
