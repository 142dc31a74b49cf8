"""Which languages a document is written in, also when two stand side by side.

Own rules settle English and the Cyrillic languages; the n-gram model (0.7 s to load) is asked only
about text that they do not know.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable
from typing import Final

_CYRILLIC: Final = re.compile(r"[Ѐ-ӿ]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_NO_ASCII_LETTERS: Final = bytes(code for code in range(128) if not chr(code).isalpha())
_WORD: Final = re.compile(r"[a-z]+")
_ANY_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_LINE: Final = re.compile(r"[^\n]+")

# The commonest words of contracts; other Latin languages share only a few short ones.
_ENGLISH: Final = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "or",
        "shall",
        "any",
        "by",
        "this",
        "be",
        "for",
        "that",
        "as",
        "with",
        "such",
        "agreement",
        "is",
        "not",
        "on",
        "from",
        "under",
        "which",
        "will",
        "party",
        "parties",
        "other",
        "has",
        "have",
        "been",
        "are",
        "its",
        "may",
    ]
)
_ENGLISH_SHARE: Final = 0.22

# A few words that no prose of another Latin language can do without, and that no English text has.
_FOREIGN: Final = frozenset(
    {
        "və", "bu", "ilə", "üçün", "els", "dels", "amb", "aquest", "na", "je", "že", "podle",
        "nebo", "og", "det", "som", "til", "af", "av", "på", "med", "ikke", "att", "och", "skal",
        "ska", "inte", "eller", "der", "das", "und", "dem", "des", "zu", "ist", "nicht", "mit",
        "von", "für", "eine", "oder", "el", "los", "las", "del", "que", "en", "por", "con",
        "para", "su", "ja", "ei", "või", "ning", "eta", "da", "ez", "edo", "tai", "sekä", "että",
        "ovat", "le", "les", "du", "et", "une", "dans", "est", "pour", "au", "qui", "ou", "aux",
        "agus", "ar", "leis", "os", "unha", "polo", "se", "za", "od", "ili", "koji", "az", "és",
        "hogy", "nem", "egy", "vagy", "yang", "dan", "dengan", "untuk", "pada", "atau", "dalam",
        "að", "er", "sem", "við", "il", "di", "che", "della", "dei", "delle", "una", "vun", "ass",
        "fir", "dat", "ir", "kad", "yra", "arba", "un", "vai", "kas", "par", "li", "ta", "tal",
        "jew", "huwa", "het", "een", "van", "zijn", "door", "voor", "aan", "się", "oraz", "lub",
        "nie", "jest", "przez", "dos", "em", "uma", "não", "și", "şi", "în", "cu", "pe", "sau",
        "din", "sa", "alebo", "podľa", "ali", "dhe", "të", "në", "për", "ve", "bir", "ile",
        "için", "veya", "và", "của", "các", "là", "có", "được",
    }
)  # fmt: skip
_FOREIGN_SHARE: Final = 0.02
# "SA" and "IL" are also a form of company and a state.
_FEWEST_FOREIGN: Final = 3
_SOME_ENGLISH: Final = 0.05

# Letters that only one Cyrillic language among the likely ones has.
_CYRILLIC_SIGNS: Final = (
    ("kk", re.compile(r"[әғқңөұүһ]")),
    ("be", re.compile(r"ў")),
    ("uk", re.compile(r"[іїєґ]")),
    ("mk", re.compile(r"[ѓќѕ]")),
    ("sr", re.compile(r"[ђјљњћџ]")),
    ("ru", re.compile(r"[ыэё]")),
    ("bg", re.compile(r"ъ")),
)

_WINDOW: Final = 400
_WINDOWS: Final = 48
_FEWEST_LETTERS: Final = 40
_LEAST_SHARE: Final = 0.15
_VOTES: Final = 12


def languages(text: str) -> tuple[str, ...]:
    """BCP-47 tags by share of text, those below 15 % left out; none where there is no prose."""
    letters: Counter[str] = Counter()
    latin_unknown: list[str] = []
    cyrillic: list[str] = []
    for piece in _pieces(text):
        count, foreign = _letters_of(piece)
        if foreign > count * 0.5:
            cyrillic.append(piece)
            letters["cyrillic"] += count
        elif _is_english(piece):
            letters["en"] += count
        else:
            latin_unknown.append(piece)
            letters["unknown"] += count
    total = sum(letters.values())
    shares = Counter({"en": letters["en"]})
    if letters["cyrillic"] >= max(_FEWEST_LETTERS, total * _LEAST_SHARE):
        shares[_cyrillic_language("\n".join(cyrillic))] += letters["cyrillic"]
    if letters["unknown"] >= max(_FEWEST_LETTERS, total * _LEAST_SHARE):
        if _is_english_too(latin_unknown, letters["en"], letters["unknown"]):
            shares["en"] += letters["unknown"]
        else:
            _add_unknown(shares, latin_unknown, letters["unknown"])
    return tuple(
        language
        for language, count in sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        if count and count >= total * _LEAST_SHARE
    )


def _letters_of(piece: str) -> tuple[int, int]:
    """How many letters, and how many Cyrillic ones."""
    if piece.isascii():
        return len(piece.encode().translate(None, _NO_ASCII_LETTERS)), 0
    return sum(map(str.isalpha, piece)), len(_CYRILLIC.findall(piece))


def _pieces(text: str) -> list[str]:
    """Evenly spread windows; short ones are cut at lines, so that two columns fall apart."""
    step = max(_WINDOW, len(text) // _WINDOWS)
    pieces: list[str] = []
    for start in range(0, len(text), step):
        window = text[start : start + _WINDOW]
        has_both = _CYRILLIC.search(window) is not None and _WORD.search(window.lower()) is not None
        pieces.extend(_LINE.findall(window) if has_both else [window])
    return pieces


def _is_english(piece: str) -> bool:
    words = _WORD.findall(piece.lower())
    return bool(words) and sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words)


def _is_english_too(pieces: list[str], english_letters: int, letters: int) -> bool:
    """Tables, names and forms of an English document: no prose, or none of another language."""
    words = _ANY_WORD.findall("\n".join(pieces).lower())
    foreign = [word for word in words if word in _FOREIGN]
    if len(foreign) >= _FOREIGN_SHARE * len(words) and len(set(foreign)) >= _FEWEST_FOREIGN:
        return False
    english = sum(word in _ENGLISH for word in words)
    return english_letters >= letters or english >= _SOME_ENGLISH * len(words)


def _cyrillic_language(text: str) -> str:
    lower = text.lower()
    counts = [(language, len(sign.findall(lower))) for language, sign in _CYRILLIC_SIGNS]
    russian = dict(counts)["ru"]
    for language, count in counts:
        # A Ukrainian name inside a Russian contract does not make it Ukrainian.
        if count and language != "ru" and count > russian and count * 100 > len(lower):
            return language
    return "ru"


def _add_unknown(shares: Counter[str], pieces: list[str], count: int) -> None:
    """The model's votes on pieces of one language each, where they are long enough to tell."""
    step = -(-len(pieces) // _VOTES)
    samples = [_sample(piece) for piece in pieces[::step]]
    samples = [sample for sample in samples if len(_LETTER.findall(sample)) >= _FEWEST_LETTERS]
    for sample in samples:
        shares[_model()(sample)] += count // len(samples)


def _sample(text: str) -> str:
    return re.sub(r"[\d\s]+", " ", text)


# What contracts are written in; without this list a torn English page is Nigerian Pidgin.
_LIKELY: Final = frozenset(
    {
        "ar", "az", "be", "bg", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa",
        "fi", "fr", "ga", "gl", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk",
        "ko", "lb", "lt", "lv", "mk", "ms", "mt", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl",
        "sq", "sr", "sv", "th", "tr", "uk", "vi", "zh",
    }
)  # fmt: skip


@functools.cache
def _model() -> Callable[[str], str]:
    from py3langid.langid import (  # noqa: PLC0415 - 0.7 s for languages that are rare here
        MODEL_FILE,
        LanguageIdentifier,
    )

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(_LIKELY.intersection(identifier.labels))

    def language(text: str) -> str:
        return str(identifier.classify(text)[0])

    return language
