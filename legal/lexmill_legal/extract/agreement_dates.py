"""When an agreement was made, and from when on it works."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.dates import DateMention
from lexmill_legal.values.scanning import matches, spaced

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
# "This Agreement ("Agreement"), effective as of …", also a title that goes on: "SUPPLY AGREEMENT
# (the "Agreement") dated …".
_PREAMBLE: Final = re.compile(
    r"(?:\bthis\b|(?:^|[\n.]|-{3}|  )\s*)\s*(?:(?!(?:to|under|by|all|those|are|is|of\s+(?:the"
    r"|that|an?))\s)[\w&/,’'\"“”()-]+\s+){0,9}?[\"“]?"
    r"(?:agreement|amendment|addendum|contract|lease|deed|letter)\s?(?:[\"”]|no\.?\s?\d+)?\s?"
    r"(?:\([^()]{0,90}\)|\((?=[\"“]))?[\"”]?,?(?:\s+including[^()]{0,40}\([^()]*\),)?\s+(?:is\s+|was\s+|shall\s+be\s+)?(?:hereby\s+)?"
    r"(?:(?:made|dated|effective|entered|signed|executed|concluded)\b[\s,]*(?:(?:and|into|as|of|on|from|is|made|entered"
    r"|dated|effective|executed|signed|this|the|by|for|reference|to\sbe|at)\b[\s,]*){0,10}|is\s+)[\s_]*\Z"
)
_CITED: Final = re.compile(
    r"\b(?:certain|the\s+(?:original|existing|prior|previous))\b[^.;]{0,120}\b(?:agreement|contract|lease)\b"
    r"[^.;]{0,40}\Z|\bpursuant\s+to\b[^.;]{0,90}\Z"
)
_EARLIER: Final = re.compile(
    r"[^.\"“]{0,60}[\"“](?:the\s+)?(?:original|initial|existing|prior|first|master"
    r"|previous|old)\b|[,\s]*(?:\()?as\s+(?:may\s+be\s+)?amended"
    r"|\s{0,3}\((?:the|as)?\s{0,3}[\"“][^\"”]{1,40}\s(?:agreement|contract|lease|plan)[\"”]"
)
# "under the License Agreement made on …": that one's date, whatever verb stands before it.
_ANOTHER: Final = re.compile(
    r"\b(?:of|under|by|with|in|to|that|the)\s+(?:the|an?|that|certain|existing|fully\sexecuted)\s+"
    r"(?:[\w.,’'-]+\s+){0,8}?(?:agreement|contract|lease)(?:\s+(?:no\.?|number"
    r"|#)\s?\S+)?[ \n](?!\n)"
    r"(?:made|entered|executed|dated|signed|concluded)\b[^.,;()]{0,40}\Z"
)
_SIGNING: Final = spaced(
    r"(?:\bdated?\b|\bsigned\b|\bexecuted\b|\bas of\b|\bwitness\b|\bday and year\b)[^.]{0,30}\Z"
)
# A date beside a signature: who signs last makes the agreement.
_SIGNATURE: Final = re.compile(
    r"/s/|\b(?:by|name|title|its|signature|signed)\s?:|\bin witness\b|_{5}"
)
_SIGNED_ON: Final = re.compile(
    r"(?:\bdated?|\bsigned(?:\s+on)?|\bexecuted(?:\s+on)?)[\s:_.]{0,30}\Z"
    r"|\b(?:signed|executed)\b[^.;]{0,90}\bon\s(?:this\s)?(?:the\s)?\Z|\bin\s+witness\b[^;]{0,120}\Z"
)
_EFFECTIVE_FROM: Final = spaced(r"\beffective (?:as of|as from|on|from|date)?[^.\d]{0,12}\Z")
_SIGNED_BY: Final = re.compile(r"/s/|\b(?:by|signature|signed|seal)\s?:|_{8}")
_NOT_MADE: Final = re.compile(
    r"source:|\bfiled\b|\b(?:10-?[kq]|8-k|s-1|f-1)\b|\bexpir|\bterminat|\buntil\b|\bthrough\b"
    r"|\bno later\b"
    r"|\bissuance\b|\bborn\b|\b(?:agreement|lease|convention|act)[^.;]{0,40}\bdated\b|\b(?:act|goods)\b"
)
_HAND: Final = re.compile(r"/s/|\bdate\b")
_ALONE: Final = re.compile(r"\s*(?:\n|_{3}|-{3}|\Z)")
_NEAR: Final = 90
_CLEAR: Final = 3.0
SAID: Final = frozenset(
    {"agreement_date.made_as_of", "agreement_date.preamble", "agreement_date.russian_head"}
)
"""Rules whose words say that the agreement was made then; others go by the place of a date."""
_TITLE_REACH: Final = 800
_RUSSIAN_HEAD: Final = 2500
_DEFINED: Final = re.compile(
    r"\s{0,3},?\s{0,3}(?:the\s)?\(?(?:the|hereinafter|herein)?[^()]{0,40}?[\"“”'’‘]\s{0,3}"
    r"(?:effective\s+date|date\s+of\s+effectiveness)"
    r"|[\s,(]{0,4}herein(?:after)?\s+(?:called|referred\s+to\s+as)\s+the\s+effective\s+date"
)
_EFFECTIVE_IS: Final = re.compile(
    r"[\"“]?(?:effective|(?<!option )(?:commencement"
    r"|start(?:ing)?))\s+date[\"”]?\s?(?:of\s+this\s+agreement\s+)?(?:\([^)]{0,60}\)\s?)?"
    r"(?:shall\s+(?:be|mean)|means|is|:|–|-)\s{0,3}(?:the\s+date\s+of\s+)?"
    r"(?:[^.\d;]{0,40}|12:01\s?a\.?m\.?[^.\d;]{0,40})\Z"
    r"|\b(?:contract|agreement|addendum|term)\s+(?:start|effective|commencement)(?:\s+date)?\s?[:–-]?\s{1,12}\Z"
    r"|\beffective\s+date\s{1,12}\Z"
)
_EFFECTIVE_AS_OF: Final = spaced(
    r"(?:\b(?:effective|in effect|takes? effect|in(?:to)? force|commenc\w+|begin\w*)"
    r"(?:\s+for\s+all\s+purposes(?:\s+and\s+in\s+all\s+respects)?)?,?"
    r"(?:\s+(?:as\s+(?:of|from)|on|from|this|upon|at|the|and|retroactive\w*|be|is|,|12:01\sa\.?m\.?)){0,4}"
    r"|\beffective\s+date\s?(?:is|:)?)[\s:,_]{0,6}\Z"
)
_OF_AGREEMENT: Final = re.compile(
    r"\b(?:this|the)\s(?:[\w-]+\s){0,4}?[\"“]?(?:agreement|contract|lease|amendment|addendum"
    r"|appointment|engagement|promotion|license)\b"
    r"|\b(?:agreement|contract|lease|amendment|addendum)\b[\"”]?\)?,?[^.;]{0,60}\Z"
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
_ON_SIGNING: Final = spaced(
    r"(?:effective|in effect|in(?:to)? force|takes? effect|commenc\w+|begin\w*|effective date[\"”]?"
    r"(?: of this agreement)? (?:shall (?:be|mean)|means|is))[\"”]?[^.;:]{0,60}?"
    r"(?:\b(?:execution|signing|signature|signed acceptance)\b|\bdate last (?:written|signed)"
    r"|\b(?:last|final|later|latest) (?:\w+ ){0,3}(?:date|signature|signs|to sign)"
    r"|\bsignatures\b|\b(?:is|are|has been|have been) (?:fully |duly )?(?:executed|signed)\b)"
    r"|(?:date last (?:written|signed)"
    r"|date of (?:the )?last signature)[^.;]{0,60}[\"“](?:the )?effective date"
)
_RUSSIAN_EFFECTIVE: Final = re.compile(
    r"(?:вступа\w+\s+в\s+(?:законную\s+)?силу|действует|распространя\w+)\s+(?:с|со"
    r"|на)\b(?:(?!\b(?:до|по)\b)[^.\d]){0,60}\Z"
)
_RUSSIAN_ON_SIGNING: Final = re.compile(
    r"вступа\w+\s+в\s+(?:законную\s+)?силу\s+(?:с|со)\s+(?:момента|даты|дня)\s+(?:его\s+)?(?:подписани|заключени)"
)


def find_agreement_date(reading: Reading) -> Iterator[Candidate]:
    recitals = _RECITALS.search(reading.lower, 0, _REACH)
    background = recitals.start() if recitals else _REACH
    found = [_scored(reading, date, background) for date in reading.dates_between(0, _REACH)]
    found = [candidate for candidate in found if candidate.score >= 1]
    yield from found
    if any(candidate.score >= _CLEAR and candidate.rule in SAID for candidate in found):
        return
    signed = signatures(reading)
    if signed:
        latest = max(signed, key=lambda date: date.iso or "")
        yield _candidate(reading, latest, "agreement_date.signed", 1.5)
        for date in signed:
            if date.iso != latest.iso:
                yield _candidate(reading, date, "agreement_date.signed", 0.2)
    if reading.english or reading.russian:
        yield from _weak(reading)


def _weak(reading: Reading) -> Iterator[Candidate]:
    """No words say that the agreement was made then, only the place of the date does."""
    lower = reading.lower
    beside = [
        date
        for date in reading.dates
        if date.iso
        and date.whole
        and _SIGNED_BY.search(lower, max(0, date.start - 260), min(len(lower), date.end + 160))
        and not _NOT_MADE.search(lower, max(0, date.start - 90), date.start)
    ]
    if beside:
        latest = max(beside, key=lambda date: date.iso or "")
        yield _candidate(reading, latest, "agreement_date.near_signature", 0.9)
    for date in reading.dates_between(0, _TITLE_REACH)[:2]:
        if date.whole and not _NOT_MADE.search(lower, max(0, date.start - 90), date.start):
            yield _candidate(reading, date, "agreement_date.near_title", 0.8 - date.start / 5000)
    for date in reading.dates:
        if date.iso and _EFFECTIVE_IS.search(lower, max(0, date.start - 140), date.start):
            yield _candidate(reading, date, "agreement_date.near_title", 0.2)
    tail = reading.dates_between(max(0, len(reading.text) - _TAIL), len(reading.text))
    late = [
        date
        for date in tail
        if date.iso
        and not _NOT_MADE.search(reading.lower[max(0, date.start - 90) : date.start])
        and _SIGNING.search(reading.lower[max(0, date.start - 60) : date.start])
    ]
    if late:
        latest = max(late, key=lambda date: date.iso or "")
        yield _candidate(reading, latest, "agreement_date.signed_late", 0.5)


def signatures(reading: Reading) -> list[DateMention]:
    """The dates that stand beside signatures, after the head of the document."""
    lower = reading.lower
    return [
        date
        for date in reading.dates
        if date.iso
        and date.whole
        and date.start > min(_TITLE_REACH, len(lower) // 3)
        and (
            _SIGNED_ON.search(lower, max(0, date.start - 130), date.start) or _beside(reading, date)
        )
        and _SIGNATURE.search(lower, max(0, date.start - 500), min(len(lower), date.end + 200))
        and "source:" not in lower[max(0, date.start - 90) : date.start]
    ]


def _beside(reading: Reading, date: DateMention) -> bool:
    """Does the date of another signature stand directly before: "Date: 1/9/02   1/14/02"?"""
    return (
        _ALONE.match(reading.lower, date.end) is not None
        and reading.lower[max(0, date.start - 2) : date.start].strip(" \n\t_") == ""
        and _HAND.search(reading.lower, max(0, date.start - 120), date.start) is not None
    )


def _scored(reading: Reading, date: DateMention, background: int) -> Candidate:
    near = reading.dates_between(max(0, date.start - _NEAR), date.start)
    # What stands before another date speaks of that one.
    begin = near[-1].end if near else max(0, date.start - 140)
    before = reading.lower[max(begin, date.start - 140) : date.start]
    score = sum(weight for weight, cue in _CUES if cue.search(before)) - date.start / 3500
    rule = "made_as_of" if score >= 4 and not _ANOTHER.search(before) else "dated"
    wide = reading.lower[max(0, date.start - 260) : date.start]
    this = _THIS.search(wide)
    score += 1.5 if this else 0.0
    score -= 2.5 if date.start > background else 0.0
    score -= 4.0 if _EARLIER.match(reading.lower, date.end) else 0.0
    if near and _EFFECTIVE_FROM.search(before):
        score -= 4.0
    if not date.whole:
        score -= 1.5
    if rule == "made_as_of" and (not this or _ANOTHER.search(wide)):
        rule = "made_elsewhere"
    if _CITED.search(wide):
        score -= 3.0
        rule = "made_elsewhere" if rule == "made_as_of" else rule
    elif date.whole and not near and date.start <= background and _PREAMBLE.search(wide):
        score = max(score, 4.5 - date.start / 5000)
        rule = "preamble" if rule != "made_as_of" and score > 2 else rule
    if (
        date.start < _TITLE_REACH
        and _on_its_own_line(reading, date)
        and not _SIGNED_BY.search(reading.lower, max(0, date.start - 260), date.start)
    ):
        score = max(score, 1.6 - date.start / 3500)
        rule = "title_page" if rule != "made_as_of" else rule
    if reading.russian and date.start < _RUSSIAN_HEAD and not before.rstrip(' «"').endswith("от"):
        score, rule = max(score, 4 - date.start / 1000), "russian_head"
    return _candidate(reading, date, f"agreement_date.{rule}", score)


def _on_its_own_line(reading: Reading, date: DateMention) -> bool:
    text = reading.text
    line = text[text.rfind("\n", 0, date.start) + 1 : date.start]
    after = text[date.end : date.end + 3]
    return (
        line.strip(" \t_").lower() in {"", "dated", "date:", "dated:"}
        and not after.strip(" .")[:1].isalnum()
    )


def _candidate(reading: Reading, date: DateMention, rule: str, score: float) -> Candidate:
    return reading.candidate(rule, (date.start, date.end), date.iso, score)


def find_effective_date(reading: Reading, agreed: list[Candidate]) -> Iterator[Candidate]:
    """What the text says; where it only supposes such a day, the agreement's, never firm."""
    for date in reading.dates:
        said = _said_effective(reading, date)
        if said is not None:
            rule, score = said
            yield _candidate(reading, date, f"effective_date.{rule}", score - date.start / 50_000)
    if agreed:
        yield from _from_agreement(reading, agreed)


