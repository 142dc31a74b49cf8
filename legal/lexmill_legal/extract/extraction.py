from collections.abc import Iterator, Mapping
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
from lexmill_legal.extract.in_clauses import (
    agreed_in_clauses,
    effective_in_clauses,
    ends_in_clauses,
)
from lexmill_legal.extract.names import find_document_name
from lexmill_legal.extract.parties import find_parties
from lexmill_legal.extract.payments import (
    find_deadlines,
    find_liability_cap,
    find_payment_terms,
    find_renewal_deadline,
)
from lexmill_legal.extract.people import find_people
from lexmill_legal.extract.ranking import Ranker, ranked, shipped
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.renewals import find_renewals
from lexmill_legal.extract.settling import settle
from lexmill_legal.extract.signers import with_parties
from lexmill_legal.extract.terms import find_terms
from lexmill_legal.results import (
    FIELDS,
    Classification,
    Clause,
    Extraction,
    ParsedDocument,
    Section,
)
from lexmill_legal.segment import find_definitions, find_references, find_signatures

# What needs no grammar. In a language that the rules do not know, a renewal clause is not "not
# found": nobody looked.
_LIKELY: Final = 0.1
_ANY_LANGUAGE: Final = ("amount", "percent", "email", "phone", "identifier")


def extract(
    parsed: ParsedDocument, classification: Classification, outline: tuple[Section, ...]
) -> Extraction:
    """Every fact the rules find, the fields that were looked for in vain, and all clauses."""
    return extract_with(shipped(), parsed, classification, outline)


def extract_with(
    rankers: Mapping[str, Ranker],
    parsed: ParsedDocument,
    classification: Classification,
    outline: tuple[Section, ...],
    clauses: tuple[Clause, ...] | None = None,
) -> Extraction:
    """As ``extract``, with other weights and clauses: of models that do not know the document."""
    if clauses is None:
        clauses = find_clauses(parsed, classification, outline)
    reading = Reading(parsed.text, classification.languages, outline, clauses)
    known = reading.english or reading.russian
    settled = settle(
        parsed,
        _candidates(reading, rankers),
        classification.document_type,
        looked_for=FIELDS if known else _ANY_LANGUAGE,
    )
    return replace(
        settled,
        clauses=clauses,
        definitions=find_definitions(parsed, russian=reading.russian) if known else (),
        references=find_references(parsed, outline, russian=reading.russian) if known else (),
        signatures=with_parties(parsed.text, find_signatures(parsed, outline), settled.facts)
        if known
        else (),
    )


def _candidates(reading: Reading, rankers: Mapping[str, Ranker]) -> Iterator[Candidate]:
    dated = list(find_dated(reading, rankers))
    yield from dated
    taken = {
        (date.start, date.end)
        for date in dated
        if date.start is not None
        and date.end is not None
        and (date.field != "agreement_date" or date.rule in SAID)
        and not date.rule.endswith("in_clause")
    }
    yield from find_deadlines(reading, taken)
    yield from ranked(reading, list(find_document_name(reading)), rankers)
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


def find_ranked(reading: Reading, rankers: Mapping[str, Ranker]) -> Iterator[Candidate]:
    """The candidates of all fields that are ranked; without a ranker as rules order them."""
    yield from ranked(reading, list(find_document_name(reading)), rankers)
    yield from find_dated(reading, rankers)


def _likely(found: list[Candidate]) -> list[Candidate]:
    return [
        candidate for candidate in found if candidate.chance is None or candidate.chance >= _LIKELY
    ]


def find_dated(reading: Reading, rankers: Mapping[str, Ranker]) -> Iterator[Candidate]:
    by_model = reading.english and not reading.russian
    agreed = list(find_agreement_date(reading))
    agreed.extend(agreed_in_clauses(reading) if by_model else ())
    agreed = ranked(reading, agreed, rankers)
    yield from agreed
    effective = list(find_effective_date(reading, agreed))
    effective.extend(effective_in_clauses(reading) if by_model else ())
    effective = ranked(reading, effective, rankers)
    yield from effective
    starts = _likely(effective) or _likely(agreed)
    terms = list(find_terms(reading, starts))
    terms.extend(ends_in_clauses(reading, starts, terms) if by_model else ())
    yield from (term for term in terms if term.field != "expiration_date")
    ends = [term for term in terms if term.field == "expiration_date"]
    yield from ranked(reading, ends, rankers)
