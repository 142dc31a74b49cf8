"""One form for all the ways to write a person's name: cases, initials, order, capitals.

Two forms are only called the same where nothing else is likely: two tokens for one person are a
nuisance, one token for two persons is a lie.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PATRONYMIC: Final = re.compile(
    r"(?P<stem>[а-яё-]+?(?:(?:ов|ев|ёв|ь|и|ян|а)ич|ич))(?P<male>а|у|ем|е)?\Z"
    r"|(?P<female_stem>[а-яё-]+?(?:ов|ев|ёв|ич|иничн)н)(?P<female>а|ы|е|у|ой|ою)\Z"
)
_MALE_CASES: Final = {None: "nom", "а": "gen", "у": "dat", "ем": "ins", "е": "pre"}
_FEMALE_CASES: Final = {"а": "nom", "ы": "gen", "е": "dat", "у": "acc", "ой": "ins", "ою": "ins"}
# The longest first: what comes off a word in this case.
_SURNAME: Final = {
    "m": {
        "nom": ("ий", "ый", "ой", "ь", "й", "а", "я"),
        "gen": ("ого", "его", "а", "я", "ы", "и", "у", "ю"),
        "dat": ("ому", "ему", "у", "ю", "е"),
        "ins": ("ым", "им", "ом", "ем", "ём", "ой", "ей"),
        "pre": ("ом", "ем", "е", "и"),
    },
    "f": {
        "nom": ("ая", "яя", "а", "я"),
        "gen": ("ой", "ей", "ы", "и"),
        "dat": ("ой", "ей", "е", "и"),
        "acc": ("ую", "юю", "у", "ю"),
        "ins": ("ой", "ей", "ою"),
    },
}
_GIVEN: Final = {
    "m": {
        "nom": ("й", "ь", "а", "я"),
        "gen": ("а", "я", "ы", "и", "у", "ю"),
        "dat": ("у", "ю", "е"),
        "ins": ("ом", "ем", "ём", "ой", "ей", "ёй"),
        "pre": ("е", "и"),
    },
    "f": {
        "nom": ("а", "я", "ь"),
        "gen": ("ы", "и"),
        "dat": ("е", "и"),
        "acc": ("у", "ю", "ь"),
        "ins": ("ой", "ей", "ью", "ою"),
    },
}
_ALL_ENDINGS: Final = tuple(
    sorted(
        {e for cases in _SURNAME.values() for endings in cases.values() for e in endings},
        key=lambda ending: (-len(ending), ending),
    )
)
_GIVEN_ENDINGS: Final = tuple(
    sorted(
        {e for cases in _GIVEN.values() for endings in cases.values() for e in endings},
        key=lambda ending: (-len(ending), ending),
    )
)
_INDECLINABLE: Final = re.compile(r"(?:ко|ло|во|аго|яго|[иы]х|дзе|швили|э)\Z")
_COMMON_SURNAME: Final = re.compile(
    r"(?P<stem>.{2,}(?:ов|ев|ин|ын))(?:а|у|ым|е|ой)?\Z"
    r"|(?P<adjective>.{2,}(?:ск|цк))(?:ий|ого|ому|им|ом|ая|ой|ую)\Z"
)
_FLUENT: Final = {"павл": "павел", "льв": "лев", "петр": "петр"}
_SUFFIX: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "esq", "phd", "md", "cpa"})
PARTICLES: Final = frozenset(
    "de da del della di dos du la le van von der den ter ten bin ibn al el af zu y e".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Name:
    """``surname`` and ``given`` are all stems that they may have; an initial is one letter."""

    surname: frozenset[str]
    given: frozenset[str] = frozenset()
    middle: frozenset[str] = frozenset()
    key: str = ""
    """The canonical form."""

    @property
    def is_full(self) -> bool:
        return bool(self.surname) and any(len(given) > 1 for given in self.given)

    def may_be(self, other: "Name") -> bool:
        """Whether this one, written shorter, can be the other."""
        if self.surname and not self.surname & other.surname:
            return False
        return _agree(self.given, other.given) and _agree(self.middle, other.middle)


def _agree(short: frozenset[str], full: frozenset[str]) -> bool:
    if not short:
        return True
    if not full:
        return False
    initials = {stem[0] for stem in full}
    return bool(short & full) or any(len(stem) == 1 and stem in initials for stem in short)


@lru_cache(maxsize=1 << 14)
def folded(word: str) -> str:
    """Lower case without accents and signs; ё is е."""
    plain = unicodedata.normalize("NFKD", word.lower().replace("й", "\ue000").replace("ё", "е"))
    letters = "".join(char for char in plain if char.isalnum() or char in "\ue000-")
    return letters.replace("\ue000", "й").strip("-")


def is_patronymic(word: str) -> bool:
    lower = word.lower()
    return len(lower) > 4 and _PATRONYMIC.match(lower) is not None


def surname_stems(word: str) -> frozenset[str]:
    """All that may be left of a Russian surname without its ending."""
    lower = folded(word)
    stems = {lower}
    if not _INDECLINABLE.search(lower):
        stems |= {lower[: -len(e)] for e in _ALL_ENDINGS if lower.endswith(e) and len(lower) > 3}
    return frozenset(stem for stem in stems if len(stem) > 1)


def given_stems(word: str) -> frozenset[str]:
    lower = folded(word)
    stems = {lower} | {
        lower[: -len(e)] for e in _GIVEN_ENDINGS if lower.endswith(e) and len(lower) > 3
    }
    return frozenset(_FLUENT.get(stem, stem) for stem in stems if len(stem) > 1)


def russian_name(words: list[str]) -> Name | None:
    """Of "Иванов Иван Иванович" in any case and order, of two of these words, of initials."""
    patronymics = [place for place, word in enumerate(words) if is_patronymic(word)]
    if len(words) == 3 and patronymics and patronymics[-1] > 0:
        place = patronymics[-1]
        # a surname may look like a patronymic: "Абрамович Роман Аркадьевич"
        given, surname = words[place - 1], words[0] if place == 2 else words[2]
        return _full(surname, given, words[place])
    if len(words) == 2 and patronymics == [1]:
        return _full("", words[0], words[1])
    initials = [word for word in words if len(word.rstrip(".")) == 1]
    others = [word for word in words if len(word.rstrip(".")) > 1]
    if initials and len(others) == 1:
        letters = [folded(word) for word in initials]
        middle = frozenset(letters[1:2])
        key = " ".join([_plain_surname(others[0]), *letters[:2]])
        return Name(surname_stems(others[0]), frozenset(letters[:1]), middle, key)
    return None


def _full(surname: str, given: str, patronymic: str) -> Name:
    match = _PATRONYMIC.match(patronymic.lower())
    assert match is not None
    female = match["female_stem"] is not None
    gender = "f" if female else "m"
    case = _FEMALE_CASES[match["female"]] if female else _MALE_CASES[match["male"]]
    middle = folded(match["female_stem"] or match["stem"])
    first = _without(given, _GIVEN[gender][case])
    first = _FLUENT.get(first, first)
    last = ""
    if surname:
        lower = folded(surname)
        last = lower if _INDECLINABLE.search(lower) else _without(surname, _SURNAME[gender][case])
    key = " ".join(filter(None, (last, first, middle)))
    return Name(frozenset({last} - {""}), frozenset({first}), frozenset({middle}), key)


def russian_pair(given: str, surname: str) -> Name:
    """Two words of which we know which is which; their case is unknown."""
    first = min(given_stems(given), key=lambda stem: (len(stem), stem))
    key = f"{_plain_surname(surname)} {first}"
    return Name(surname_stems(surname), given_stems(given), frozenset(), key)


def russian_surname(word: str) -> Name:
    return Name(surname_stems(word), key=_plain_surname(word))


def english_name(words: list[str]) -> Name | None:
    """First name, last name; what stands between is a middle name or an initial."""
    parts = [folded(re.sub(r"['’]s\Z", "", word)) for word in words]
    parts = [part for part in parts if part and part not in _SUFFIX]
    if not parts:
        return None
    if len(parts) == 1:
        return Name(frozenset(parts), key=parts[0])
    given = parts[0]
    surnames = frozenset({parts[-1], "".join(parts[-2:]) if len(parts) > 2 else parts[-1]})
    middles = [part for part in parts[1:-1] if len(part) > 1]
    return Name(
        surnames,
        frozenset({given}),
        frozenset(),
        " ".join([given, *middles, parts[-1]]),
    )


def _without(word: str, endings: tuple[str, ...]) -> str:
    lower = folded(word)
    for ending in map(folded, endings):
        if lower.endswith(ending) and len(lower) - len(ending) > 1:
            return lower[: -len(ending)]
    return lower


def _plain_surname(word: str) -> str:
    lower = folded(word)
    match = _COMMON_SURNAME.match(lower)
    return lower if match is None else match["stem"] or match["adjective"]
