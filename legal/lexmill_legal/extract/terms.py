"""How long an agreement lasts: term, expiry, renewal and the notices that end it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lexmill_legal.extract.calendars import plus
from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.durations import DurationMention
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.scanning import matches, spaced
from lexmill_legal.extract.terms_russian import find_russian_terms

_ANCHOR: Final = spaced(
    r"(?:term|expir\w+|in (?:full )?(?:force|effect)|continues?|initial (?:term|period)"
    r"|perpetu\w+|valid|duration|terminates? on|indefinite\w*|contract period|services? period"
    r"|cooperation (?:term|period)|effective term|venture)\b"
)
_ABOUT: Final = (
    (2.0, spaced(r"\bterm of (?:this|the) (?:[\w-]+ ){0,3}?(?:agreement|contract|license|lease"
r"|engagement)\b")),
    (2.0, spaced(r"\binitial (?:term|period)\b")),
    (2.0, spaced(r"\bthis (?:[\w-]+ ){0,3}?(?:agreement|contract|license|lease"
r"|addendum|jsma|msa|plan)"
                     r"(?: and [^.]{0,60})? ?(?:\([^)]*\))?,? ?(?:unless [^,]{0,120}, )?"
r"(?:shall|will|is|begins?|commences?|becomes?|expires?|takes?|remains?|continues?)\b")),
    (2.0, spaced(r"\A(?:the )?(?:initial )?term "
r"(?:is|shall be|will be|shall commence|begins|of)\b")),
    (2.0, spaced(r"\b(?:contract|services?|cooperation|agreement|effective|distribution"
r"|initial distribution) (?:period|term)\b[\"”']?[:\s]*(?:shall |will )?(?:means?"
r"|be|is|of|:)?")),
    (2.0, spaced(r"[\"“]?\bterm[\"”]? (?:shall )?means?\b|\bterm:\s|\bexpiration date:|\b"
r"(?:contract|agreement) end:|\bterm of execution\b|\bterm of (?:the |this )?"
r"(?:joint )?venture|\bventure (?:is|shall)")),
    (1.0, spaced(r"\b(?:from|commenc\w+|begin\w*)\b[^.;]{4,60}\b(?:19|20)\d\d\b[^.;]{0,24}\b"
r"(?:through|to|until|ending)\b[^.;]{0,40}(?:19|20)\d\d")),
    (1.0, spaced(r"[\"“'](?:the )?(?:initial )?term[\"”']")),
    (1.0, re.compile(r"\b(?:commenc\w+|begin\w*|effective)\b.{0,160}\b(?:continu\w+|expir\w+|end\w*"
r"|remain\w*|terminat\w+|until|through)\b", re.DOTALL)),
    (0.5, spaced(r"\bunless (?:earlier|sooner|otherwise) (?:terminated|canceled|extended)"
r"|\bunless terminated (?:earlier|sooner)")),
    (-2.0, spaced(r"\bconfidential\w*|\bsurviv\w+|\bwarrant\w+|\bnon-?compet\w+|\binsurance\b"
r"|\bpurchase orders?\b|\bfollowing (?:the )?(?:expiration|termination)|\bafter "
r"(?:the )?(?:expiration|termination)|\bstatement of work\b|\binvoice\b|\bescrow\b"
r"|\bemploy(?:ee|ment)\b|\boption\b")),
    (-1.5, spaced(r"\brenew\w*|\bextend\w*|\bextension\b")),
    (-1.5, spaced(r"\bbreach\b|\bcure\b|\bdefault\b")),
)  # fmt: skip
_FOR_TERM: Final = tuple((weight, cue) for weight, cue in _ABOUT if weight > 0)
_AGAINST_TERM: Final = tuple((weight, cue) for weight, cue in _ABOUT if weight < 0)
_ANCHORS: Final = (
    "term", "expir", "in force", "in effect", "in full", "continue", "initial ", "perpetu",
    "valid", "duration", "terminates on", "indefinite", "contract period", "service", "cooperation",
    "effective term", "venture",
)  # fmt: skip
_UNTIL: Final = spaced(
    r"\b(?:until|till|through|thru|to|expir\w+|ending|ends?|terminat\w+|conclud\w+|up to)"
    r"(?:\s+(?:and\s+including|on|at|as\s+of|upon|the|midnight|of|11:59\s*p\.?m\.?,?|close|business"
    r"|and|through|earlier\s+of|\(\w\)|\([ivx]+\)|is|be|shall|date|for|in|period|later|occur\w*|day"
    r"|until|conclude\w*|earliest|:)[\s,]){0,8}\s*\Z"
)
_RENEWING: Final = re.compile(r"\b(?:renew\w*|exten\w+|successive|additional|subsequent|further)\b")
_NOT_A_TERM: Final = spaced(
    r"\A['’]?s?\s*(?:\w+\s){0,3}?(?:prior|before|notice|advance|written|after "
    r"(?:receipt|the date of|such|notice)|of receipt"
    r"|following (?:receipt|the date of such|such|notice|delivery)|from receipt|old|preceding)\b"
)
_FOR: Final = spaced(
    r"\b(?:for|of|be|is|lasts?|remain\w*|continu\w+|until|period|term|valid|least"
    r"|effect|force|end\w*|expir\w+|beginning|on)[\s:,\-–]*"
    r"(?:(?:a|an|the|on|be|for|of|in|effect|initial|full|minimum|fixed|total|term"
    r"|period|additional|date"
    r"|that|is|which|approximately|exactly|least|at|not|less|than|and|shall|will"
    r"|further|expire|ending|end)\b[\s,]*){0,9}\(?\Z"
)
_ANNIVERSARY: Final = spaced(
    r"\b(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
    r"|fifteenth|twentieth|one|two|three|four|five|seven|ten)"
    r"\s?(?:\(?(?:\d{1,2})(?:st|nd|rd|th)?\)?)?\s{1,2}(?:year\s)?anniversary|\b"
    r"(?P<digit>\d{1,2})(?:st|nd|rd|th)?\s+(?:year\s)?anniversary"
)
_ORDINALS: Final = {
    word: number
    for number, words in (
        (1, "first one"), (2, "second two"), (3, "third three"), (4, "fourth four"),
        (5, "fifth five"), (6, "sixth"), (7, "seventh seven"), (8, "eighth"), (9, "ninth"),
        (10, "tenth ten"), (15, "fifteenth"), (20, "twentieth"),
    )
    for word in words.split()
}  # fmt: skip
_PERPETUAL: Final = spaced(
    r"\bperpetual(?:ly)?\b|\bin perpetuity\b|\bindefinite(?:ly)?\b"
    r"|\b(?:until|unless(?: and until)?)\s+(?:it\s+is\s+|otherwise\s+"
    r"|either\s+party\s+)?(?:terminated|canceled|cancelled)\b"
    r"|\bfor (?:so|as) long as\b|\buntil (?:such time as )?(?:either|one|any) (?:party"
    r"|of the parties) \w*\s?terminat\w+"
)
_COMMENCING: Final = re.compile(
    r"\b(?:commenc\w+|begin\w*|start\w*|effective|from)\s+(?:(?:as|on|of|from|the|at"
    r"|and|upon)\s+){0,4}\Z"
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    score: float


def find_terms(reading: Reading, starts: list[Candidate]) -> Iterator[Candidate]:
    if reading.russian:
        yield from find_russian_terms(reading, starts)
    if reading.english:
        yield from _english(reading, starts)


def _english(reading: Reading, starts: list[Candidate]) -> Iterator[Candidate]:
    sentences = _sentences(reading)
    sentences.sort(key=lambda sentence: (-sentence.score, sentence.start))
    first_term: Candidate | None = None
    for sentence in sentences[:6]:
        for candidate in _from_sentence(reading, sentence, starts):
            if candidate.field == "term":
                if first_term is not None:
                    continue
                first_term = candidate
            yield candidate


def _sentences(reading: Reading) -> list[_Sentence]:
    anchors = (anchor.start() for anchor in matches(_ANCHOR, reading.lower, _ANCHORS))
    found: list[_Sentence] = []
    for start, end in reading.sentences(anchors, reach=700):
        text = reading.lower[start:end]
        score = sum(weight for weight, cue in _FOR_TERM if cue.search(text))
        if score >= 2.0:
            score += sum(weight for weight, cue in _AGAINST_TERM if cue.search(text))
        if score >= 2.0:
            found.append(_Sentence(start, end, score))
    return found


def _from_sentence(
    reading: Reading, sentence: _Sentence, starts: list[Candidate]
) -> Iterator[Candidate]:
    lower = reading.lower
    found = False
    for date in reading.dates_between(sentence.start, sentence.end):
        if date.iso and _UNTIL.search(lower[max(sentence.start, date.start - 60) : date.start]):
            yield Candidate(
                "expiration_date", "expiration_date.until",
                one_line(reading.text[date.start : date.end]), date.iso, date.start, date.end,
                sentence.score + 1,
            )  # fmt: skip
            found = True
            break
    for term in _terms(reading, sentence):
        yield term
        computed = _computed(reading, sentence, term, starts)
        if computed is not None and not found:
            yield computed
        found = True
        break
    if not found:
        perpetual = _PERPETUAL.search(lower, sentence.start, sentence.end)
        if perpetual is not None and not reading.durations_between(sentence.start, sentence.end):
            yield Candidate(
                "expiration_date", "expiration_date.perpetual", "perpetual", None,
                perpetual.start(), perpetual.end(), sentence.score,
                {"kind": "perpetual"},
            )  # fmt: skip


def _terms(reading: Reading, sentence: _Sentence) -> Iterator[Candidate]:
    lower = reading.lower
    for mention in reading.durations_between(sentence.start, sentence.end):
        if not _is_term(lower, sentence, mention):
            continue
        yield Candidate(
            "term", "term.duration", one_line(reading.text[mention.start : mention.end]),
            mention.iso, mention.start, mention.end, sentence.score,
        )  # fmt: skip
    for match in _ANNIVERSARY.finditer(lower, sentence.start, sentence.end):
        years = int(match["digit"]) if match["digit"] else _ORDINALS[match["word"]]
        yield Candidate(
            "term", "term.anniversary", one_line(reading.text[match.start() : match.end()]),
            f"P{years}Y", match.start(), match.end(), sentence.score,
        )  # fmt: skip


def _is_term(lower: str, sentence: _Sentence, mention: DurationMention) -> bool:
    if mention.business or (mention.iso is not None and mention.days < 28):
        return False
    before = lower[max(sentence.start, mention.start - 80) : mention.start]
    after = lower[mention.end : mention.end + 60]
    if _NOT_A_TERM.match(after) or not _FOR.search(before):
        return False
    renewing = _RENEWING.search(lower, max(sentence.start, mention.start - 110), mention.start)
    return renewing is None


def _computed(
    reading: Reading, sentence: _Sentence, term: Candidate, starts: list[Candidate]
) -> Candidate | None:
    """Start plus term: a computed date whose inputs are shown."""
    if not isinstance(term.normalized, str):
        return None
    for date in reading.dates_between(sentence.start, sentence.end):
        before = reading.lower[max(sentence.start, date.start - 60) : date.start]
        if date.iso and _COMMENCING.search(before):
            iso = plus(date.iso, term.normalized)
            if iso is None:
                return None
            return Candidate(
                "expiration_date", "expiration_date.computed_from_date", iso, iso, None, None,
                sentence.score, {"from": date.iso}, "computed", (term,),
            )  # fmt: skip
    best = max(starts, key=lambda candidate: candidate.score, default=None)
    if best is None or not isinstance(best.normalized, str):
        return None
    iso = plus(best.normalized, term.normalized)
    if iso is None:
        return None
    return Candidate(
        "expiration_date", "expiration_date.computed", iso, iso, None, None,
        sentence.score - 0.25, {}, "computed", (best, term),
    )  # fmt: skip
