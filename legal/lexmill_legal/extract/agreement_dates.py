"""When an agreement was made, and from when on it works."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.dates import DateMention
from lexmill_legal.extract.reading import Reading

_REACH: Final = 9000
_TAIL: Final = 6000

# What stands before a date, and how much it says that the agreement was made then.
_CUES: Final = (
    (4.0, re.compile(r"(?:made|entered|executed|dated|signed|concluded|agreed)\b[^.]{0,60}"
                     r"(?:as of|on|this|the|effective|date of|as at)[^.\d]{0,25}\Z")),
    (2.0, re.compile(r"(?:\bdated?\b|\bas of\b)[^.\d]{0,20}\Z")),
    (1.5, re.compile(r"\b(?:agreement|contract|amendment|lease|addendum)\b[^.]{0,60}\Z")),
    (-3.0, re.compile(r"\b(?:amended|prior|filed|original|previous|certain|commission|pursuant to"
                      r"|predecessor|incorporated)\b[^.]{0,60}\Z")),
    (-5.0, re.compile(r"(?:source:|10-?[kq]|8-k|s-1|form \d)[^\n]{0,60}\Z")),
    (-2.5, re.compile(r"\b(?:commenc\w+|expir\w+|terminat\w+|pay\w*|until|through|beginning|ending"
                      r"|by|before|after|prior to|born|patent|since)\b[^.]{0,30}\Z")),
)  # fmt: skip
_RUSSIAN_HEAD: Final = 2500
_DEFINED: Final = re.compile(
    r"\s{0,3},?\s{0,3}\(?(?:the|hereinafter|herein)?[^()]{0,40}?[\"“”'’‘]\s?"
    r"(?:effective\s+date|date\s+of\s+effectiveness)",
)
_EFFECTIVE_IS: Final = re.compile(
    r"[\"“]?effective\s+date[\"”]?\s?(?:of\s+this\s+agreement\s+)?(?:\([^)]{0,60}\)\s?)?"
    r"(?:shall\s+(?:be|mean)|means|is|:|–|-)\s{0,3}(?:the\s+date\s+of\s+)?[^.\d]{0,40}\Z"
)
_EFFECTIVE_AS_OF: Final = re.compile(
    r"(?:effective|in effect|commenc\w+|takes? effect|in force)\s+(?:as\s+of|on|from|this|upon|at)"
    r"[^.\d]{0,40}\Z"
)
_RUSSIAN_EFFECTIVE: Final = re.compile(
    r"(?:вступа\w+\s+в\s+(?:законную\s+)?силу|действует|распространя\w+)\s+(?:с|со|на)\b[^.\d]{0,60}\Z"
)


def find_agreement_date(reading: Reading) -> Iterator[Candidate]:
    found = [_scored(reading, date) for date in reading.dates_between(0, _REACH)]
    found = [candidate for candidate in found if candidate.score >= 1]
    if found:
        yield from found
        return
    tail = reading.dates_between(max(_REACH, len(reading.text) - _TAIL), len(reading.text))
    whole = [date for date in tail if date.iso]
    if whole:
        yield _candidate(
            reading, max(whole, key=lambda date: date.iso or ""), "agreement_date", "signed_late", 0.5
        )


def _scored(reading: Reading, date: DateMention) -> Candidate:
    before = reading.lower[max(0, date.start - 140) : date.start]
    score = sum(weight for weight, cue in _CUES if cue.search(before)) - date.start / 3500
    rule = "made_as_of" if score >= 4 else "dated"
    if reading.russian and date.start < _RUSSIAN_HEAD and not before.rstrip(" «\"").endswith("от"):
        score, rule = max(score, 4 - date.start / 1000), "russian_head"
    return _candidate(reading, date, "agreement_date", rule, score)


def _candidate(
    reading: Reading, date: DateMention, field: str, rule: str, score: float
) -> Candidate:
    written = one_line(reading.text[date.start : date.end])
    return Candidate(field, f"{field}.{rule}", written, date.iso, date.start, date.end, score)


def find_effective_date(reading: Reading, agreed: list[Candidate]) -> Iterator[Candidate]:
    lower = reading.lower
    for date in reading.dates:
        before = lower[max(0, date.start - 140) : date.start]
        if _DEFINED.match(lower, date.end):
            yield _candidate(reading, date, "effective_date", "defined", 5.0)
        elif _EFFECTIVE_IS.search(before):
            yield _candidate(reading, date, "effective_date", "is", 4.0)
        elif date.start < _REACH and (
            _EFFECTIVE_AS_OF.search(before) or _RUSSIAN_EFFECTIVE.search(before)
        ):
            yield _candidate(reading, date, "effective_date", "as_of", 3.0)
