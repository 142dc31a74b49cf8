"""Redaction: what must not be read any more is found, given a token, and burned out of a copy.

``redact`` does all of it for one document. ``burn`` makes the copy: nothing in it that nobody
looked at, no marked value left, verified.
"""

from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.burning import burn
from lexmill_legal.redaction.copying import (
    RedactedCopy,
    not_redacted,
    redact,
    redacted_notice,
    redacted_summary,
)
from lexmill_legal.redaction.finding import find_redactions
from lexmill_legal.redaction.terms import Term, Terms, load_terms

VERSION = "1"
"""Goes into cache keys and ``versions``; a new one whenever another copy would come out."""

__all__ = [
    "VERSION",
    "Burned",
    "RedactedCopy",
    "Term",
    "Terms",
    "burn",
    "find_redactions",
    "load_terms",
    "not_redacted",
    "redact",
    "redacted_notice",
    "redacted_summary",
]
