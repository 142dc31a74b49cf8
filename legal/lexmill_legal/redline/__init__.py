"""Redlines: a copy of a Word document in which what a playbook refuses is changed, tracked.

Whoever accepts all changes has the playbook's wording, whoever rejects them the document as it was.
"""

from lexmill_legal.redline.making import VERSION, redline_docx

__all__ = ["VERSION", "redline_docx"]
