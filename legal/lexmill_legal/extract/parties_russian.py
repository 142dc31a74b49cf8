"""The parties of a Russian contract: form + «Name» + "именуем… в дальнейшем «Роль»"."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.roles import role_of

_HEAD: Final = 8000

_FORMS: Final = (
    ("ООО", r"общество\s+с\s+ограниченной\s+ответственностью|ооо"),
    ("ПАО", r"публичное\s+акционерное\s+общество|пао"),
    ("НАО", r"непубличное\s+акционерное\s+общество|нао"),
    ("ОАО", r"открытое\s+акционерное\s+общество|оао"),
    ("ЗАО", r"закрытое\s+акционерное\s+общество|зао"),
    ("АО", r"акционерное\s+общество|ао"),
    ("ФГУП", r"федеральное\s+государственное\s+унитарное\s+предприятие|фгуп"),
    ("ГУП", r"государственное\s+унитарное\s+предприятие|гуп"),
    ("МУП", r"муниципальное\s+унитарное\s+предприятие|муп"),
    ("ФГБОУ", (r"федеральное\s+государственное\s+бюджетное\s+образовательное\s+учреждение"
              r"(?:\s+высшего\s+образования)?|фгбоу(?:\s+во)?")),
    ("ФГБУ", r"федеральное\s+государственное\s+бюджетное\s+учреждение(?:\s+науки)?|фгбу"),
    ("ГБУ", r"государственное\s+бюджетное\s+учреждение|гбу"),
    ("МБУ", r"муниципальное\s+бюджетное\s+учреждение|мбу"),
    ("АНО", r"автономная\s+некоммерческая\s+организация|ано"),
    ("Фонд", r"(?:благотворительный\s+)?фонд"),
    ("ТСЖ", r"товарищество\s+собственников\s+жилья|тсж"),
    ("ПК", r"производственный\s+кооператив"),
    ("Компания", r"компания"),
)  # fmt: skip
_COMPANY: Final = re.compile(
    r"(?<!\w)(?P<form>"
    + "|".join(pattern for _, pattern in _FORMS)
    + r")\s{1,3}(?:[а-яё -]{0,60}?)?"
    r"(?P<name>[«\"“„][^«»\"“”„\n]{1,100}(?:[«“„][^«»\"“”„\n]{1,80})?[»\"”]{1,2})",
    re.IGNORECASE,
)
_PERSON_NAME: Final = (
    r"[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+)(?:-[А-ЯЁ][а-яё]+)?\s{1,3}"
    r"(?:[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+)\s{1,3}[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+)|[А-ЯЁ]\.\s?[А-ЯЁ]\.)"
)
_SINGLE: Final = re.compile(
    r"(?P<form>(?:И|и)ндивидуальн(?:ый|ая)\s+предприниматель(?:ница)?"
    r"|ИНДИВИДУАЛЬНЫЙ\s+ПРЕДПРИНИМАТЕЛЬ"
    r"|ИП|(?:Г|г)ражданин(?:ка)?(?:\s+(?:РФ|Российской\s+Федерации))?|(?:С|с)амозаняты[йм]"
    r"|Гр\.)\s{1,3}"
    rf"(?P<name>{_PERSON_NAME})"
)
_NAMED: Final = re.compile(
    r"(?:именуем\w{2,4}|далее)\s*,?\s{0,3}(?:в\s+дальнейшем|далее|по\s+тексту"
    r"|совместно|также|[-–—:]|\s){0,6}"
    r"(?:по\s+тексту\s*[-–—]?\s*)?[«\"“„](?P<role>[^«»\"“”„\n]{2,40}(?:\n[^«»\"“”„\n]{1,40})?)[»\"”]",
    re.IGNORECASE,
)
ACTING: Final = re.compile(
    r"в\s+лице\s+(?P<title>(?:[а-яёА-ЯЁ«»\"()-]+\s+){0,8}?)"
    rf"(?P<person>{_PERSON_NAME}),?\s*(?:действующ\w+\s+на\s+основании\s+"
    r"(?P<authority>[^,;\n]{3,90}?(?:№\s?[^,;\n]{1,30}?)?)(?=,|;|\s+с\s+одной"
    r"|\s+с\s+другой|\n|\sи\s))?"
)
# Who acts for himself names only what he acts on.
_OWN_AUTHORITY: Final = re.compile(
    r"действующ\w+\s+на\s+основании\s+(?P<authority>[^,;\n]{3,90}?)(?=,|;|\s+с\s+одной|\s+с\s+другой|\n)"
)
_NUMBERS: Final = (
    ("inn", re.compile(r"\bинн(?:\s?/\s?кпп)?\s*[:№-]?\s*(\d{12}|\d{10})\b")),
    ("kpp", re.compile(r"\b(?:инн\s?/\s?кпп\s*[:№-]?\s*\d{10}\s?/\s?|кпп\s*[:№-]?\s*)(\d{9})\b")),
    ("ogrn", re.compile(r"\bогрн(?:ип)?\s*[:№-]?\s*(\d{15}|\d{13})\b")),
)
_COLLECTIVE: Final = frozenset({"стороны", "сторона", "договор", "соглашение", "контракт"})


def find_russian_parties(reading: Reading) -> Iterator[Candidate]:
    text = reading.text
    at = 0
    seen: set[str] = set()
    for named in _NAMED.finditer(text, 0, _HEAD):
        role = one_line(named["role"])
        begin, at = max(at, named.start() - 900), named.end()
        if role.lower() in _COLLECTIVE:
            continue
        entity = _entity(text, begin, named.start())
        if entity is None:
            continue
        name = one_line(entity.group())
        key = _key(entity["name"])
        if key in seen:
            continue
        seen.add(key)
        attributes = {"alias": role}
        known = role_of(role)
        if known:
            attributes["role"] = known
        attributes["legal_form"] = _form(entity["form"])
        attributes |= _numbers(reading, entity, named.end())
        attributes |= _representative(text, entity.end(), named.end() + 400)
        yield Candidate(
            "party", "party.ru_named", name, None, entity.start(), entity.end(),
            attributes=attributes,
        )  # fmt: skip


def _entity(text: str, begin: int, end: int) -> re.Match[str] | None:
    """The last company or entrepreneur that a chunk begins with; a bank in brackets is none."""
    found = [*_COMPANY.finditer(text, begin, end), *_SINGLE.finditer(text, begin, end)]
    return min(found, key=lambda match: match.start(), default=None)


def _key(name: str) -> str:
    return "".join(re.findall(r"\w+", name.lower()))


def _form(written: str) -> str:
    lower = " ".join(written.lower().split())
    for short, pattern in _FORMS:
        if re.fullmatch(pattern, lower):
            return short
    return "ИП" if lower.startswith(("индив", "ип")) else "физическое лицо"


def _numbers(reading: Reading, entity: re.Match[str], clause_end: int) -> dict[str, str]:
    """The numbers beside the name: in its clause, else where the name comes again at the end."""
    lower = reading.lower
    numbers = _within(lower, entity.end(), clause_end)
    if numbers:
        return numbers
    words = re.findall(r"[\w-]+", entity["name"].lower())
    found = list(islice(_again(words).finditer(lower, clause_end), 40))
    if not found:
        return {}
    again = found[-1]
    at = again.start()
    return _within(lower, at, _until_other(lower, again.end(), at + 700))


def _again(words: list[str]) -> re.Pattern[str]:
    return re.compile(r"[\s«»\"“”„]{1,4}".join(map(re.escape, words)))


def _until_other(lower: str, start: int, end: int) -> int:
    """The block of the next party begins at its company form."""
    following = re.compile(r"(?<!\w)(?:ооо|оао|зао|пао|ао|ип|общество\s+с)\s+[«\"а-яё]").search(
        lower, start, end
    )
    return following.start() if following else min(end, len(lower))


def _within(lower: str, start: int, end: int) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for name, pattern in _NUMBERS:
        match = pattern.search(lower, start, end)
        if match is not None:
            numbers[name] = match.group(1)
    return numbers


def _representative(text: str, start: int, end: int) -> dict[str, str]:
    acting = ACTING.search(text, start, end)
    following = _COMPANY.search(text, start, end)
    if acting is None or (following is not None and following.start() < acting.start()):
        own = _OWN_AUTHORITY.search(text, start, following.start() if following else end)
        return {"authority": one_line(own["authority"])} if own else {}
    found = {"representative": one_line(acting["person"])}
    title = one_line(acting["title"] or "")
    if title:
        found["representative_title"] = title
    if acting["authority"]:
        found["authority"] = one_line(acting["authority"])
    return found
