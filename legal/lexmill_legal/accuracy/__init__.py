"""How often the engine is right, measured on labelled contracts (CUAD's layout)."""

from lexmill_legal.accuracy.facts import Counts, FieldAccuracy, measure
from lexmill_legal.accuracy.labels import FIELDS, FOLDS, Contract, fold_of, read_contracts

__all__ = [
    "FIELDS",
    "FOLDS",
    "Contract",
    "Counts",
    "FieldAccuracy",
    "fold_of",
    "measure",
    "read_contracts",
]
