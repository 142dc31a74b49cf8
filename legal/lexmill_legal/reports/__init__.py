"""Reports: results as JSON lines, as a workbook and as pages that open without a server.

Pure functions of the results: nothing here reads a clock, and the same results give the same bytes.
"""

from lexmill_legal.reports.document_page import document_page
from lexmill_legal.reports.index_page import index_page
from lexmill_legal.reports.names import document_file
from lexmill_legal.reports.workbook import Workbook
from lexmill_legal.reports.workbook_reading import (
    CellProblem,
    ReadWorkbook,
    RowDecision,
    UnreadableWorkbookError,
    read_workbook,
)
from lexmill_legal.reports.writing import FORMATS, Format, write_reports

VERSION = "3"
"""A new one whenever a report of the same results looks different."""

__all__ = [
    "FORMATS",
    "VERSION",
    "CellProblem",
    "Format",
    "ReadWorkbook",
    "RowDecision",
    "UnreadableWorkbookError",
    "Workbook",
    "document_file",
    "document_page",
    "index_page",
    "read_workbook",
    "write_reports",
]
