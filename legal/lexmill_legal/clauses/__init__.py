"""The clauses of a contract by kind: a small linear model for English, rules for Russian."""

from lexmill_legal.clauses.finding import find_clauses

__all__ = ["find_clauses"]
