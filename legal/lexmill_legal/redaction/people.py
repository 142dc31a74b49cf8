"""Everybody who is named: found by what stands beside a name, then wherever the name comes again.

One place that says so is enough: the surname alone, the given name alone, capitals and other case
forms of the same person are found in the whole document.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lexmill_legal.extract.people import find_people
from lexmill_legal.extract.reading import Reading
from lexmill_legal.redaction import given_names, russian_people
from lexmill_legal.redaction.latin_people import LatinPeople, is_of_firm_or_place
from lexmill_legal.redaction.mentions import Mention
from lexmill_legal.redaction.naming import Name, folded, given_stems, surname_stems
from lexmill_legal.redaction.persons import Person
from lexmill_legal.redaction.words import NO_NAMES
from lexmill_legal.results import Fact

_ANY_CAPITAL: Final = re.compile(r"(?<![^\W_])[^\W\d_a-zа-яё][^\W\d_]{2,}(?:[-‐‑'’][^\W\d_]+){0,3}")
_NATURAL: Final = frozenset(
    {"ип", "физическое лицо", "individual", "natural person", "resident", "citizen"}
)


def find_persons(reading: Reading, facts: Sequence[Fact]) -> Iterator[Mention]:
    """Every place of every person; places may lie in each other."""
    latin = LatinPeople(reading.text)
    found = sorted(
        [*russian_people.find_russian_people(reading.text), *latin.find()],
        key=lambda person: (person.start, person.end),
    )
    found += list(_not_over(found, _from_facts(reading, facts, latin)))
    register = _Register(reading.text, found)
    for person in found:
        yield register.mention(person)
    yield from _elsewhere(reading.text, latin, register, found)


def _from_facts(reading: Reading, facts: Sequence[Fact], latin: LatinPeople) -> Iterator[Person]:
    """Parties that are natural persons, and whoever extraction takes for a signatory."""
    signs = "Signatory or representative"
    places = [
        (fact.start, fact.end, "Named party (a natural person)" if fact.field == "party" else signs)
        for fact in facts
        if fact.field == "person" or (fact.field == "party" and _is_natural(fact))
    ]
    places += [(found.start, found.end, signs) for found in find_people(reading)]
    for start, end, reason in places:
        if start is None or end is None:
            continue
        if _is_cyrillic(reading.text[start]):
            name = russian_people.russian_name_of(reading.text[start:end])
            if name is not None:
                yield Person(start, end, name, reason)
        else:
            yield from latin.within(start, end, reason)


def _is_natural(fact: Fact) -> bool:
    form = fact.attributes.get("legal_form", "").lower()
    words = [folded(word) for word in fact.value.split()]
    return form in _NATURAL or (
        not form
        and 2 <= len(words) <= 4
        and (words[0] in given_names.ENGLISH or words[-1] in given_names.SURNAMES)
        and not any(word in NO_NAMES for word in words)
    )


def _not_over(known: list[Person], others: Iterable[Person]) -> Iterator[Person]:
    """Those that overlap none of the known, which lie apart and in order."""
    starts = [person.start for person in known]
    for other in others:
        at = bisect_left(starts, other.end)
        if at == 0 or known[at - 1].end <= other.start:
            yield other


class _Register:
    """Which names are one person's."""

    def __init__(self, text: str, found: list[Person]) -> None:
        self._text = text
        self._values: dict[str, str] = {}
        self._names: dict[str, Name] = {}
        self._by_surname: dict[str, set[str]] = defaultdict(set)
        self._by_given: dict[str, set[str]] = defaultdict(set)
        # the longest first: a shorter way to write a name is looked for among the longer ones
        for person in sorted(found, key=lambda person: -len(person.name.middle)):
            subject = self.subject_of(person.name)
            shown = self._shown(person)
            if subject not in self._names:
                self._names[subject] = person.name
                self._add(subject, person.name)
            known = self._values.get(subject)
            full = person.name.key == subject
            if known is None or (full and _rank(shown) < _rank(known)):
                self._values[subject] = shown

    def _add(self, subject: str, name: Name) -> None:
        for stem in name.surname:
            self._by_surname[stem].add(subject)
        for stem in name.given:
            if len(stem) > 2:
                self._by_given[stem].add(subject)

    def mention(self, person: Person) -> Mention:
        subject = self.subject_of(person.name)
        value = self._values.get(subject) or self._shown(person)
        return Mention(person.start, person.end, "person", person.reason, subject, value)

    def subject_of(self, name: Name) -> str:
        """The one person that this can be, else a subject of its own."""
        if name.key in self._names:
            return name.key
        index = self._by_surname if name.surname else self._by_given
        subjects = {key for stem in name.surname or name.given for key in index.get(stem, ())}
        matching = [key for key in subjects if name.may_be(self._names[key])]
        return matching[0] if len(matching) == 1 else name.key

    def with_surname(self, word: str) -> frozenset[str]:
        stems = surname_stems(word) if _is_cyrillic(word) else {folded(word)}
        return frozenset(key for stem in stems for key in self._by_surname.get(stem, ()))

    def with_given_name(self, word: str) -> frozenset[str]:
        stems = given_stems(word) if _is_cyrillic(word) else frozenset({folded(word)})
        if stems & given_names.ALSO_WORDS or stems & russian_people.ALSO_WORDS:
            return frozenset()
        return frozenset(key for stem in stems for key in self._by_given.get(stem, ()))

    def value(self, subject: str) -> str | None:
        return self._values.get(subject)

    def _shown(self, person: Person) -> str:
        return " ".join(self._text[person.start : person.end].split())


def _rank(value: str) -> tuple[bool, int, str]:
    """The form to show: not in capitals, and of Russian cases the nominative, which is short."""
    return value.isupper(), len(value), value


def _elsewhere(
    text: str, latin: LatinPeople, register: _Register, found: list[Person]
) -> Iterator[Mention]:
    """Surnames and given names alone, in capitals, in other cases."""
    places = sorted((person.start, person.end) for person in found)
    at = 0
    for match in _ANY_CAPITAL.finditer(text) if found else ():
        while at < len(places) and places[at][1] <= match.start():
            at += 1
        taken = at < len(places) and places[at][0] <= match.start()
        if taken or not match.group()[0].isupper():
            continue
        word = re.sub(r"['’]s\Z", "", match.group())
        subjects, reason = register.with_surname(word), "Surname of a person named elsewhere"
        if not subjects:
            subjects, reason = (
                register.with_given_name(word),
                "Given name of a person named elsewhere",
            )
        start, end = match.start(), match.start() + len(word)
        if not subjects or not _may_be_name(text, latin, start, end):
            continue
        subject = min(subjects) if len(subjects) == 1 else " | ".join(sorted(subjects))
        value = register.value(subject) or word
        yield Mention(start, end, "person", reason, subject, value)


def _may_be_name(text: str, latin: LatinPeople, start: int, end: int) -> bool:
    word = text[start:end]
    if word.lower() in latin.small or word.lower() in NO_NAMES:
        return False
    if _is_cyrillic(word):
        return not russian_people.is_no_name(word)
    return not is_of_firm_or_place(text, start, end)


def _is_cyrillic(word: str) -> bool:
    return "А" <= word[0] <= "я" or word[0] in "Ёё"
