"""When invoices are due, how far liability reaches, which dates are deadlines."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.calendars import minus
from lexmill_legal.values.scanning import matches

_PAYING: Final = re.compile(r"\b(?:pay(?:able|ment|ments|s|ing)?|paid|due|remit\w*|invoices?)\b")
_INVOICE_AFTER: Final = re.compile(
    r"\A['’]?\)?\s*(?:of|after|from|following)\s+(?:the\s+)?(?:its\s+)?"
    r"(?:date\s+of\s+)?(?:receipt\s+of\s+)?"
    r"(?:[\w'’-]+\s+){0,4}?(?:invoices?|receipt|statement|delivery)\b"
)
_NET: Final = re.compile(
    r"net[\s-](?:of\s)?(?:(?P<word>[a-z]+)\s)?\(?(?P<days>\d{1,3})\)?(?:[\s-]days?)?\b"
)
_LIMIT: Final = re.compile(
    r"(?:liability|liable|damages|obligations?)\b[^.]{0,200}?\b(?:exceed(?:s|ed)?"
    r"|limited\s+to|greater\s+than|in\s+excess\s+of|capped\s+at)\b"
    r"|maximum\s+(?:aggregate\s+)?liability\b[^.]{0,60}?\b(?:is|shall\s+be|be)\b"
    r"|ответственность\b[^.]{0,160}?\b(?:ограничен\w+|не\s+может\s+превышать"
    r"|не\s+превышает|не\s+должна\s+превышать)"
)
_LIABLE: Final = re.compile(r"\bliab|\bответственност|\bdamages\b")
_NO_CAP: Final = re.compile(
    r"\binsurance\b|\bdeductible\b|\barbitrator|\bcoverage\b|\bper\s+occurrence\b"
    r"|\bcapital\s+contribution"
)
_CAP_WORDS: Final = re.compile(
    r"\b(?:total\s+|aggregate\s+)*(?:amounts?|fees|sums?|payments?|compensation"
    r"|consideration|purchase\s+price|price)\s+"
    r"(?:actually\s+)?(?:paid|payable|received|due|owed)[^.;]{0,140}"
    r"|\bстоимост\w+\s+[^.;]{0,80}|\bсумм\w+\s+[^.;]{0,80}|\bцен\w+\s+[^.;]{0,80}"
)
_DEADLINE: Final = re.compile(
    r"\b(?:no\s+later\s+than|not\s+later\s+than|on\s+or\s+before|prior\s+to|by|before"
    r"|deadline\s+(?:of|is)|due\s+(?:on|by)"
    r"|не\s+позднее|в\s+срок\s+до|до)\s*(?:the\s+)?(?:close\s+of\s+business\s+on\s+"
    r"|midnight\s+on\s+)?[«\"]?\Z"
)
_RUSSIAN_PAY: Final = re.compile(r"\b(?:оплат\w+|плат[её]ж\w*|перечисл\w+|расч[её]т\w*)\b")
_RUSSIAN_WITHIN: Final = re.compile(
    r"\b(?:в\s+течение|не\s+позднее(?:\s+чем\s+через)?|в\s+срок\s+до)\s*\Z"
)


def find_payment_terms(reading: Reading) -> Iterator[Candidate]:
    lower = reading.lower
    for mention in reading.durations:
        after = lower[mention.end : mention.end + 90]
        before = lower[max(0, mention.start - 200) : mention.start]
        if mention.days > 190:
            continue
        if reading.english and _INVOICE_AFTER.match(after) and _PAYING.search(before):
            close = 1.0 if "within" in before[-40:] else 0.0
            invoice = 1.0 if "invoice" in after else 0.0
            yield reading.candidate("payment_term.after_invoice", (mention.start, mention.end),
                mention.iso, 1.0 + close + invoice,
            )  # fmt: skip
        elif reading.russian and _RUSSIAN_WITHIN.search(before) and _RUSSIAN_PAY.search(before):
            yield reading.candidate(
                "payment_term.ru_within", (mention.start, mention.end), mention.iso, 2.0
            )
    if reading.english:
        for match in matches(_NET, lower, ("net",)):
            iso = f"P{int(match['days'])}D"
            yield reading.candidate("payment_term.net", match.span(), iso, 2.5)


def find_liability_cap(reading: Reading) -> Iterator[Candidate]:
    lower = reading.lower
    needles = ("liability", "liable", "damages", "obligation", "maximum", "ответственность")
    for match in matches(_LIMIT, lower, needles):
        _, end = reading.sentence(match.end(), reach=500)
        start, _ = reading.sentence(match.start(), reach=300)
        if _NO_CAP.search(lower, start, end) or not _LIABLE.search(lower, start, end):
            continue
        amounts = [
            amount
            for amount in reading.money
            if match.end() <= amount.start < min(end, match.end() + 300)
        ]
        if amounts:
            first = amounts[0]
            yield reading.candidate(
                "liability_cap.amount", (first.start, first.end), first.money, 3.0
            )
            continue
        words = _CAP_WORDS.search(lower, match.end(), min(end, match.end() + 260))
        if words is not None:
            span = words.start(), words.start() + len(words.group().rstrip())
            yield reading.candidate("liability_cap.words", span, None, 2.0)


def find_deadlines(reading: Reading, taken: set[tuple[int, int]]) -> Iterator[Candidate]:
    lower = reading.lower
    for date in reading.dates:
        if date.iso is None or (date.start, date.end) in taken:
            continue
        if _DEADLINE.search(lower[max(0, date.start - 40) : date.start]):
            yield reading.candidate("deadline.by_date", (date.start, date.end), date.iso, 1.0)


def find_renewal_deadline(found: list[Candidate]) -> Iterator[Candidate]:
    """The last day for a notice against renewal: the expiry less the notice, both shown."""
    expiry = _best(found, "expiration_date")
    notice = _best(found, "renewal_notice_period")
    if expiry is None or notice is None:
        return
    iso = minus(str(expiry.normalized), str(notice.normalized))
    if iso is not None:
        yield Candidate(
            "deadline", "deadline.renewal_notice", iso, iso, None, None, 1.0,
            {"kind": "renewal_notice"}, "computed", (expiry, notice),
        )  # fmt: skip


def _best(found: list[Candidate], field: str) -> Candidate | None:
    """The first candidate of a field; none where another value is as likely."""
    known = sorted(
        (candidate for candidate in found if candidate.field == field),
        key=lambda candidate: -candidate.score,
    )
    if not known or not isinstance(known[0].normalized, str):
        return None
    return known[0]
