from typing import Literal

from lexmill_legal.clause_kinds import BOILERPLATE_KINDS, CLAUSE_KINDS, CUAD_KINDS

__all__ = [
    "BOILERPLATE_KINDS",
    "CLAUSE_KINDS",
    "CUAD_KINDS",
    "FIELD_KINDS",
    "FIRM_ABSENCE",
    "ORDERED_KINDS",
    "UNREADABLE",
    "Kind",
]

Kind = Literal["text", "place", "flag", "date", "duration", "money", "percent"]
"""What a field's values are, which says how an operand is written and what can be compared."""

FIELD_KINDS: dict[str, Kind] = {
    "document_name": "text",
    "document_type": "text",
    "party": "text",
    "agreement_date": "date",
    "effective_date": "date",
    "expiration_date": "date",
    "term": "duration",
    "renewal_term": "duration",
    "auto_renewal": "flag",
    "renewal_notice_period": "duration",
    "termination_notice_period": "duration",
    "governing_law": "place",
    "dispute_forum": "place",
    "amount": "money",
    "percent": "percent",
    "payment_term": "duration",
    "liability_cap": "money",
    "deadline": "date",
    "citation": "text",
    "person": "text",
    "address": "text",
    "email": "text",
    "phone": "text",
    "identifier": "text",
}

ORDERED_KINDS: frozenset[Kind] = frozenset({"date", "duration", "money", "percent"})

FIRM_ABSENCE = frozenset({"document_name", "governing_law"})
"""Fields that are found so surely (recall of .95 and more) that not finding one means something.

All others may be there and missed: a rule that concludes from their absence is *unknown*.
"""

UNREADABLE = frozenset(
    {
        "needs_ocr",
        "page_unreadable",
        "page_without_text",
        "pages_without_text",
        "part_unreadable",
        "text_truncated",
        "truncated",
    }
)
"""Warnings that say that some of the document was not read."""
