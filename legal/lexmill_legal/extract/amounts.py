"""Amounts and percentages with the role they play."""

from collections.abc import Iterator

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading


def find_amounts(reading: Reading) -> Iterator[Candidate]:
    for mention in reading.money:
        written = one_line(reading.text[mention.start : mention.end])
        yield Candidate(
            "amount", "amount", written, mention.money, mention.start, mention.end,
            attributes={"role": "other"},
        )  # fmt: skip


def find_percentages(reading: Reading) -> Iterator[Candidate]:
    for mention in reading.percents:
        written = one_line(reading.text[mention.start : mention.end])
        yield Candidate(
            "percent", "percent", written, mention.value, mention.start, mention.end,
            attributes={"role": "other"},
        )  # fmt: skip
