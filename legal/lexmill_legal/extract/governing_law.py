"""Whose law governs: the places after "governed by … laws of", before "without regard to …"."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.gazetteer import (
    PlaceMention,
    country,
    find_places,
    find_russian_places,
)
from lexmill_legal.values.scanning import matches, spaced

_LAW: Final = re.compile(r"\b(?:laws?|legislation|statutes)\b")
_SUBJECT: Final = spaced(
    r"\b(?:agreement|contract|terms|validity|lease|addendum|amendment|letter|deed|document|note"
    r"|undertaking|guaranty|guarantee|rights and (?:obligations|duties)|governing law"
    r"|applicable law|choice of law|plan|license|franchise|instrument|indenture|msa|nda|jsma"
    r"|power of attorney|warrant|bond|policy|guarantees?"
    r"|addenda|exhibit|schedule|order|relationship|rights|obligations|parties)\b"
)
_GOVERN: Final = spaced(
    r"(?:govern(?:ed|ing|s)?|constru(?:ed|ction)|applicable law|choice of law|interpret(?:ed|ation)"
    r"|validity|laws? of|controlling law)\b"
)
_ANCHORS: Final = (
    "govern", "constru", "applicable law", "choice of law", "interpret", "validity", "laws of",
    "law of", "controlling law",
)  # fmt: skip
_NAMED_ANCHORS: Final = ("application of", "pursuant", "in accordance", "subject to", "under")
_STRONG: Final = spaced(
    r"\bare to be applied\b|\bsubject to the laws?\b|\benforced\b|\bgovern(?:ed|s)?\b"
    r"|\bconstrued\b|\binterpreted\b|\bshall apply\b"
)
_WEAK: Final = re.compile(
    r"\b(?:in accordance with|pursuant to|under|according to|by)\s+"
    r"(?:\w+\s+){0,5}laws?\b|\blaws? of\b"
    r"[^.]{0,90}\b(?:govern|apply|control)"
)
_REVERSED: Final = spaced(
    r"\b(?:shall|will|to|do|does)?\s?(?:exclusively\s)?(?:govern|apply|control)s?\b"
)
_ANAPHORA: Final = re.compile(
    r"(?:laws?)\s+(?:thereof|of\s+(?:that|said|such)\s+(?:state|commonwealth|province"
    r"|country|jurisdiction))"
)
_BEFORE_LAW: Final = re.compile(
    r"[\s()'’s]*(?:state|federal|substantive|internal|local|domestic|civil|common)?\s*"
)
_ADJECTIVES: Final = frozenset(
    [
        "english",
        "scottish",
        "scots",
        "armenian",
        "argentine",
        "austrian",
        "australian",
        "belgian",
        "bulgarian",
        "brazilian",
        "canadian",
        "swiss",
        "chilean",
        "chinese",
        "colombian",
        "cypriot",
        "czech",
        "german",
        "danish",
        "estonian",
        "egyptian",
        "spanish",
        "finnish",
        "french",
        "greek",
        "croatian",
        "hungarian",
        "indonesian",
        "irish",
        "israeli",
        "indian",
        "icelandic",
        "italian",
        "japanese",
        "kenyan",
        "korean",
        "lithuanian",
        "latvian",
        "moroccan",
        "maltese",
        "mexican",
        "malaysian",
        "nigerian",
        "dutch",
        "norwegian",
        "peruvian",
        "philippine",
        "polish",
        "portuguese",
        "romanian",
        "serbian",
        "russian",
        "swedish",
        "slovenian",
        "slovak",
        "thai",
        "turkish",
        "taiwanese",
        "ukrainian",
        "vietnamese",
    ]
)
_OTHER_THING: Final = re.compile(
    r"\s(?:Trademark|Arbitration|Patent|Copyright|Bankruptcy|Code|[Dd]ollar"
    r"|General\sCorporation|Business"
    r"|Securities|District\sCourt|Supreme|Constitution|Public\sService|[Cc]ourts?"
    r"|currency|Tax|Uniform"
    r"|Commercial\sCode|Stock|Food|government|federal\s(?:trademark|arbitration))\b"
)
_STOPS: Final = (
    r"without (?:regard|giving|reference|application|respect|recourse|resort|taking)|excluding"
    r"|exclusive of|except (?:for|that|to)|not including|other than|regardless|irrespective"
    r"|conflicts? of law|(?:and|,|;)\s+(?:any|all|the|each)?\s?(?:parties|party|courts?|disputes?"
    r"|actions?|claims?|exclusive|venue|suit|legal)|\bcourts?\b|arbitrat|jurisdiction of"
    r"|\bapplicable to (?:contracts|agreements)|\bshall be (?:submitted|brought)"
    r"|\bas (?:applied|such laws)|\bnotwithstanding\b|\bto the extent\b|\bincorporated\b"
    r"|\bprovided\b|\bunited nations\b|\bthis (?:agreement|contract)\b"
)
_STOP: Final = spaced(_STOPS)
_STOP_BUT_COURTS: Final = spaced(_STOPS.replace(r"|\bcourts?\b", ""))
# "the internal laws (exclusive of conflicts rules) and decisions of the courts of the State of …".
_ASIDE: Final = re.compile(r"\s*\([^()]{0,90}\)")
_NAMED: Final = spaced(
    r"\b(?:application of|pursuant to|in accordance with|subject to"
    r"|under) (?:the )?(?:\w+ ){0,3}laws? (?:of|in)\b"
)
_HEADED: Final = spaced(
    r"(?:governing|applicable|controlling|choice of) law\b(?: (?:and|&"
    r"|;) (?:\w+ ){0,3}\w+)? ?[.:–—-]+"
)
_APPLIES: Final = spaced(
    r"laws? (?:of|in)\b[^.;]{3,60}?\b(?:shall|will|do|does)? ?(?:exclusively )?(?:apply|applies"
    r"|governs?)\b"
)
_ORGANISED: Final = re.compile(
    r"organi[sz]ed|incorporated|existing|formed|established|registered|good\s+standing|compl(?:y|ies|iance)|corporation"
)
_RUSSIAN_LAW: Final = re.compile(
    r"(?:примен\w+|регулиру\w+|руководству\w+|подчин\w+|толку\w+|применимы\w+)[^.;\n]{0,160}?"
    r"\b(?P<law>прав(?:о|ом|у|а)|законодательств(?:о|ом|у|а))\b|"
    r"\b(?P<law2>прав(?:о|ом)|законодательство)\b[^.;\n]{0,60}?\bпримен"
)


def find_governing_law(reading: Reading) -> Iterator[Candidate]:
    if reading.russian:
        yield from _russian(reading)
    if reading.english:
        yield from _english(reading)


def _english(reading: Reading) -> Iterator[Candidate]:
    anchors = (anchor.start() for anchor in matches(_GOVERN, reading.lower, _ANCHORS))
    found: list[Candidate] = []
    for start, end in reading.sentences(anchors, reach=900):
        candidate = _from_sentence(reading, start, end)
        if candidate is not None:
            found.append(candidate)
    # Federal law stands beside the law of a state; it is the answer only where nothing else is.
    others = [candidate for candidate in found if candidate.normalized != "US"]
    yield from others or found or _named(reading)


def _named(reading: Reading) -> Iterator[Candidate]:
    """A law that no sentence calls the governing one: not firm, better than nothing."""
    lower = reading.lower
    for match in matches(_HEADED, lower, ("governing", "applicable", "controlling", "choice")):
        places = _most_exact(_places(reading, match.end(), match.end() + 160), reading.text)[:1]
        if places:
            yield _candidate(places, places[0].start, "governing_law.headed", 1.0)
    for match in matches(_APPLIES, lower, ("laws", "law")):
        places = _most_exact(_places(reading, match.start(), match.end()), reading.text)[:1]
        if places:
            yield _candidate(places, match.start(), "governing_law.headed", 1.0)
    for match in matches(_NAMED, lower, _NAMED_ANCHORS):
        start, _ = reading.sentence(match.start(), reach=300)
        if _ORGANISED.search(lower, start, match.start()):
            continue
        places = _most_exact(_places(reading, match.end(), match.end() + 80), reading.text)[:1]
        if places and places[0].code != "US":
            yield _candidate(places, match.start(), "governing_law.named", 0.5)


def _from_sentence(reading: Reading, start: int, end: int) -> Candidate | None:
    lower = reading.lower
    strong = _STRONG.search(lower, start, end) is not None
    if not strong and _WEAK.search(lower, start, end) is None:
        return None
    subject = _SUBJECT.search(lower, max(0, start - 60), end)
    if subject is None:
        return None
    federal: Candidate | None = None
    for count, law in enumerate(_LAW.finditer(lower, start, end)):
        if count == 12:
            break
        verb = _STRONG.search(lower, max(start, law.start() - 260), law.start())
        places = _chosen(reading, law, start, end)
        if not places:
            continue
        after = _REVERSED.search(lower, law.end(), min(end, law.end() + 210))
        if verb is None and after is None and _WEAK.search(lower, start, law.end()) is None:
            continue
        score = 3.0 if verb is not None or after is not None else 1.5
        score += (
            0.5
            if re.search(r"\bthis (?:\w+ ){0,3}(?:agreement|contract|lease)", lower[start:end])
            else 0.0
        )
        score += 0.3 if "govern" in lower[start:end] else 0.0
        if (
            re.search(
                r"organi[sz]ed|incorporated under|existing under|good standing|comply|compliance"
                r"|complies",
                lower[start:end],
            )
            and "govern" not in lower[start : law.end()]
        ):
            continue
        first = min(law.start(), *(place.start for place in places))
        candidate = _candidate(places, first, "governing_law.governed_by", score)
        if candidate.normalized != "US":
            return candidate
        federal = federal or candidate  # "of the United States and … of the State of Ohio"
    return federal


def _chosen(reading: Reading, law: re.Match[str], start: int, end: int) -> list[PlaceMention]:
    """The places of one "law": its adjective before, its "of …" after."""
    lower = reading.lower
    stop = _STOP.search(lower, law.end(), end)
    aside = _ASIDE.match(lower, law.end(), end)
    if aside is not None and stop is not None and stop.start() < aside.end():
        stop = _STOP_BUT_COURTS.search(lower, aside.end(), end)
    last = min(stop.start() if stop else end, law.end() + 200)
    anaphora = _ANAPHORA.match(lower, law.start(), end)
    if anaphora is not None:
        before = _places(reading, start, law.start())
        return _most_exact(before[-1:], reading.text)
    after = _places(reading, law.end(), last)
    if not after:
        before = _places(reading, max(start, law.start() - 48), law.start())
        near = [place for place in before if _BEFORE_LAW.fullmatch(lower, place.end, law.start())]
        after = near[-1:]
    return _most_exact(after, reading.text)


def _places(reading: Reading, start: int, end: int) -> list[PlaceMention]:
    return [
        place
        for place in find_places(reading.text, start, end)
        if not place.name.islower()
        and not _OTHER_THING.match(reading.text, place.end)
        and (
            place.name.lower() not in _ADJECTIVES
            or re.match(
                r"\s+(?:\w+\s+)?(?:law|legislation)", reading.lower[place.end : place.end + 24]
            )
        )
    ]


def _most_exact(places: list[PlaceMention], text: str) -> list[PlaceMention]:
    """Drop a country whose part is named as well ("Ontario, Canada") and repetitions."""
    kept: list[PlaceMention] = []
    for place in places:
        inside = any(
            other.code != place.code and country(other.code) == place.code for other in places
        )
        if not inside and place.code not in {other.code for other in kept}:
            kept.append(place)
    codes = {place.code for place in kept}
    if {"GB-ENG", "GB-WLS"} <= codes:
        first = next(place for place in kept if place.code == "GB-ENG")
        last = next(place for place in kept if place.code == "GB-WLS")
        joined = PlaceMention(first.start, last.end, "GB-EAW", text[first.start : last.end])
        kept = [joined, *(place for place in kept if place.code not in {"GB-ENG", "GB-WLS"})]
    return kept


def _candidate(places: list[PlaceMention], start: int, rule: str, score: float) -> Candidate:
    end = max(place.end for place in places)
    value = "; ".join(one_line(place.name) for place in places)
    normalized = places[0].code if len(places) == 1 else None
    attributes = {} if len(places) == 1 else {"codes": " ".join(place.code for place in places)}
    return Candidate("governing_law", rule, value, normalized, start, end, score, attributes)


def _russian(reading: Reading) -> Iterator[Candidate]:
    for match in _RUSSIAN_LAW.finditer(reading.lower):
        group = "law" if match["law"] else "law2"
        _, end = reading.sentence(match.start(), reach=600)
        start = match.start(group)
        window = (max(match.start(), start - 30), min(end, start + 90))
        places = _most_exact(find_russian_places(reading.text, *window), reading.text)
        if places:
            first = min(start, places[0].start)
            yield _candidate(places[:1], first, "governing_law.ru_governed_by", 3.0)
