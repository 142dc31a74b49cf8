"""Redaction: what must not be read any more is found, given a token, and burned out of a copy.

``burn`` makes the copy: nothing in it that nobody looked at, no marked value left, verified.
"""

from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.burning import burn

__all__ = ["Burned", "burn"]
