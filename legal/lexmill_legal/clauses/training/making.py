"""`lexmill model clauses`: from a folder to the model's file, its card, its figures."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from lexmill_legal.clauses.model import FILE, encode
from lexmill_legal.clauses.training.corpus import read_contracts
from lexmill_legal.clauses.training.evaluation import (
    Figures,
    figures_of,
    judges_of,
    scored,
    second_of,
    unseen,
)
from lexmill_legal.clauses.training.fitting import Matrix, Size, fit

CARD: Final = "clauses.card.md"


class TrainingMissingError(ModuleNotFoundError):
    """The extra ``train`` is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Training needs scikit-learn, which is not installed: pip install 'lexmill[train]'."
        )


@dataclass(frozen=True, slots=True)
class Trained:
    model: bytes
    card: str
    figures: Figures

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.model).hexdigest()

    def write(self, folder: Path) -> None:
        folder.joinpath(FILE).write_bytes(self.model)
        folder.joinpath(CARD).write_text(self.card, encoding="utf-8")


def needs_training() -> None:
    if find_spec("sklearn") is None:
        raise TrainingMissingError


def evaluate(folder: Path, *, say: Callable[[str], None] = lambda _: None) -> Figures:
    needs_training()
    matrix = Matrix(read_contracts(folder), Size())
    return figures_of(unseen(matrix, Size(), say=say))


def train(
    folder: Path, *, size: Size | None = None, say: Callable[[str], None] = lambda _: None
) -> Trained:
    """Thresholds come from contracts unseen by the fold's model, the weights from all."""
    needs_training()
    size = size or Size()
    matrix = Matrix(read_contracts(folder), size)
    seen = unseen(matrix, size, say=say)
    figures = figures_of(seen)
    say("the model of all contracts")
    everything = np.ones(len(matrix.contracts), dtype=np.bool_)
    model = replace(
        fit(matrix, everything, size),
        second=second_of(seen, everything),
        judges=judges_of(scored(seen), everything, figures),
    )
    data = encode(model)
    return Trained(data, _card(data, figures), figures)


def _card(model: bytes, figures: Figures) -> str:
    return _CARD.format(
        sha256=hashlib.sha256(model).hexdigest(),
        size=len(model),
        contracts=figures.contracts,
        companies=figures.companies,
        ap=figures.average_precision,
        f1=figures.f1,
        first_three=figures.first_three,
        ece=figures.calibration_error,
    )


_CARD: Final = """\
# Model card: clauses of contracts

- File: `clauses.model`, {size} bytes, SHA-256 `{sha256}`
- What it does: scores each sentence of an English contract for {kinds_text}.
  Linear support vector machines over words, pairs of words, headings and places; weights are
  integers of eight bits; scores become probabilities by logistic curves.
- Made from: CUAD v1 (Contract Understanding Atticus Dataset), © The Atticus Project, licensed under
  CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); {contracts} of its contracts, from
  {companies} companies. Changes: sentences were cut, labelled by overlap, and turned into weights;
  no text of a contract is in the file beyond single words and pairs of words that stand in at least
  three sentences. Boilerplate kinds were labelled by the headings of the same contracts.
- Made by: `lexmill model clauses train --data FOLDER`; the same contracts give the same bytes.
- Measured by `lexmill model clauses eval` on companies that the model had not seen (five folds):
  macro average precision {ap:.3f}, F1 {f1:.3f}, right sentence among the first three
  {first_three:.3f}, expected calibration error {ece:.3f}. By kind: docs/accuracy.md.
- Limits: contracts of US public companies, 1993 to 2020. Kinds with fewer than 30 contracts are
  hints and never firm. A document that is no contract still gets scores.
""".replace("{kinds_text}", "41 kinds of CUAD and 15 of boilerplate")
