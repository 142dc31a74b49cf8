"""Statutes, rules and cases that a document cites."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.scanning import matches, occurrences

_CODE: Final = re.compile(
    r"(?P<title>\d{1,2})\s(?P<code>U\.?\s?S\.?\s?C\.?|C\.?\s?F\.?\s?R\.?)\s*(?:§{1,2}"
    r"|Sections?|Sec\.|Part)?\s*"
    r"(?P<section>\d[\w.-]{0,18}(?:\([\w]{1,4}\)){0,4})"
)
_ACT: Final = re.compile(
    r"(?P<act>(?:[A-Z][\w’'-]+\s(?:(?:and|of|for|to|the|in|on)\s){0,2}){1,7}Act"
    r"(?:s)?\sof\s(?:1[89]|20)\d\d)"
)
_EUROPEAN: Final = re.compile(
    r"(?:Regulation|Directive)\s\((?:EU|EC|EEC)\)\s(?:No\.?\s)?\d{1,4}/\d{1,4}"
    r"|Directive\s\d{2,4}/\d{1,4}/(?:EU|EC|EEC)"
)
_RULE: Final = re.compile(
    r"Rule\s\d{1,3}[a-z]?-\d{1,3}(?:\([\w]{1,3}\)){0,3}|Rule\s(?:144A?|506|415)\b"
)
_CODES: Final = (
    r"(?:ГК|НК|ТК|УК|АПК|ГПК|КоАП|ЖК|ЗК|СК|БК|ГрК|КАС|Гражданского\s+кодекса"
    r"|Налогового\s+кодекса|Трудового\s+кодекса|Жилищного\s+кодекса"
    r"|Земельного\s+кодекса"
    r"|Арбитражного\s+процессуального\s+кодекса|Гражданского\s+процессуального\s+кодекса)"
)
_ARTICLE: Final = re.compile(
    r"(?:(?:п(?:ункт\w{0,3}|п?\.)\s?\d[\d.,\s-]{0,12}\s)?(?:ст(?:ать\w{1,4}|\.?\s?ст\.|\.)\s?)"
    r"\d{1,4}(?:\.\d{1,2})?(?:\s?(?:,|и|-|–)\s?\d{1,4}(?:\.\d{1,2})?){0,6}\s+)"
    + _CODES
    + r"(?:\s+(?:РФ|Российской\s+Федерации))?"
)
_LAW: Final = re.compile(
    r"(?:Федеральн\w{2,3}\s+закон\w{0,3}|Закон\w{0,3}\s+(?:РФ|Российской\s+Федерации)|ФЗ)\s+"
    r"(?:от\s+\d{1,2}(?:\.\d{2}\.|\s[а-я]{3,8}\s)\d{4}\s?(?:г(?:ода|\.)?)?\s*)?(?:№"
    r"|N)\s?\d{1,4}(?:-\d)?(?:\s?-\s?ФЗ)?"
    r"(?:\s+[«\"][^»\"\n]{3,120}[»\"])?"
)


def find_citations(reading: Reading) -> Iterator[Candidate]:
    seen: set[str] = set()
    for rule, match in _matches(reading):
        written = one_line(match.group())
        if written.lower() in seen:
            continue
        seen.add(written.lower())
        yield Candidate(
            "citation", rule, written, None, *match.span(),
            attributes={"kind": rule.rpartition(".")[2].removeprefix("ru_")},
        )  # fmt: skip


def _matches(reading: Reading) -> Iterator[tuple[str, re.Match[str]]]:
    text = reading.text
    for position in occurrences(text, ("U.S.C", "U. S. C", "USC", "C.F.R", "CFR")):
        match = _CODE.search(text, max(0, position - 3), min(len(text), position + 60))
        if match is not None:
            yield "citation.code", match
    for position in occurrences(text, (" Act of ", " Acts of ")):
        match = _ACT.search(text, max(0, position - 90), position + 16)
        if match is not None:
            yield "citation.act", match
    for match in matches(_EUROPEAN, text, ("Regulation", "Directive")):
        yield "citation.european", match
    for match in matches(_RULE, text, ("Rule",)):
        yield "citation.rule", match
    if reading.russian:
        for match in _ARTICLE.finditer(text):
            yield "citation.ru_article", match
        for match in _LAW.finditer(text):
            yield "citation.ru_law", match
