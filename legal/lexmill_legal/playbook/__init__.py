"""Playbooks: what a lawyer wants of a contract, as rules on facts and clauses.

Every rule answers *pass*, *fail* or *unknown*. It answers *unknown* wherever the evidence is not
firm: a wrong "there is no renewal clause" costs more trust than ten honest questions.
"""

from lexmill_legal.playbook.checking import check
from lexmill_legal.playbook.kinds import CLAUSE_KINDS, FIRM_ABSENCE
from lexmill_legal.playbook.loading import load, read
from lexmill_legal.playbook.models import AppliesTo, Examples, Playbook, Rule

VERSION = "6"
"""Goes into cache keys and ``versions``; a new one whenever ``check`` answers differently."""

__all__ = [
    "CLAUSE_KINDS",
    "FIRM_ABSENCE",
    "VERSION",
    "AppliesTo",
    "Examples",
    "Playbook",
    "Rule",
    "check",
    "load",
    "read",
]
