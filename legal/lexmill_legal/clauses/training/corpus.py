"""Contracts with labels, as the trainer reads them: JSON lines in the shape of CUAD."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clause_kinds import BOILERPLATE_KINDS, CLAUSE_KINDS, CUAD_KINDS
from lexmill_legal.clauses.features import Lexicon, marks_of, words_of
from lexmill_legal.clauses.finding import outside_definitions
from lexmill_legal.clauses.headings import kinds_under
from lexmill_legal.clauses.units import Unit, units_of, without_signatures
from lexmill_legal.lowering import lowered
from lexmill_legal.results import Section
from lexmill_legal.segment.outline import outline_of

FILES = ("train.jsonl.gz", "train.jsonl")
_COMPANY = 14

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Contract:
    """``labels`` says of each unit (row) which kinds (column) it is, ``known`` where that is sure.

    ``words`` are those of all units, with a mark after each unit; ``bodies`` leave out the heading
    that a unit begins with.
    """

    file: str
    company: str
    text: str
    lower: str
    outline: tuple[Section, ...]
    units: list[Unit]
    words: list[str]
    bodies: list[str]
    marks: list[list[str]]
    labels: Bools
    known: Bools
    present: Bools


def kind_of(category: str) -> str:
    """CUAD's name of a category as a kind."""
    return re.sub(r"[^a-z0-9]+", "_", category.lower()).strip("_")


def company_of(file: str) -> str:
    """Contracts of one company resemble each other: they are never split between folds."""
    return re.split(r"[_ -]", file, maxsplit=1)[0].lower()[:_COMPANY]


def read_contracts(folder: Path) -> list[Contract]:
    """In the order of their file names, whatever the order of the lines."""
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"there is no {FILES[0]} in {folder}")
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        records = [json.loads(line) for line in lines if line.strip()]
    records.sort(key=lambda record: str(record["file"]))
    return [
        contract_of(
            record["file"],
            record["text"],
            [(kind_of(category), start, end) for category, start, end in record["spans"]],
        )
        for record in records
    ]


def contract_of(file: str, text: str, spans: list[tuple[str, int, int]]) -> Contract:
    outline = without_signatures(outline_of(text), len(text))
    units = units_of(text, outline)
    lower = lowered(text)
    labels = np.zeros((len(units), len(CLAUSE_KINDS)), dtype=np.bool_)
    known = np.zeros_like(labels)
    known[:, : len(CUAD_KINDS)] = True
    present = np.zeros(len(CLAUSE_KINDS), dtype=np.bool_)
    _label_spans(units, spans, labels, present)
    _label_headings(outline, units, labels, known, present)
    words = words_of(lower, ((unit.start, unit.end) for unit in units))
    return Contract(
        file=file,
        company=company_of(file),
        text=text,
        lower=lower,
        outline=outline,
        units=units,
        words=words,
        bodies=words_of(lower, _bodies(text, outline, units)),
        marks=marks_of(lower, Lexicon({}).read(words).hints, units),
        labels=labels,
        known=known,
        present=present,
    )


def right_units(units: list[Unit], start: int, end: int) -> Bools:
    """Units that overlap half of the labelled range, or half of which it covers."""
    starts = np.array([unit.start for unit in units], dtype=np.int64)
    ends = np.array([unit.end for unit in units], dtype=np.int64)
    overlap = np.minimum(ends, end) - np.maximum(starts, start)
    enough = (2 * overlap >= ends - starts) | (2 * overlap >= end - start)
    return np.asarray(enough & (overlap > 0), dtype=np.bool_)


def _label_spans(
    units: list[Unit], spans: list[tuple[str, int, int]], labels: Bools, present: Bools
) -> None:
    for kind, start, end in spans:
        if kind in CUAD_KINDS:
            column = CUAD_KINDS.index(kind)
            present[column] = True
            labels[:, column] |= right_units(units, start, end)


# A heading of everything else says nothing about what stands below it.
_MIXED = re.compile(r"miscellan|general|other (?:terms|provisions)|standard terms", re.IGNORECASE)


def _label_headings(
    outline: tuple[Section, ...], units: list[Unit], labels: Bools, known: Bools, present: Bools
) -> None:
    """Boilerplate labels itself by its heading; units under no heading or a mixed one are open."""
    first = len(CUAD_KINDS)
    for index, unit in enumerate(units):
        if unit.heading and not _MIXED.search(unit.heading):
            known[index, first:] = True
    for section in outside_definitions(outline):
        for kind in kinds_under(section.heading or "", "en"):
            column = first + BOILERPLATE_KINDS.index(kind)
            present[column] = True
            for index, unit in enumerate(units):
                if section.start <= unit.start < section.end and not unit.is_heading:
                    labels[index, column] = known[index, column] = True


def _flat(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _flat(section.children)


def _bodies(
    text: str, outline: tuple[Section, ...], units: list[Unit]
) -> Iterator[tuple[int, int]]:
    """Each unit from where its text begins behind the heading of its section."""
    headings = {section.start: section.heading for section in _flat(outline) if section.heading}
    for unit in units:
        heading = headings.get(unit.start)
        start = unit.start
        if heading:
            words = r"\W+".join(map(re.escape, re.findall(r"\w+", heading)))
            found = re.compile(words, re.IGNORECASE).search(text, unit.start, unit.end)
            start = found.end() if found else start
        yield start, unit.end
