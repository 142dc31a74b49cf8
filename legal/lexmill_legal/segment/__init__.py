"""The clause tree: numbering, headings and where each section begins and ends."""

from lexmill_legal.segment.outline import VERSION, segment

__all__ = ["VERSION", "segment"]
