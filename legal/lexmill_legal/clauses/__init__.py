"""The clauses of a contract by kind: a small linear model for English, rules for Russian."""

from lexmill_legal.clauses.finding import find_clauses
from lexmill_legal.clauses.kinds import BOILERPLATE_KINDS, CLAUSE_KINDS, CUAD_KINDS

__all__ = ["BOILERPLATE_KINDS", "CLAUSE_KINDS", "CUAD_KINDS", "find_clauses"]