def _said_effective(reading: Reading, date: DateMention) -> tuple[str, float] | None:
    """The rule by which a date is the effective one, and its score."""
    lower = reading.lower
    before = lower[max(0, date.start - 140) : date.start]
    if _DEFINED.match(lower, date.end):
        return "defined", 5.0
    if _EFFECTIVE_IS.search(before):
        return "is", 4.0
    as_of = _EFFECTIVE_AS_OF.search(before)
    if as_of is not None:
        if not _OF_AGREEMENT.search(before[: as_of.start()]):
            return None
        wide = lower[max(0, date.start - 260) : date.start]
        own = _THIS.search(before) or _PREAMBLE.search(wide)
        head = date.start < _HEAD and own and not _CITED.search(wide)
        return ("as_of", 3.0) if head else ("commences", 2.5)
    return ("ru_from", 3.0) if _RUSSIAN_EFFECTIVE.search(before) else None


def _from_agreement(reading: Reading, agreed: list[Candidate]) -> Iterator[Candidate]:
    best = max(agreed, key=lambda candidate: candidate.score)
    signed = [candidate for candidate in agreed if "signed" in candidate.rule]
    latest = max(signed, key=lambda candidate: str(candidate.normalized), default=best)
    if reading.russian and _RUSSIAN_ON_SIGNING.search(reading.lower):
        yield from _computed(best, "ru_on_signing", 2.2)
    if _says(reading.lower, _ON_SIGNING):
        yield from _computed(latest, "on_signing", 2.2)
    elif _says(reading.lower, _FIRST_WRITTEN):
        yield from _computed(best, "first_written", 2.0)
    elif _SUPPOSES.search(reading.lower):
        yield from _computed(best, "when_made", 0.3)


# Words that suppose a day of effect without saying which: then it is the day of the agreement.
_SUPPOSES: Final = spaced(
    r"\beffective date\b|\b(?:takes?|taking|into|in) effect\b|\beffective (?:upon|from|on|as)\b"
    r"|\bdate hereof\b"
    r"|\b(?:from|of|after|as of|on) the date (?:hereof|of this|above|first)|\bcommencement date\b"
)


_EFFECTS: Final = (
    "effective", "in effect", "in force", "into force", "take", "commenc", "begin", "date last",
    "date of",
)  # fmt: skip


def _says(lower: str, pattern: re.Pattern[str]) -> bool:
    return any(
        _OF_AGREEMENT.search(lower, max(0, match.start() - 120), match.start())
        or "effective date" in match.group()
        for match in matches(pattern, lower, _EFFECTS)
    )


def _computed(agreed: Candidate, rule: str, score: float) -> Iterator[Candidate]:
    if isinstance(agreed.normalized, str):
        yield Candidate(
            "effective_date", f"effective_date.{rule}", agreed.normalized, agreed.normalized,
            None, None, score, {}, "computed", (agreed,),
        )  # fmt: skip
