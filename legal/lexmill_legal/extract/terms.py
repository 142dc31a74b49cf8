"""How long an agreement lasts: term, expiry, renewal and the notices that end it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.terms_russian import find_russian_terms
from lexmill_legal.values.calendars import plus
from lexmill_legal.values.durations import DurationMention
from lexmill_legal.values.scanning import matches, spaced

_ANCHOR: Final = spaced(
    r"(?:term|expir\w+|in (?:full )?(?:force|effect)|continues?|initial (?:term|period)"
    r"|perpetu\w+|valid|duration|terminates? on|indefinite\w*|contract period|services? period"
    r"|cooperation (?:term|period)|effective term|venture|until|through|shall terminate"
    r"|will terminate|shall extend"
    r"|distribution period)\b"
)
# A pattern that begins with letters is looked for much quicker than one with a word's edge.
_ABOUT: Final = (
    (2.0, spaced(r"term(?<=\bterm) of (?:this|the) (?:[\w-]+ ){0,3}?(?:agreement|contract"
r"|license|lease|engagement)\b")),
    (2.0, spaced(r"initial(?<=\binitial) (?:term|period)\b")),
    (2.0, spaced(r"this(?<=\bthis) (?:[\w-]+ ){0,3}?(?:agreement|contract|license|lease"
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
    (1.0, spaced(r"\bshall (?:have|be for) (?:a|the) (?:duration|period|term) of\b"
r"|\bthis (?:[\w-]+ ){0,3}?(?:agreement|contract|lease|addendum)\b[^.;]{0,60}"
r"\b(?:until|through)\b")),
    (-2.0, spaced(r"\bconfidential\w*|\bsurviv\w+|\bwarrant\w+|\bnon-?compet\w+|\binsurance\b"
r"|\bpurchase orders?\b|\bfollowing (?:the )?(?:expiration|termination)|\bafter "
r"(?:the )?(?:expiration|termination)|\bstatement of work\b|\binvoice\b|\bescrow\b"
r"|\bemploy(?:ee|ment)\b|\boption\b")),
    (-1.5, spaced(r"\brenew\w*|\bextend\w*|\bextension\b")),
    (-1.5, spaced(r"\bbreach\b|\bcure\b|\bdefault\b")),
)  # fmt: skip
# The heading that a sentence stands under, or begins with, says what it is about.
_HEADED: Final = re.compile(
    r"(?:\A|[\n.:;)(]|\d|\s{2})\s*(?:initial\s+)?(?:term|duration|term\s+and\s+termination|duration\s+and\s+termination"
    r"|term\s?[&/]\s?termination|terms?\s+of\s+(?:the\s+|this\s+)?agreement|(?:agreement|contract)\s+(?:term|period)|validity"
    r"|term\s+of\s+(?:license|appointment|engagement|employment)|effective\s+date[,;]?\s+(?:and\s+)?term|terms)"
    r"[\s.:;–—-]*(?:\d{1,2}(?:\.\d{1,2})*\.?\s*)?(?:\([a-z]\)\s*)?(?:term[.:\s–—-]*)?\Z"
)
_HEADS: Final = ("term", "duration", "validity", "period")
_HEADED_INSIDE: Final = re.compile(
    r"\A(?:\d{1,2}(?:\.\d{1,2})*\.?\s*|\([a-z]\)\s*)?(?:initial\s+)?(?:term|duration)\s*[.:–—-]\s"
)
_UNLESS: Final = re.compile(
    r"\b(?:unless|subject\s+to)\b[^,;]{0,90}\b(?:exten\w+|renew\w*|breach|default|terminat\w+)\b"
    r"|\bthereafter\b.*|\b(?:and|or)\s+any\s+(?:renewal|extension).*|\b(?:and|but)\s+(?:shall|will)\s+(?:be\s+)?(?:automatically\s+)?(?:renew|extend).*",
    re.DOTALL,
)
_ASIDE: Final = re.compile(r"\b(?:unless|subject\s+to)\b[^;]{0,160}?,|\bunless\b[^,;]{0,90}")
_LABELLED: Final = re.compile(
    r"\b(?:expir(?:ation|y)|termination|end|ending)\s+date[\"”]?\s?(?:[:;–-]|(?:shall\s+)?means?\b|shall\s+be\b|is\b)?\s{0,60}\Z"
    r"|\b(?:contract|agreement|term)\s+(?:end|expires|expiration)\s?[:;–-]\s{0,20}\Z"
)
_END_OF_YEAR: Final = re.compile(
    r"\b(?:until|through|to)\s+(?:the\s+)?end\s+of\s+(?:the\s+)?(?:calendar\s+)?(?:year\s+)?(?P<year>(?:19|20)\d\d)\b"
)
_EVENT: Final = spaced(
    r"\b(?:until|unless|upon|end\w*|expir\w+|terminat\w+|continu\w+"
    r"|remain\w*)\b[^.;]{0,60}?(?P<event>(?:the )?"
    r"(?:expiration|expiry|termination|completion|payment|earlier|later|last|date (?:on|of)"
    r"|occurrence"
    r"|terminated|either party|such time|notice|closing)\b[^.;]{0,80})"
)
_WEAKEST: Final = 1.0
_STRONG: Final = 2.0
_MOST_SENTENCES: Final = 8
# Of each cue, in the same order, words without which it cannot match: looking for them is cheap.
_NEEDED: Final = (
    ("term",), ("initial",), ("this",), ("term",),
    ("contract", "service", "cooperation", "agreement", "effective", "distribution"),
    ("term", "expiration", "contract", "agreement", "venture"), ("19", "20"), ("term",),
    ("commenc", "begin", "effective"), ("unless",), ("shall", "this"),
    ("confidential", "surviv", "warrant", "compet", "insurance", "purchase", "following", "after",
     "statement", "invoice", "escrow", "employ", "option"),
    ("renew", "exten"), ("breach", "cure", "default"),
)  # fmt: skip
_CUES: Final = tuple(
    (weight, cue, needed) for (weight, cue), needed in zip(_ABOUT, _NEEDED, strict=True)
)
_FOR_TERM: Final = tuple(cue for cue in _CUES if cue[0] > 0)
_AGAINST_TERM: Final = tuple(cue for cue in _CUES if cue[0] < 0)
_ANCHORS: Final = (
    "term", "expir", "in force", "in effect", "in full", "continue", "initial ", "perpetu",
    "valid", "duration", "terminates on", "indefinite", "contract period", "service", "cooperation",
    "effective term", "venture", "until", "through", "shall terminate", "will terminate",
    "shall extend",
    "distribution period",
)  # fmt: skip
_UNTIL: Final = spaced(
    r"\b(?:until|till|through|thru|to|expir\w+|ending|ends?|terminat\w+|conclud\w+|up to)"
    r"(?:\s+(?:and\s+including|on|at|as\s+of|upon|the|midnight|of|11:59\s*p\.?m\.?,?|close|business"
    r"|and|through|earlier\s+of|\(\w\)|\([ivx]+\)|is|be|shall|date|for|in|period|later|occur\w*|day"
    r"|until|conclude\w*|earliest|:)[\s,]){0,8}\s*\Z"
)
_RENEWING: Final = re.compile(
    r"\b(?:renew\w*|extend(?:ed|s|ing)|extension\w*|extend\s+(?:this|the|it|such)|successive|additional|subsequent|further)\b"
)
_NOT_A_TERM: Final = spaced(
    r"\A['’]?s?\s*(?:\w+\s){0,3}?(?:prior|before|notice|advance|written|after "
    r"(?:receipt|the date of (?!this|execution|the agreement|signing)|such|notice)|of receipt"
    r"|following (?:receipt|the date of such|such|notice|delivery)|from receipt|old|preceding)\b"
)
_FOR: Final = spaced(
    r"\b(?:for|of|be|is|lasts?|remain\w*|continu\w+|until|period|term|valid|least"
    r"|effect|force|end\w*|expir\w+|beginning|on)[\s:,\-–]*"
    r"(?:(?:a|an|the|on|be|for|of|in|effect|initial|full|entire|minimum|fixed|total|term"
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
    r"\bfor perpetuity\b|\bperpetual(?:ly)?\b|\bin perpetuity\b|\bindefinite(?:ly)?\b"
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
    yield from _labelled(reading)
    sentences = _sentences(reading)
    sentences.sort(key=lambda sentence: (-sentence.score, sentence.start))
    first_term: Candidate | None = None
    ends = False
    for sentence in sentences[:_MOST_SENTENCES]:
        for candidate in _from_sentence(reading, sentence, starts):
            if candidate.field == "term":
                if first_term is not None:
                    continue
                first_term = candidate
            ends = ends or candidate.field == "expiration_date"
            yield candidate
    if not ends and first_term is None:
        yield from _until_event(reading, sentences)


def _labelled(reading: Reading) -> Iterator[Candidate]:
    """As in "Expiration Date: August 31, 2006"."""
    for date in reading.dates:
        if date.iso and _LABELLED.search(reading.lower, max(0, date.start - 90), date.start):
            yield Candidate(
                "expiration_date", "expiration_date.labelled",
                one_line(reading.text[date.start : date.end]), date.iso, date.start, date.end, 3.5,
            )  # fmt: skip


def _until_event(reading: Reading, sentences: list[_Sentence]) -> Iterator[Candidate]:
    """The sentence that speaks of the end names no day: what it names may never come."""
    for sentence in sentences[:2]:
        event = _EVENT.search(reading.lower, sentence.start, sentence.end)
        timed = reading.dates_between(sentence.start, sentence.end) or reading.durations_between(
            sentence.start, sentence.end
        )
        if event is not None and not timed and sentence.score >= _STRONG:
            yield Candidate(
                "expiration_date", "expiration_date.event", "perpetual", None,
                *event.span("event"), sentence.score - 1, {"kind": "perpetual"},
            )  # fmt: skip
            return


def _sentences(reading: Reading) -> list[_Sentence]:
    lower = reading.lower
    anchors = (anchor.start() for anchor in matches(_ANCHOR, lower, _ANCHORS))
    found: list[_Sentence] = []
    for start, end in reading.sentences(anchors, reach=700):
        text = lower[start:end]
        score = _weighed(text, _FOR_TERM)
        above = lower[max(0, start - 60) : start]
        headed = any(word in above for word in _HEADS) and _HEADED.search(
            lower, start - len(above), start
        )
        if headed or _HEADED_INSIDE.match(text):
            score += 2.0
        if score >= _WEAKEST:
            plain = _UNLESS.sub(" ", text)
            score += _weighed(plain, _AGAINST_TERM)
        if score >= _WEAKEST:
            found.append(_Sentence(start, end, score))
    return found


def _weighed(text: str, cues: tuple[tuple[float, re.Pattern[str], tuple[str, ...]], ...]) -> float:
    score = 0.0
    for weight, cue, needed in cues:
        for word in needed:
            if word in text:
                if cue.search(text):
                    score += weight
                break
    return score


def _from_sentence(
    reading: Reading, sentence: _Sentence, starts: list[Candidate]
) -> Iterator[Candidate]:
    lower = reading.lower
    found = False
    weak = "" if sentence.score >= _STRONG else "_weak"
    for date in reading.dates_between(sentence.start, sentence.end):
        if date.iso and _UNTIL.search(lower[max(sentence.start, date.start - 60) : date.start]):
            yield Candidate(
                "expiration_date", f"expiration_date.until{weak}",
                one_line(reading.text[date.start : date.end]), date.iso, date.start, date.end,
                sentence.score + 1,
            )  # fmt: skip
            found = True
            break
    end_of_year = _END_OF_YEAR.search(lower, sentence.start, sentence.end)
    if end_of_year is not None and not found:
        yield Candidate(
            "expiration_date", "expiration_date.until_weak", one_line(end_of_year.group()),
            f"{end_of_year['year']}-12-31", end_of_year.start(), end_of_year.end(), sentence.score,
        )  # fmt: skip
        found = True
    for term in _terms(reading, sentence):
        if not weak or not found:
            yield term
        if not found:
            yield from _computed(reading, sentence, term, starts)
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
    begin = max(sentence.start, mention.start - 110)
    aside = [match.span() for match in _ASIDE.finditer(lower, sentence.start, mention.start)]
    return not any(
        not any(start <= match.start() < end for start, end in aside)
        for match in _RENEWING.finditer(lower, begin, mention.start)
    )


def _computed(
    reading: Reading, sentence: _Sentence, term: Candidate, starts: list[Candidate]
) -> Iterator[Candidate]:
    """Start plus term: a computed date whose inputs are shown."""
    if not isinstance(term.normalized, str):
        return
    for date in reading.dates_between(sentence.start, sentence.end):
        before = reading.lower[max(sentence.start, date.start - 60) : date.start]
        if date.iso and _COMMENCING.search(before):
            iso = plus(date.iso, term.normalized)
            if iso is not None:
                yield Candidate(
                    "expiration_date", "expiration_date.computed_from_date", iso, iso, None, None,
                    sentence.score, {"from": date.iso}, "computed", (term,),
                )  # fmt: skip
            return
    known = [start for start in starts if isinstance(start.normalized, str)]
    known.sort(key=lambda candidate: -candidate.score)
    for rank, start in enumerate(known[:2]):
        iso = plus(str(start.normalized), term.normalized)
        if iso is not None:
            yield Candidate(
                "expiration_date", "expiration_date.computed", iso, iso, None, None,
                sentence.score - 0.25 - 1.5 * rank, {}, "computed", (start, term),
            )  # fmt: skip
