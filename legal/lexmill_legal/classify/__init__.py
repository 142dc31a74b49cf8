"""What a document is: its languages and its type."""

from lexmill_legal.classify.classification import VERSION, classify
from lexmill_legal.classify.document_types import DOCUMENT_TYPES

__all__ = ["DOCUMENT_TYPES", "VERSION", "classify"]
