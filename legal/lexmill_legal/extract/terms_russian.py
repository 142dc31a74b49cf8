from collections.abc import Iterator

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading


def find_russian_terms(reading: Reading, starts: list[Candidate]) -> Iterator[Candidate]:
    yield from ()
