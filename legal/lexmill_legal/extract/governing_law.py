"""Whose law governs: the places after "governed by … laws of", before "without regard to …"."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.gazetteer import (
    PlaceMention,
    country,
    find_places,
    find_russian_places,
)
from lexmill_legal.extract.reading import Reading

_VERB: Final = re.compile(
    r"\b(?:govern(?:ed|ing|s)?|constru(?:ed|ction)|interpret(?:ed|ation)|enforced|applicable law"
    r"|choice of law|applicable to this|subject to|pursuant to|in accordance with|under)\b"
)
_LAW: Final = re.compile(r"\blaws?\b|\blegislation\b|\bjurisdiction\b|\bstatutes\b")
_SUBJECT: Final = re.compile(
    r"\b(?:agreement|contract|terms|validity|lease|addendum|amendment|letter|deed|document|note"
    r"|undertaking|guaranty|guarantee|rights and (?:obligations|duties)|governing law"
    r"|applicable law|choice of law|plan|license|franchise|instrument|indenture|msa|nda|jsma)\b"
)
_GOVERN: Final = re.compile(
    r"\bgovern(?:ed|ing)\b|\bconstrued\b|\bapplicable law\b|\bchoice of law\b|\binterpreted\b"
)
_STOP: Final = re.compile(
    r"without (?:regard|giving|reference|application|respect|recourse|resort|taking)|excluding"
    r"|exclusive of|except (?:for|that|to)|not including|other than|regardless|irrespective"
    r"|conflicts? of law|(?:and|,|;)\s+(?:any|all|the|each)?\s?(?:parties|party|courts?|disputes?"
    r"|actions?|claims?|exclusive|venue|suit|legal)|\bcourts?\b|arbitrat|jurisdiction of"
    r"|\bapplicable to (?:contracts|agreements)|\bshall be (?:submitted|brought)"
    r"|\bas (?:applied|such laws)|\bnotwithstanding\b|\bto the extent\b|\bincorporated\b"
    r"|\bprovided\b|\bunited nations\b"
)
_AFTER_LAW: Final = re.compile(
    r"\b(?:laws?|legislation|statutes)\s+(?:and\s+(?:regulations|rules)\s+|in\s+force\s+)?"
    r"(?:of|in|from)\b"
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
    lower = reading.lower
    seen: set[int] = set()
    for law in _GOVERN.finditer(lower):
        start, end = reading.sentence(law.start(), reach=900)
        if start in seen:
            continue
        seen.add(start)
        candidate = _from_sentence(reading, start, min(len(lower), end))
        if candidate is not None:
            yield candidate


def _from_sentence(reading: Reading, start: int, end: int) -> Candidate | None:
    lower = reading.lower
    verb = _GOVERN.search(lower, start, end)
    if verb is None:
        return None
    law = _LAW.search(lower, verb.end(), end)
    if law is None:
        return None
    stop = _STOP.search(lower, law.end(), end)
    last = min(stop.start() if stop else end, law.end() + 260)
    places = [
        mention
        for mention in find_places(reading.text, verb.end(), last)
        if mention.name[0].isupper()
    ]
    if not places:
        return None
    places = _most_exact(places, reading.text)
    subject = _SUBJECT.search(lower, max(0, start - 60), verb.end() + 120) is not None
    score = 2.0 if subject else 1.0
    if re.search(r"governed|construed", lower[verb.start() : law.end()]):
        score += 1.0
    if "this " in lower[start : verb.end()]:
        score += 0.5
    if "heading" in lower[start:end]:
        score -= 1.0
    return _candidate(reading, places, min(law.start(), places[0].start), "governed_by.en", score)


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
        joined = PlaceMention(
            first.start, last.end, "GB-EAW", text[first.start : last.end]
        )
        kept = [joined, *(place for place in kept if place.code not in {"GB-ENG", "GB-WLS"})]
    return kept


def _candidate(
    reading: Reading, places: list[PlaceMention], start: int, rule: str, score: float
) -> Candidate:
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
            yield _candidate(reading, places[:1], first, "governed_by.ru", 3.0)
