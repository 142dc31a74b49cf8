"""Persons in Cyrillic letters: patronymics and initials say it, else the words before."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.redaction.given_names import RUSSIAN
from lexmill_legal.redaction.naming import (
    Name,
    given_stems,
    is_patronymic,
    russian_name,
    russian_pair,
    russian_surname,
)
from lexmill_legal.redaction.persons import Person, Word

_CYR: Final = r"[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+)(?:-[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+))?"
_GAP: Final = r"(?:[ \t\u00a0]{1,3}|[ \t]?\n[ \t]{0,3})"
_INITIALS: Final = r"[А-ЯЁ]\.[ \u00a0]{0,2}[А-ЯЁ]\."
_RUSSIAN_RUN: Final = re.compile(rf"(?<![\w-]){_CYR}(?:{_GAP}{_CYR}){{0,11}}(?![\w-])")
_RUSSIAN_INITIALS: Final = re.compile(
    rf"(?<![\w.-])(?:(?P<last>{_CYR}){_GAP}(?P<i>{_INITIALS})"
    rf"|(?P<j>{_INITIALS}){_GAP}?(?P<first>{_CYR}))(?![\w-])"
)
_RUSSIAN_SAID: Final = re.compile(
    r"(?:\b(?:гр|г-н\w*|г-ж\w|господин\w*|госпож\w|гражданин\w*|гражданк\w"
    r"|индивидуальн\w+\s+предпринимател\w+|ип|самозанят\w+"
    r"|директор\w*|бухгалтер\w*|в\s+лице|представител\w*|(?:контактное|уполномоченн\w+"
    r"|ответственн\w+)\s+лиц\w*|ф\.?\s?и\.?\s?о\.?"
    r"|подпись|работник\w*|сотрудник\w*|исполнител\w*|заказчик\w*|поручител\w*|доверител\w*"
    r"|нотариус\w*|наследник\w*"
    r"|супруг\w*|арендатор\w*|арендодател\w*|продав\w+|покупател\w*|за[её]мщик\w*|займодав\w+"
    r"|менеджер\w*|президент\w*"
    r"|начальник\w*|руководител\w*|юрист\w*|адвокат\w*|эксперт\w*|инженер\w*|председател\w*"
    r"|получател\w*|автор\w*)"
    r"\.?\s{0,2}[:–—,/-]?\s{0,3}|/\s?)\Z",
    re.IGNORECASE,
)
_RUSSIAN_TITLE: Final = re.compile(
    r"(?:г-н\w*|г-ж\w|господин\w*|госпож\w|гр\.)\s{1,2}\Z", re.IGNORECASE
)
_RUSSIAN_NO_NAMES: Final = re.compile(
    r"(?:договор|соглашени|сторон|заказчик|исполнител|поставщик|покупател|продав|арендатор"
    r"|арендодател|подрядчик"
    r"|общест|федерац|росси|москв|санкт|петербург|област|республик|город|закон|кодекс|суд\b"
    r"|суда|суде|арбитраж"
    r"|директор|генеральн|президент|бухгалтер|главн|устав|доверенност|акт\b|приложени|раздел"
    r"|статья|статьи|пункт"
    r"|банк|счет|счёт|реквизит|адрес|подпис|предмет|цена|срок|ответственност|порядок"
    r"|конфиденциальн|форс|прочие"
    r"|заключительн|настоящ|гражданск|налогов|трудов|работник|работодател|индивидуальн"
    r"|предпринимател|январ|феврал"
    r"|март|апрел|ма[йя]\b|июн|июл|август|сентябр|октябр|ноябр|декабр|паспорт|инн\b|огрн|снилс"
    r"|кпп|бик|тел|дата"
    r"|место|улиц|проспект|именуем|далее|лиц[оае]|однако|общий|товар|услуг|работ[аы]?\b"
    r"|доверител|поверенн|нотариус"
    r"|займодав|за[её]мщик|кредитор|должник|поручител|страхов|право|обязанност|расч[её]т|оплат"
    r"|качеств|гаранти"
    r"|россия|юридическ|почтов|телефон|серия|выдан|отдел|уфмс|мвд|гу\b|и\.?о\.?\b|ооо|зао|пао"
    r"|оао|ао\b|ип\b|группа"
    r"|компани|корпорац|центр|институт|университет|министерств|управлени|департамент|инспекц"
    r"|служб)",
    re.IGNORECASE,
)
_RUSSIAN_SURNAME: Final = re.compile(
    r"(?:[оеё]в|ин|ын)(?:а|у|ым|е|ой)?\Z|(?:ск|цк)(?:ий|ого|ому|им|ом|ая|ой|ую)\Z|(?:ко|ук|юк"
    r"|ян|янц|[иы]х|швили|дзе|ич|ец|ер|ман|берг|штейн)(?:а|у|ом|е)?\Z"
)
ALSO_WORDS: Final = frozenset(
    {
        "вер",
        "надежд",
        "любов",
        "роман",
        "лев",
        "слав",
        "мир",
        "марк",
        "макар",
        "ян",
        "ан",
        "кир",
        "иль",
        "рим",
        "зо",
    }
)


def find_russian_people(text: str) -> Iterator[Person]:
    if not any("А" <= letter <= "я" for letter in text):
        return
    for match in _RUSSIAN_RUN.finditer(text):
        yield from _people_in(text, match.start(), match.end())
    for match in _RUSSIAN_INITIALS.finditer(text):
        surname, initials = match["last"] or match["first"], match["i"] or match["j"]
        shortest = 3 if surname.isupper() else 2
        if is_no_name(surname) or len(surname) < shortest:
            continue
        name = russian_name([surname, *re.findall(r"[А-ЯЁ]", initials)])
        if name is not None:
            yield Person(*match.span(), name, "Surname with initials")


def russian_name_of(written: str) -> Name | None:
    """Of what is known to be a person."""
    words = re.findall(r"[^\W\d_](?:[^\W\d_]|[-'’])*\.?", written)
    name = russian_name(words)
    return russian_pair(words[1], words[0]) if name is None and len(words) == 2 else name


def is_no_name(word: str) -> bool:
    return _RUSSIAN_NO_NAMES.match(word) is not None


def _people_in(text: str, start: int, end: int) -> Iterator[Person]:
    words = [
        (match.group(), start + match.start(), start + match.end())
        for match in re.finditer(r"\S+", text[start:end])
    ]
    at = 0
    while at < len(words):
        person = _at(text, words, at)
        at += 1
        if person is not None:
            yield person
            while at < len(words) and words[at][1] < person.end:
                at += 1


def _at(text: str, words: list[Word], at: int) -> Person | None:
    """A name may go on in the next line, but not where another one begins there."""
    for size in (3, 2, 1):
        part = words[at : at + size]
        person = _person(text, part) if len(part) == size else None
        if person is None:
            continue
        broken = text.find("\n", person.start, person.end)
        following = [word for word in words[at:] if broken >= 0 and word[1] > broken][:3]
        own_line = len(following) == 3 and "\n" not in text[following[0][1] : following[2][2]]
        if broken < 0 or not (own_line and _person(text, following) is not None):
            return person
    return None


def _person(text: str, part: list[Word]) -> Person | None:
    written = [word for word, _, _ in part]
    start, end = part[0][1], part[-1][2]
    if any(is_no_name(word) for word in written):
        return None
    name = russian_name(written)
    if name is not None:
        reason = "Full name with patronymic" if name.surname else "Given name with patronymic"
        return Person(start, end, name, reason)
    before = text[max(0, start - 60) : start]
    if len(part) == 1 and _RUSSIAN_TITLE.search(before):
        return Person(start, end, russian_surname(written[0]), "Name with a title (г-н, гр. …)")
    if len(part) == 2 and not any(map(is_patronymic, written)):
        return _pair(start, end, written, said=_RUSSIAN_SAID.search(before) is not None)
    return None


def _pair(start: int, end: int, written: list[str], *, said: bool) -> Person | None:
    """Two words, of which one is a known given name or a surname by its form."""
    known = [bool(given_stems(word) & RUSSIAN - ALSO_WORDS) for word in written]
    shaped = [_RUSSIAN_SURNAME.search(word.lower()) is not None for word in written]
    for given, surname in ((0, 1), (1, 0)):
        doubtful = known[surname] and not shaped[surname]
        if known[given] and (shaped[surname] or said) and not doubtful:
            name = russian_pair(written[given], written[surname])
            return Person(start, end, name, "Known given name")
    if said and any(shaped):
        surname = shaped.index(True)
        name = russian_pair(written[1 - surname], written[surname])
        return Person(start, end, name, "Named as a person in the text")
    return None
