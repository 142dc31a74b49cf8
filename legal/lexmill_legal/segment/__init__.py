"""The clause tree, and what in a text leads from one place to another: terms, references."""

from lexmill_legal.segment.definitions import find_definitions
from lexmill_legal.segment.outline import VERSION, segment
from lexmill_legal.segment.references import find_references
from lexmill_legal.segment.signing import find_signatures

__all__ = ["VERSION", "find_definitions", "find_references", "find_signatures", "segment"]
