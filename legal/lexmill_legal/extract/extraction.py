from collections.abc import Iterator

from lexmill_legal.extract.agreement_dates import find_agreement_date, find_effective_date
from lexmill_legal.extract.amounts import find_amounts, find_percentages
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.governing_law import find_governing_law
from lexmill_legal.extract.names import find_document_name
from lexmill_legal.extract.parties import find_parties
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.settling import settle
from lexmill_legal.extract.terms import find_terms
from lexmill_legal.results import Classification, Extraction, ParsedDocument, Section


def extract(
    parsed: ParsedDocument, classification: Classification, outline: tuple[Section, ...]
) -> Extraction:
    """Every fact the rules find, and the fields that were looked for in vain."""
    reading = Reading(parsed.text, classification.languages, outline)
    return settle(parsed, _candidates(reading), classification.document_type)


def _candidates(reading: Reading) -> Iterator[Candidate]:
    yield from find_document_name(reading)
    yield from find_parties(reading)
    agreement_dates = list(find_agreement_date(reading))
    yield from agreement_dates
    effective_dates = list(find_effective_date(reading, agreement_dates))
    yield from effective_dates
    yield from find_terms(reading, effective_dates or agreement_dates)
    yield from find_governing_law(reading)
    yield from find_amounts(reading)
    yield from find_percentages(reading)
