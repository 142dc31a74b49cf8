from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lexmill_legal.clauses.finding import find_clauses
from lexmill_legal.extract.agreement_dates import SAID, find_agreement_date, find_effective_date
from lexmill_legal.extract.amounts import find_amounts, find_percentages
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.citations import find_citations
from lexmill_legal.extract.contacts import find_contacts
from lexmill_legal.extract.disputes import find_dispute_forum
from lexmill_legal.extract.governing_law import find_governing_law
from lexmill_legal.extract.identifiers import find_identifiers
from lexmill_legal.extract.names import find_document_name
from lexmill_legal.extract.parties import find_parties
from lexmill_legal.extract.payments import (
    find_deadlines,
    find_liability_cap,
    find_payment_terms,
    find_renewal_deadline,
)
from lexmill_legal.extract.people import find_people
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.renewals import find_renewals
from lexmill_legal.extract.settling import settle
from lexmill_legal.extract.terms import find_terms
from lexmill_legal.results import FIELDS, Classification, Extraction, ParsedDocument, Section

# What needs no grammar. In a language that the rules do not know, a renewal clause is not "not
# found": nobody looked.
_ANY_LANGUAGE: Final = ("amount", "percent", "email", "phone", "identifier")


def extract(
    parsed: ParsedDocument, classification: Classification, outline: tuple[Section, ...]
) -> Extraction:
    """Every fact the rules find, the fields that were looked for in vain, and all clauses."""
    reading = Reading(parsed.text, classification.languages, outline)
    known = reading.english or reading.russian
    settled = settle(
        parsed,
        _candidates(reading),
        classification.document_type,
        looked_for=FIELDS if known else _ANY_LANGUAGE,
    )
    return replace(settled, clauses=find_clauses(parsed, classification, outline))


def _candidates(reading: Reading) -> Iterator[Candidate]:
    dated = list(_dates(reading))
    yield from dated
    taken = {
        (date.start, date.end)
        for date in dated
        if date.start is not None
        and date.end is not None
        and (date.field != "agreement_date" or date.rule in SAID)
    }
    yield from find_deadlines(reading, taken)
    yield from find_document_name(reading)
    yield from find_parties(reading)
    renewals = list(find_renewals(reading)) if reading.english else []
    yield from renewals
    yield from find_renewal_deadline([*dated, *renewals])
    yield from find_governing_law(reading)
    yield from find_dispute_forum(reading)
    yield from find_amounts(reading)
    yield from find_percentages(reading)
    yield from find_payment_terms(reading)
    yield from find_liability_cap(reading)
    yield from find_citations(reading)
    yield from find_people(reading)
    yield from find_contacts(reading)
    yield from find_identifiers(reading)


def _dates(reading: Reading) -> Iterator[Candidate]:
    agreed = list(find_agreement_date(reading))
    yield from agreed
    effective = list(find_effective_date(reading, agreed))
    yield from effective
    yield from find_terms(reading, effective or agreed)
