"""The facts of a document, each with its place, its method and an honest strength."""

from lexmill_legal.extract.extraction import extract
from lexmill_legal.extract.settling import VERSION

__all__ = ["VERSION", "extract"]
