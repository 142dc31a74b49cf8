"""What stands in the sentences that the clause model points to: values no rule may vouch for.

The model says where a field is likely answered, not what the answer is; these candidates come
after all that rules found, unless the ranking knows better.
"""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.calendars import plus

_NEVER_ENDS: Final = re.compile(
    r"\bperpetu|\bindefinite|\b(?:until|unless)\b[^.;]{0,60}\b(?:terminated|cancell?ed)\b"
)
_OTHER_PERIOD: Final = re.compile(
    r"\bwarrant|\bconfidential|\bsurviv|\bcure\b|\bnotice|\bprior\b|\bbefore\b|\brenew|\bsuccessive"
    r"|\binvoice|\badditional|\bage\b"
)
_SAID: Final = 0.3
_SHORTEST_TERM_DAYS: Final = 28
_MOST_TERMS: Final = 3
_MOST_STARTS: Final = 2


def agreed_in_clauses(reading: Reading) -> Iterator[Candidate]:
    return _dates(reading, "agreement_date", ("agreement_date", "parties"))


def effective_in_clauses(reading: Reading) -> Iterator[Candidate]:
    said = reading.has_clause("effective_date") >= _SAID
    kinds = ("effective_date", "agreement_date") if said else ("effective_date",)
    return _dates(reading, "effective_date", kinds)


def _dates(reading: Reading, field: str, kinds: tuple[str, ...]) -> Iterator[Candidate]:
    seen: set[int] = set()
    for kind in kinds:
        for sentence in reading.clause_sentences(kind):
            for date in reading.dates_between(sentence.start, sentence.end):
                if date.iso is not None and date.start not in seen:
                    seen.add(date.start)
                    span = (date.start, date.end)
                    score = 0.2 * sentence.score - date.start / 1e7
                    yield reading.candidate(f"{field}.in_clause", span, date.iso, score)


def ends_in_clauses(
    reading: Reading, starts: list[Candidate], found: list[Candidate]
) -> Iterator[Candidate]:
    """``found`` is what rules say of the end; only where they know no term another is guessed."""
    has_term = any(candidate.field == "term" for candidate in found)
    known = sorted(
        (start for start in starts if isinstance(start.normalized, str)),
        key=lambda start: -start.score,
    )
    for sentence in reading.clause_sentences("expiration_date"):
        score = 0.3 * sentence.score
        for date in reading.dates_between(sentence.start, sentence.end):
            if date.iso is not None:
                span = (date.start, date.end)
                yield reading.candidate("expiration_date.in_clause", span, date.iso, score)
        terms = [
            mention
            for mention in reading.durations_between(sentence.start, sentence.end)
            if mention.iso is not None
            and mention.days >= _SHORTEST_TERM_DAYS
            and not has_term
            and not _OTHER_PERIOD.search(
                reading.lower,
                max(sentence.start, mention.start - 120),
                min(sentence.end, mention.end + 60),
            )
        ]
        for place, mention in enumerate(terms[:_MOST_TERMS]):
            term = reading.candidate(
                "term.in_clause", (mention.start, mention.end), mention.iso, score
            )
            yield term
            for rank, start in enumerate(known[:_MOST_STARTS]):
                iso = plus(str(start.normalized), str(mention.iso))
                if iso is not None:
                    yield Candidate(
                        "expiration_date", "expiration_date.computed_in_clause", iso, iso, None,
                        None, score - 0.05 * place - 0.1 * rank, {}, "computed", (start, term),
                    )  # fmt: skip
        never = _NEVER_ENDS.search(reading.lower, sentence.start, sentence.end)
        if never is not None:
            yield Candidate(
                "expiration_date", "expiration_date.perpetual_in_clause", "perpetual", None,
                *never.span(), score, {"kind": "perpetual"},
            )  # fmt: skip
