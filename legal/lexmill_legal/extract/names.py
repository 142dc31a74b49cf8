from collections.abc import Iterator

from lexmill_legal.classify.titles import find_titles
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading


def find_document_name(reading: Reading) -> Iterator[Candidate]:
    for title in find_titles(reading.text):
        rule = "document_name.agreed" if title.strong else "document_name.alone"
        yield Candidate(
            "document_name", rule, title.name, None, title.start, title.end, title.score
        )
