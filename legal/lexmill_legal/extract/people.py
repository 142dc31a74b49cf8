"""People who sign or act: signature blocks, and "в лице … действующего на основании …"."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.parties_russian import ACTING
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.scanning import matches

_NAME: Final = (
    r"[A-Z][a-zA-Z'’.-]{0,24}(?:[ \t]+(?:[A-Z]\.|[A-Z][a-zA-Z'’-]{1,24}|de|van|von|di|la)){1,3}"
)
_SIGNED: Final = re.compile(
    rf"(?:Name\s?:[ \t]{{0,6}}(?:Mr\.|Ms\.|Mrs\.|Dr\.)?[ \t]?|/s/[ \t]{{0,4}})(?P<name>{_NAME})"
    r"(?P<junior>,?[ \t](?:Jr|Sr|II|III)\.?)?"
)
_TITLE: Final = re.compile(
    r"\s{0,40}(?:Title|Its)\s?:[ \t]{0,6}(?P<title>[A-Z][A-Za-z,&/ .'-]{2,60}?)"
    r"(?=[ \t]{2,}|\n|\.\s|\s(?:Date|By|Name)\b|\Z)"
)
_STOP_WORDS: Final = frozenset(
    {"Title", "Date", "By", "Name", "Its", "Dated", "Address", "Signature", "Print", "President"}
)


def find_people(reading: Reading) -> Iterator[Candidate]:
    seen: set[str] = set()
    if reading.english:
        for match in matches(_SIGNED, reading.text, ("Name", "/s/")):
            start = match.start("name")
            words = []
            for word in match["name"].split():
                if word.rstrip(":.") in _STOP_WORDS:
                    break
                words.append(word)
            if len(words) < 2:
                continue
            end = _end_of(reading.text, start, words)
            written = one_line(reading.text[start:end])
            if written.lower() in seen:
                continue
            seen.add(written.lower())
            title = _TITLE.match(reading.text, match.end("name"))
            attributes = {"title": one_line(title["title"])} if title else {}
            yield Candidate(
                "person", "person.signed", written, None, start, end, attributes=attributes
            )
    if reading.russian:
        yield from _russian(reading, seen)


def _end_of(text: str, start: int, words: list[str]) -> int:
    at = start
    for word in words:
        at = text.index(word, at) + len(word)
    return at


def _russian(reading: Reading, seen: set[str]) -> Iterator[Candidate]:
    for match in ACTING.finditer(reading.text):
        written = one_line(match["person"])
        if written.lower() in seen:
            continue
        seen.add(written.lower())
        attributes = {}
        title = one_line(match["title"] or "")
        if title:
            attributes["title"] = title
        if match["authority"]:
            attributes["authority"] = one_line(match["authority"])
        yield Candidate(
            "person", "person.ru_acting", written, None, *match.span("person"),
            attributes=attributes,
        )  # fmt: skip
