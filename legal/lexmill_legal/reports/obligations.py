"""A calendar of what the contracts ask for: ends, last days for notices, payments, options.

One entry a date, made of the facts alone: the same results give the same bytes. An entry keeps its
UID when its date changes, so that a calendar that has it takes the new date.
"""

import datetime as dt
import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from icalendar import Alarm, Event

from lexmill_legal.extract.reading import Reading
from lexmill_legal.reports.names import (
    METHODS,
    field_label,
    percentage,
    shortened,
    title_of,
)
from lexmill_legal.results import DocumentResult, Fact

FILE: Final = "obligations.ics"

_IN_MEMORY_BYTES: Final = 4 << 20
_ALARM_DAYS: Final = (30, 7)
# RFC 5545 wants a time of making. Nothing here reads a clock: a fixed one says nothing, and
# SEQUENCE tells which of two entries is the better known one.
_STAMP: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_HEAD: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Lexmill//Obligations of contracts//EN\r\n"
    b"CALSCALE:GREGORIAN\r\nX-WR-CALNAME:Obligations of contracts\r\n"
)
_FOOT: Final = b"END:VCALENDAR\r\n"
_FIELDS: Final = ("expiration_date", "deadline")
_PAYING: Final = re.compile(
    r"\b(?:pay(?:able|ment|ments|s|ing)?|paid|instal?lments?|fees?|rent|invoices?)\b"
    r"|\b(?:оплат\w+|плат[её]ж\w*|уплат\w+|уплачива\w+|перечисл\w+|аванс\w*)",
    re.IGNORECASE,
)
_CHOOSING: Final = re.compile(
    r"\b(?:options?|elect(?:s|ion)?|right of first (?:refusal|offer)|exercise[sd]?)\b"
    r"|\b(?:опцион\w*|преимущественн\w+ прав\w+)",
    re.IGNORECASE,
)
_SAID: Final = {
    "expiry": "Contract ends",
    "renewal notice": "Last day for a notice against renewal",
    "payment": "Payment is due",
    "option": "Last day of an option",
    "deadline": "Deadline",
}
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _Obligation:
    day: dt.date
    kind: str
    fact: Fact
    item: str
    """Which one of its kind it is in the document; not its date, which may yet change."""
    sentence: str


class Obligations:
    """Takes one result after the other; what it has is on disk when it is much."""

    def __init__(self) -> None:
        self._entries = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - its own life
        self._known: set[str] = set()

    def add(self, result: DocumentResult, text: str) -> None:
        """The same document twice in a job has the same obligations once."""
        for obligation in _obligations(result, text):
            uid = _uid(result, obligation)
            if uid not in self._known:
                self._known.add(uid)
                self._entries.write(_entry(result, obligation, uid))

    def save(self, file: IO[bytes]) -> None:
        self._entries.seek(0)
        file.write(_HEAD)
        while piece := self._entries.read(1 << 20):
            file.write(piece)
        file.write(_FOOT)
        self._entries.close()


def _obligations(result: DocumentResult, text: str) -> Iterator[_Obligation]:
    reading: Reading | None = None
    counts: Counter[str] = Counter()
    for fact in result.facts:
        day = _day(fact)
        if day is None:
            continue
        sentence = ""
        if fact.start is not None and text:
            reading = reading or Reading(text, result.languages)
            start, end = reading.sentence(fact.start, reach=400)
            sentence = text[start:end]
        kind = _kind(fact, sentence)
        group = fact.attributes.get("kind", "") if fact.field == "deadline" else ""
        counts[f"{fact.field} {group}"] += 1
        number = counts[f"{fact.field} {group}"]
        yield _Obligation(day, kind, fact, f"{group} {number}", sentence)


def _day(fact: Fact) -> dt.date | None:
    if fact.field not in _FIELDS or not isinstance(fact.normalized, str):
        return None
    try:
        return dt.date.fromisoformat(fact.normalized)
    except ValueError:  # "perpetual", a month without a day
        return None


def _kind(fact: Fact, sentence: str) -> str:
    if fact.field == "expiration_date":
        return "expiry"
    if fact.attributes.get("kind") == "renewal_notice":
        return "renewal notice"
    if _PAYING.search(sentence):
        return "payment"
    return "option" if _CHOOSING.search(sentence) else "deadline"


def _uid(result: DocumentResult, obligation: _Obligation) -> str:
    document = result.sha256 or result.uri
    words = f"{document}\x00{obligation.fact.field}\x00{obligation.item}"
    return f"{hashlib.sha256(words.encode(errors='surrogatepass')).hexdigest()[:40]}@lexmill"


def _entry(result: DocumentResult, obligation: _Obligation, uid: str) -> bytes:
    fact = obligation.fact
    decided = fact.method == "human"
    settled = fact.firm or decided
    said = f"{_SAID[obligation.kind]}: {shortened(title_of(result), 120)}"
    summary = _clean(said if settled else f"To confirm: {said[0].lower()}{said[1:]}")
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", _STAMP)
    event.add("dtstart", obligation.day)
    event.add("summary", summary)
    event.add("description", _clean(_description(result, obligation)))
    event.add("categories", [obligation.kind.capitalize()])
    event.add("status", "CONFIRMED" if settled else "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    event.add("sequence", 2 if decided else 1 if fact.firm else 0)
    for days in _ALARM_DAYS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _clean(f"In {days} days: {said}"))
        alarm.add("trigger", dt.timedelta(days=-days))
        event.add_component(alarm)
    entry: bytes = event.to_ical(sorted=True)
    return entry


def _description(result: DocumentResult, obligation: _Obligation) -> str:
    fact = obligation.fact
    lines = []
    if fact.quote:
        lines.append(f"“{shortened(obligation.sentence or fact.quote, 400)}”")
    by_id = {each.id: each for each in result.facts}
    for source in (by_id[key] for key in fact.inputs if key in by_id):
        quoted = f"“{shortened(source.quote, 200)}”" if source.quote else source.value
        lines.append(f"{field_label(source.field)}: {quoted}{_on_page(source)}")
    lines.append(f"Document: {result.uri}{_on_page(fact)}")
    lines.append(f"{METHODS[fact.method].capitalize()}, {percentage(fact.confidence)} sure.")
    if not fact.firm and fact.method != "human":
        lines.append("Not confirmed: please look at the document before you rely on this date.")
    return "\n".join(lines)


def _on_page(fact: Fact) -> str:
    return f", page {fact.page}" if fact.page is not None else ""


def _clean(text: str) -> str:
    """Without what a line of a calendar cannot hold."""
    return _NOT_TEXT.sub(" ", text)
