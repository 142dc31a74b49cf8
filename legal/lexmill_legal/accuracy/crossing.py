"""Facts of labelled contracts by models that have not seen their company.

The clause model and the ranking are made again for each fold, from the other folds. What is shipped
was made from all contracts: measured on them it would only show what it remembers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from lexmill_legal.accuracy.labels import FOLDS, Contract, fold_of
from lexmill_legal.accuracy.learning import crossed, firm_from, learned
from lexmill_legal.classify import classify
from lexmill_legal.clauses.finding import find_clauses
from lexmill_legal.clauses.model import shipped
from lexmill_legal.clauses.training.corpus import read_contracts as read_clauses
from lexmill_legal.clauses.training.fitting import Matrix, Size, fit
from lexmill_legal.clauses.training.making import needs_training
from lexmill_legal.extract.extraction import extract_with
from lexmill_legal.extract.ranking import RANKED, Ranker, encode
from lexmill_legal.extract.reading import Reading
from lexmill_legal.results import Classification, Clause, Fact, ParsedDocument, Section
from lexmill_legal.segment import segment

Say = Callable[[str], None]

_ABOUT: Final = (
    "Weights of extract/ranking.py, learned from CUAD v1 (The Atticus Project, CC BY 4.0), "
    "https://creativecommons.org/licenses/by/4.0/; made by `lexmill model facts train`; "
    "no text of a contract."
)


@dataclass(frozen=True, slots=True)
class Crossed:
    """Of each contract, by its file, what stages and models of other companies say."""

    contracts: Sequence[Contract]
    seen: dict[str, tuple[Classification, tuple[Section, ...], tuple[Clause, ...]]]
    rankers: Sequence[dict[str, Ranker]]
    firm_from: dict[str, float]

    def facts_of(self, contract: Contract) -> Sequence[Fact]:
        classification, outline, clauses = self.seen[contract.file]
        return extract_with(
            self.rankers[fold_of(contract.file)],
            ParsedDocument("text/plain", contract.text),
            classification,
            outline,
            clauses,
        ).facts

    def readings(self) -> list[Reading]:
        return [
            Reading(contract.text, seen[0].languages, seen[1], seen[2])
            for contract in self.contracts
            for seen in (self.seen[contract.file],)
        ]


def cross(folder: Path, contracts: Sequence[Contract], *, say: Say = lambda _: None) -> Crossed:
    needs_training()
    labelled = read_clauses(folder)
    matrix = Matrix(labelled, Size())
    folds = np.array([fold_of(contract.file) for contract in labelled])
    seen: dict[str, tuple[Classification, tuple[Section, ...], tuple[Clause, ...]]] = {}
    for fold in range(FOLDS):
        say(f"clause model without fold {fold + 1} of {FOLDS}")
        # The second look and the judges were measured out of fold when the model was made.
        model = replace(
            fit(matrix, folds != fold, Size()),
            second=shipped().second,
            judges=shipped().judges,
        )
        for contract in contracts:
            if fold_of(contract.file) == fold:
                parsed = ParsedDocument("text/plain", contract.text)
                classification, outline = classify(parsed), segment(parsed)
                clauses = find_clauses(parsed, classification, outline, model)
                seen[contract.file] = classification, outline, clauses
    say("the ranking of each fold")
    first = Crossed(contracts, seen, (), {})
    sets, firsts = crossed(contracts, first.readings())
    thresholds = {field: firm_from(field, firsts[field]) for field in RANKED}
    rankers = [
        {field: replace(ranker, firm_from=thresholds[field]) for field, ranker in own.items()}
        for own in sets
    ]
    return Crossed(contracts, seen, rankers, thresholds)


def train(found: Crossed) -> bytes:
    """The ranking of all contracts, as it is shipped; firmness as measured on unseen companies."""
    everything = range(len(found.contracts))
    rankers = learned(found.contracts, found.readings(), everything, found.firm_from)
    return encode(rankers, about=_ABOUT)
