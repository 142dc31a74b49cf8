"""The text of pages that are pictures: which they are, and what an OCR program read on them.

The program itself is the caller's to run: ``page_image`` of the parsing gives what it reads,
``read_tsv`` takes what it wrote.
"""

from lexmill_legal.ocr.merging import merged, unread_places
from lexmill_legal.ocr.recognition import RecognisedPage, Recognition
from lexmill_legal.ocr.tsv import read_tsv

__all__ = [
    "VERSION",
    "RecognisedPage",
    "Recognition",
    "merged",
    "read_tsv",
    "unread_places",
]

VERSION = "2"
