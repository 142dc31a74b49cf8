"""When an agreement was made, and from when on it works."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.dates import DateMention
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.scanning import spaced

_REACH: Final = 9000
_HEAD: Final = 4000
_TAIL: Final = 6000

# What stands before a date, and how much it says that the agreement was made then.
_CUES: Final = (
    (4.0, spaced(r"(?:made|entered|executed|dated|signed|concluded|agreed)\b[^.]{0,60}"
                     r"(?:as of|on|this|the|effective|date of|as at)[^.\d]{0,25}\Z")),
    (2.0, spaced(r"(?:\bdated?\b|\bas of\b)[^.\d]{0,20}\Z")),
    (1.5, spaced(r"\b(?:agreement|contract|amendment|lease|addendum)\b[^.]{0,60}\Z")),
    (-3.0, spaced(r"\b(?:amended|prior|filed|original|previous|certain|commission|pursuant to"
                      r"|predecessor|incorporated)\b[^.]{0,60}\Z")),
    (-5.0, spaced(r"(?:source:|10-?[kq]|8-k|s-1|form \d)[^\n]{0,60}\Z")),
    (-2.5, spaced(r"\b(?:commenc\w+|expir\w+|terminat\w+|pay\w*|until|through|beginning|ending"
                      r"|by|before|after|prior to|born|patent|since)\b[^.]{0,30}\Z")),
)  # fmt: skip
_RECITALS: Final = re.compile(
    r"\bwhereas\b|\brecitals?\b|\bwitnesseth\b|w i t n e s s e t h|\bbackground\b"
)
_THIS: Final = re.compile(
    r"\bthis\s+(?:[\w&,/’'-]+\s+){0,9}(?:agreement|amendment|addendum|contract|lease|deed|letter)\b"
)
_EARLIER: Final = re.compile(
    r"[^.\"“]{0,60}[\"“](?:the\s+)?(?:original|initial|existing|prior|first|master"
    r"|previous|old)\b|[,\s]*as\s+amended"
)
# "under the License Agreement made on …": that one's date, whatever verb stands before it.
_ANOTHER: Final = re.compile(
    r"\b(?:of|under|by|with|in)\s+(?:the|an?|that|certain)\s+(?:[\w.,’'-]+\s+){0,6}?"
    r"(?:agreement|contract|lease)(?:\s+(?:no\.?|number|#)\s?\S+)?[ \n](?!\n)"
    r"(?:made|entered|executed|dated|signed|concluded)\b[^.,;()]{0,40}\Z"
)
_SIGNING: Final = spaced(
    r"(?:\bdated?\b|\bsigned\b|\bexecuted\b|\bas of\b|\bwitness\b|\bday and year\b)[^.]{0,30}\Z"
)
_RUSSIAN_HEAD: Final = 2500
_DEFINED: Final = re.compile(
    r"\s{0,3},?\s{0,3}(?:the\s)?\(?(?:the|hereinafter|herein)?[^()]{0,40}?[\"“”'’‘]\s{0,3}"
    r"(?:effective\s+date|date\s+of\s+effectiveness)"
    r"|[\s,(]{0,4}herein(?:after)?\s+(?:called|referred\s+to\s+as)\s+the\s+effective\s+date"
)
_EFFECTIVE_IS: Final = re.compile(
    r"[\"“]?effective\s+date[\"”]?\s?(?:of\s+this\s+agreement\s+)?(?:\([^)]{0,60}\)\s?)?"
    r"(?:shall\s+(?:be|mean)|means|is|:|–|-)\s{0,3}(?:the\s+date\s+of\s+)?[^.\d]{0,40}\Z"
)
_EFFECTIVE_AS_OF: Final = spaced(
    r"(?:\b(?:effective|in effect|takes? effect|in(?:to)? force|commenc\w+|begin\w*)"
    r"(?:\s+(?:as\s+of|on|from|this|upon|at|the|and|retroactive\w*|be|is)){0,4}"
    r"|\beffective\s+date\s?(?:is|:)?)[\s:,_]{0,6}\Z"
)
_OF_AGREEMENT: Final = re.compile(
    r"\b(?:this|the)\s(?:[\w-]+\s){0,4}?(?:agreement|contract|lease|amendment|addendum"
    r"|appointment|engagement|promotion|license)\b"
    r"|\bterm\b|\bventure\b"
)
_FIRST_WRITTEN: Final = spaced(
    r"(?:effective|in effect|in(?:to)? force|commenc\w+|begin\w*)\s+(?:(?:as|on|of"
    r"|from|upon|at|the|and)\s+){0,4}"
    r"(?:(?:date|day)(?:\s+and\s+year)?\s+(?:first\s+(?:\w+\s+){0,2}(?:above|written"
    r"|set forth|stated|mentioned|appearing)|hereof"
    r"|of\s+this\s+(?:\w+\s)?(?:agreement|contract|amendment))|date\s+written\s+above)"
    r"|effective\s+date[\"”]?\s+(?:shall\s+)?(?:means?|be|is)\s+the\s+date\s+"
    r"(?:first\s|of\s+this\s+(?:agreement|contract)|hereof)"
)
_RUSSIAN_EFFECTIVE: Final = re.compile(
    r"(?:вступа\w+\s+в\s+(?:законную\s+)?силу|действует|распространя\w+)\s+(?:с|со"
    r"|на)\b[^.\d]{0,60}\Z"
)


def find_agreement_date(reading: Reading) -> Iterator[Candidate]:
    recitals = _RECITALS.search(reading.lower, 0, _REACH)
    background = recitals.start() if recitals else _REACH
    found = [_scored(reading, date, background) for date in reading.dates_between(0, _REACH)]
    found = [candidate for candidate in found if candidate.score >= 1]
    if found:
        yield from found
        return
    tail = reading.dates_between(max(0, len(reading.text) - _TAIL), len(reading.text))
    signed = [
        date
        for date in tail
        if date.iso and _SIGNING.search(reading.lower[max(0, date.start - 60) : date.start])
    ]
    if signed:
        latest = max(signed, key=lambda date: date.iso or "")
        yield _candidate(reading, latest, "agreement_date.signed_late", 0.5)


def _scored(reading: Reading, date: DateMention, background: int) -> Candidate:
    before = reading.lower[max(0, date.start - 140) : date.start]
    score = sum(weight for weight, cue in _CUES if cue.search(before)) - date.start / 3500
    rule = "made_as_of" if score >= 4 and not _ANOTHER.search(before) else "dated"
    wide = reading.lower[max(0, date.start - 260) : date.start]
    score += 1.5 if _THIS.search(wide) else 0.0
    score -= 2.5 if date.start > background else 0.0
    score -= 4.0 if _EARLIER.match(reading.lower, date.end) else 0.0
    if not date.whole:
        score -= 1.5
    if reading.russian and date.start < _RUSSIAN_HEAD and not before.rstrip(' «"').endswith("от"):
        score, rule = max(score, 4 - date.start / 1000), "russian_head"
    return _candidate(reading, date, f"agreement_date.{rule}", score)


def _candidate(reading: Reading, date: DateMention, rule: str, score: float) -> Candidate:
    return reading.candidate(rule, (date.start, date.end), date.iso, score)


def find_effective_date(reading: Reading, agreed: list[Candidate]) -> Iterator[Candidate]:
    """Only where the text says it: an agreement date is no effective date (measured: 22 %)."""
    lower = reading.lower
    for date in reading.dates:
        before = lower[max(0, date.start - 140) : date.start]
        if _DEFINED.match(lower, date.end):
            rule, score = "defined", 5.0
        elif _EFFECTIVE_IS.search(before):
            rule, score = "is", 4.0
        elif (as_of := _EFFECTIVE_AS_OF.search(before)) is not None:
            if not _OF_AGREEMENT.search(before[: as_of.start()]):
                continue
            head = date.start < _HEAD
            rule, score = ("as_of", 3.0) if head else ("commences", 2.5)
        elif _RUSSIAN_EFFECTIVE.search(before):
            rule, score = "ru_from", 3.0
        else:
            continue
        yield _candidate(reading, date, f"effective_date.{rule}", score - date.start / 50_000)
    same = any(
        _OF_AGREEMENT.search(lower, max(0, match.start() - 120), match.start())
        or match.group().startswith("effective date")
        for match in _FIRST_WRITTEN.finditer(lower)
    )
    best = max(agreed, key=lambda candidate: candidate.score, default=None)
    if same and best is not None and isinstance(best.normalized, str):
        yield Candidate(
            "effective_date", "effective_date.first_written", best.normalized, best.normalized,
            None, None, 2.0, {}, "computed", (best,),
        )  # fmt: skip
