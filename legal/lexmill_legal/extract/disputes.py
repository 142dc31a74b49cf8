"""Who decides disputes: courts of a place or an arbitral institution."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.gazetteer import find_places
from lexmill_legal.values.scanning import matches, spaced

_INSTITUTION: Final = spaced(
    r"(?:American Arbitration Association|\bJAMS\b|International Chamber of Commerce"
    r"|\bICC\b|\bLCIA\b"
    r"|London Court of International Arbitration|\bHKIAC\b"
    r"|Hong Kong International Arbitration Cent(?:re|er)"
    r"|\bSIAC\b|Singapore International Arbitration Cent(?:re|er)|\bCIETAC\b"
    r"|China International Economic and Trade Arbitration Commission|\bUNCITRAL\b|\bCPR Institute\b"
    r"|Stockholm Chamber of Commerce|\bWIPO Arbitration\b|\bAAA\b)"
)
_INSTITUTIONS: Final = (
    "American", "JAMS", "International", "ICC", "LCIA", "London", "HKIAC", "Hong", "SIAC",
    "Singapore", "CIETAC", "China", "UNCITRAL", "CPR", "Stockholm", "WIPO", "AAA",
)  # fmt: skip
_ARBITRATE: Final = re.compile(r"\barbitrat(?:ion|ed|or|ors)\b")
_COURTS: Final = re.compile(
    r"\b(?:courts?\s+(?:located\s+|sitting\s+|situated\s+)?(?:in|of|for|within)"
    r"|jurisdiction\s+of|venue\s+(?:in|of|shall\s+be)|federal\s+courts?)\b"
)
_SUBMIT: Final = re.compile(
    r"\b(?:exclusive|submit\w*|consent\w*|jurisdiction|venue|brought|litigat\w+|forum|resolved)\b"
)
_WORD: Final = r"[А-ЯЁ][а-яё]+(?:-\n?[А-ЯЁа-яё][а-яё]*)*"
_NAME: Final = rf"{_WORD}(?:\s{_WORD}){{0,2}}"
_RUSSIAN: Final = re.compile(
    r"(?P<court>[Аа]рбитражн\w{2,3}\s+суд\w{0,2}\s+"
    rf"(?:(?:города?|г\.)\s?{_NAME}(?:\sи\s{_NAME}\sобласти)?|Республики\s{_NAME}"
    rf"|{_NAME}\s(?:области|края|округа)|по\s+месту\s+нахождения\s+[а-яА-ЯЁё]+)"
    r"|МКАС\s+при\s+ТПП(?:\s+РФ)?"
    r"|Международн\w{2,3}\s+коммерческ\w{2,3}\s+арбитражн\w{2,3}\s+суд\w{0,2}"
    r"(?:\s+при\s+Торгово-промышленной\s+палате(?:\s+(?:РФ|Российской\s+Федерации))?)?"
    r"|[Тт]ретейск\w{2,3}\s+суд\w{0,2}(?:\s+при\s+[^.,;\n]{3,60})?)"
)


def find_dispute_forum(reading: Reading) -> Iterator[Candidate]:
    if reading.russian:
        for match in _RUSSIAN.finditer(reading.text):
            yield reading.candidate("dispute_forum.ru_court", match.span(), None, 3.0)
    if reading.english:
        yield from _arbitration(reading)
        yield from _courts(reading)


def _arbitration(reading: Reading) -> Iterator[Candidate]:
    if "arbitrat" not in reading.lower:
        return
    for match in matches(_INSTITUTION, reading.text, _INSTITUTIONS):
        start, end = reading.sentence(match.start(), reach=500)
        if _ARBITRATE.search(reading.lower, start, end):
            yield Candidate(
                "dispute_forum", "dispute_forum.arbitration", one_line(match.group()), None,
                *match.span(), 3.0, {"kind": "arbitration"},
            )  # fmt: skip


def _courts(reading: Reading) -> Iterator[Candidate]:
    lower = reading.lower
    for match in matches(_COURTS, lower, ("court", "jurisdiction of", "venue", "federal court")):
        if match.group().startswith("juris") and "court" in lower[match.end() : match.end() + 24]:
            continue  # "jurisdiction of the courts of …": the courts follow
        start, end = reading.sentence(match.start(), reach=500)
        if not _SUBMIT.search(lower, start, end):
            continue
        places = [
            place
            for place in find_places(reading.text, match.end(), min(end, match.end() + 120))
            if place.name[0].isupper()
        ]
        if not places:
            continue
        places.sort(key=lambda place: (place.code == "US", place.start))
        last = places[0]
        score = 2.0 + ("exclusive" in lower[start:end]) + 0.5 * ("submit" in lower[start:end])
        yield Candidate(
            "dispute_forum", "dispute_forum.courts",
            one_line(reading.text[match.start() : last.end]), last.code,
            match.start(), last.end, score, {"kind": "court"},
        )  # fmt: skip
