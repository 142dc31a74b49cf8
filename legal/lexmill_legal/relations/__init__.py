"""How the documents of a job hang together: the same twice, nearly the same, families, signatures.

``Relations`` is told of each document once, in the order of the results, and keeps little of it.
"""

from lexmill_legal.relations.collecting import Relation, Relations, relation_line

__all__ = ["VERSION", "Relation", "Relations", "relation_line"]

VERSION = "2"
