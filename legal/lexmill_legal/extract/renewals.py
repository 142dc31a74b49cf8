"""Renewal and notice in English contracts: how long, whether by itself, how far ahead."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.durations import DurationMention
from lexmill_legal.values.scanning import spaced, word_starts

_RENEWING: Final = re.compile(
    r"\brenew\w*|\bauto-?renew\w*|\bextend(?:ed|s)?\b|\bextension\b|\bsuccessive\b|\bevergreen\b"
)
_AGREEMENT: Final = spaced(
    r"\b(?:agreement|term|contract|lease|license|it|addendum|engagement|initial period"
    r"|jsma|franchise"
    r"|period)\b"
)
_ELSEWHERE: Final = spaced(
    r"\b(?:copyright|trademark|patent|domain name|registration|insurance|polic(?:y|ies)|warranty"
    r"|letters? of credit|cure|payment|delivery|force majeure|deadline|confidential\w*|subscri\w+"
    r"|purchase orders?|lien|note|option period|delays?|suspension|suspended"
    r"|number of days|arbitrat\w+|tolling"
    r"|shall have the meaning|nomination)\b"
)
_AUTOMATIC: Final = spaced(
    r"\bautomatic(?:ally)?\b[^.;]{0,60}?\b(?:renew\w*|exten\w+|continu\w+|prolong\w*|successive)\b"
    r"|\b(?:renew\w*|extend\w*|continue\w*)\b[^.;]{0,40}?\b(?:automatic(?:ally)?"
    r"|tacitly)\b|\bauto-?renew\w*"
    r"|\bshall (?:be (?:deemed )?)?renewed? (?:for|from"
    r"|on)\b[^.]{0,200}\bunless\b[^.]{0,80}\bnotice\b"
    r"|\btacit(?:ly)? renew\w*"
)
_NEVER: Final = spaced(
    r"\b(?:shall|will|does|do) not (?:be )?(?:automatically renew\w*"
    r"|renew\w* automatically|renew\b)"
    r"|\bno automatic (?:renewal|extension)|\bnot (?:be )?automatically (?:renew|extend)\w*"
)
_CONDITIONED: Final = spaced(r"\bif\b|\bin the event\b|\bprovided that\b|\bupon (?:the )?failure\b")
_AHEAD: Final = re.compile(
    r"\A['’]?s?[\s,]*(?:(?:or\s+more|in\s+writing|written|calendar|full)\s+)?"
    r"(?:prior|before|in\s+advance|advance|preceding|previous|of\s+advance|notice|written\s+notice"
    r"|prior\s+written|of\s+notice|ahead)\b"
)
_WITHIN: Final = re.compile(r"\bwithin\s(?:the\s)?(?:last\s|final\s)?\(?\Z")
_YEARLY: Final = spaced(
    r"\b(?P<year>year[- ]to[- ]year|annually|successive annual|from year to year"
    r"|yearly|annual (?:basis|periods|terms))\b"
    r"|\b(?P<month>month[- ]to[- ]month|monthly (?:basis|periods))\b"
)
_CONVENIENCE: Final = spaced(
    r"\bfor (?:its |their |any |his )?convenience\b|\bwithout (?:\w+ ){0,3}?(?:cause"
    r"|reason)\b|\bfor any (?:or no )?reason\b"
    r"|\bat any time\b|\bfor any or no\b|\bat (?:its|their|his) (?:sole |own )?"
    r"(?:discretion|option|convenience|election)\b"
    r"|\bat will\b|\bwith or without cause\b|\bfor no reason\b|\bin its sole "
    r"(?:and absolute )?discretion\b"
)
_FOR_CAUSE: Final = spaced(
    r"\b(?:for cause|breach\w*|default\w*|cured?|insolven\w+|bankrupt\w+|fail(?:s|ure"
    r"|ed)?|violat\w+|material(?:ly)?"
    r"|non-?payment|change (?:of|in) control|force majeure|delinquent|infring\w+)\b"
)
_SUCCESSIVE: Final = spaced(
    r"\bsuccessive|\beach\b|\bconsecutive|\bevery\b|\bperiods\b|\bterms\b|annually|year[- ]to"
)


def find_renewals(reading: Reading) -> Iterator[Candidate]:
    anchors = ("renew", "auto-renew", "autorenew", "extend", "extension", "successive", "evergreen")
    for start, end in reading.sentences(word_starts(reading.lower, anchors), reach=700):
        yield from _renewal(reading, start, end)
    yield from _terminations(reading)


def _renewal(reading: Reading, start: int, end: int) -> Iterator[Candidate]:
    lower = reading.lower
    verb = _RENEWING.search(lower, start, end)
    if verb is None or not _AGREEMENT.search(lower, start, end):
        return
    elsewhere = _ELSEWHERE.search(lower, start, end) is not None
    automatic = _AUTOMATIC.search(lower, start, end)
    never = _NEVER.search(lower, start, end)
    score = 2.0 + (1.0 if automatic else 0.0) - (1.5 if elsewhere else 0.0)
    score += (
        0.5 if re.search(r"\bthis \w*\s?agreement|\binitial|\bterm\b", lower[start:end]) else 0.0
    )
    if score < 1.5:
        return
    if never is not None and not _CONDITIONED.search(lower, start, end):
        yield reading.candidate("auto_renewal.never", never.span(), False, score)
    elif automatic is not None and never is None and not elsewhere:
        yield reading.candidate("auto_renewal.automatic", automatic.span(), True, score)
    durations = reading.durations_between(start, end)
    yield from _renewal_terms(reading, (start, end), verb.start(), durations, score)
    for mention in durations:
        if _is_notice(lower, mention, start, end):
            rule = "automatic" if automatic else "other"
            span = (mention.start, mention.end)
            yield reading.candidate(
                f"renewal_notice_period.{rule}", span, mention.iso, score - start / 1e7
            )
            break


def _renewal_terms(
    reading: Reading,
    span: tuple[int, int],
    verb: int,
    durations: list[DurationMention],
    score: float,
) -> Iterator[Candidate]:
    lower = reading.lower
    for mention in durations:
        if mention.start < verb - 60 or mention.business or mention.days < 7:
            continue
        before = lower[max(span[0], mention.start - 130) : mention.start]
        after = lower[mention.end : mention.end + 40]
        if _AHEAD.match(after) or re.search(
            r"\b(?:notice|within|at least|not less|no later|initial term of)\b[^,;]{0,30}\Z", before
        ):
            continue
        if not re.search(
            r"renew|exten|successive|additional|subsequent|further|continu|period|term",
            before + after,
        ):
            continue
        many = _SUCCESSIVE.search(
            lower, max(span[0], mention.start - 60), min(span[1], mention.end + 30)
        )
        attributes = {"successive": "true"} if many else {}
        rule = "automatic" if score >= 3 else "other"
        span_here = (mention.start, mention.end)
        yield reading.candidate(
            f"renewal_term.{rule}", span_here, mention.iso, score, attributes
        )  # fmt: skip
        return
    yearly = _YEARLY.search(lower, *span)
    if yearly is not None and abs(yearly.start() - verb) < 160:
        iso = "P1Y" if yearly["year"] else "P1M"
        yield reading.candidate("renewal_term.yearly", yearly.span(), iso, score - 0.5,
            {"successive": "true"},
        )  # fmt: skip


def _is_notice(lower: str, mention: DurationMention, start: int, end: int) -> bool:
    sentence = lower[start:end]
    if not re.search(
        r"\bnoti(?:ce|fy|fies|fication|fied)\b|\belect|\binten|\bterminat|\badvis", sentence
    ):
        return False
    after = lower[mention.end : mention.end + 70]
    before = lower[max(start, mention.start - 40) : mention.start]
    return (
        _AHEAD.match(after) is not None
        or (
            re.search(
                r"\bnotice of\s(?:at least\s)?\(?\Z|\bnotice of (?:not less than|at least)", before
            )
            is not None
        )
        or (_WITHIN.search(before) is not None and "prior" in after)
    )


def _terminations(reading: Reading) -> Iterator[Candidate]:
    lower = reading.lower
    anchors = word_starts(lower, ("terminat", "cancel"))
    for start, end in reading.sentences(anchors, reach=500):
        free = _CONVENIENCE.search(lower, start, end)
        if free is None:
            continue
        for mention in reading.durations_between(start, end):
            if not _is_notice(lower, mention, start, end):
                continue
            if _FOR_CAUSE.search(lower, start, mention.start):
                break
            if _RENEWING.search(lower, start, end):
                break
            score = 2.5 if "either party" in lower[start:end] else 2.0
            place = (mention.start, mention.end)
            rule = "termination_notice_period.convenience"
            yield reading.candidate(rule, place, mention.iso, score)
            break
