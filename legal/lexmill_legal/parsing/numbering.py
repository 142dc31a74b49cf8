"""The numbers that Word draws before paragraphs but does not store in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lexmill_legal.parsing.xml import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{W}val"
_LEVELS = 9
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LARGEST_ROMAN = 32_767
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"


@dataclass(frozen=True, slots=True)
class Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    legal: bool = False
    restart: int | None = None
    style: str | None = None


@dataclass(slots=True)
class _List:
    """A ``w:num``: its levels, the list it counts with, and the starts it insists on."""

    counted_with: str
    levels: dict[int, Level]
    starts: dict[int, int]


@dataclass(slots=True)
class Numbering:
    """Counts as Word does while the paragraphs are asked for in document order."""

    lists: Mapping[str, _List] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def level_of_style(self, number_id: str, style: str) -> int:
        """The level that a style with numbering, but without a level, stands for."""
        numbered = self.lists.get(number_id)
        for index, level in numbered.levels.items() if numbered else ():
            if level.style == style:
                return index
        return 0

    def label(self, number_id: str, level_index: int) -> str:
        """The next paragraph's number with what separates it from the text; "" for none."""
        numbered = self.lists.get(number_id)
        level = numbered.levels.get(level_index) if numbered else None
        if numbered is None or level is None:
            return ""
        counts = self._count(number_id, numbered, level_index)
        if level.form == "bullet":
            label = _bullet(level.text)
        else:
            label = _fill(level, numbered.levels, counts)
        if not label.strip():
            return ""
        return label if level.suffix == "nothing" else label + " "

    def _count(self, number_id: str, numbered: _List, at: int) -> list[int | None]:
        counts = self._counts.setdefault(numbered.counted_with, [None] * _LEVELS)
        if number_id not in self._begun:
            self._begun.add(number_id)
            for index in numbered.starts:
                counts[index] = None
        start = numbered.starts.get(at, numbered.levels[at].start)
        previous = counts[at]
        counts[at] = start if previous is None else previous + 1
        for deeper in range(at + 1, _LEVELS):
            level = numbered.levels.get(deeper)
            restart = level.restart if level else None
            # w:lvlRestart: 0 never; n only after the level before the n-th, counted from 1
            if restart is None or (restart and at < restart):
                counts[deeper] = None
        # a level above that was never counted shows its start, and still begins there
        return [
            numbered.starts.get(index, numbered.levels.get(index, Level()).start)
            if count is None and index < at
            else count
            for index, count in enumerate(counts)
        ]


def read_numbering(root: Element | None) -> Numbering:
    if root is None:
        return Numbering()
    abstracts = {
        item.get(f"{W}abstractNumId", ""): item for item in root.iterfind(f"{W}abstractNum")
    }
    styled = {
        link.get(_VAL, ""): identifier
        for identifier, item in abstracts.items()
        if (link := item.find(f"{W}styleLink")) is not None
    }
    lists: dict[str, _List] = {}
    for item in root.iterfind(f"{W}num"):
        counted_with = _value(item, "abstractNumId") or ""
        abstract = abstracts.get(counted_with)
        if abstract is None:
            continue
        linked = styled.get(_value(abstract, "numStyleLink") or "")
        if linked is not None:
            counted_with, abstract = linked, abstracts[linked]
        levels = {
            index: _level(level, Level())
            for level in abstract.iterfind(f"{W}lvl")
            if (index := _index(level)) is not None
        }
        starts: dict[int, int] = {}
        for override in item.iterfind(f"{W}lvlOverride"):
            index = _index(override)
            if index is None:
                continue
            own = override.find(f"{W}lvl")
            if own is not None:
                levels[index] = _level(own, levels.get(index, Level()))
            start = _integer(_value(override, "startOverride"))
            if start is not None:
                starts[index] = start
        lists[item.get(f"{W}numId", "")] = _List(counted_with, levels, starts)
    return Numbering(lists)


def _level(element: Element, base: Level) -> Level:
    level = base
    if (start := _integer(_value(element, "start"))) is not None:
        level = replace(level, start=start)
    if (form := _value(element, "numFmt")) is not None:
        level = replace(level, form=form)
    if (text := element.find(f"{W}lvlText")) is not None:
        level = replace(level, text=text.get(_VAL, ""))
    if (suffix := _value(element, "suff")) is not None:
        level = replace(level, suffix=suffix)
    legal = element.find(f"{W}isLgl")
    return replace(
        level,
        legal=legal is not None and legal.get(_VAL) not in {"0", "false"},
        restart=_integer(_value(element, "lvlRestart")),
        style=_value(element, "pStyle"),
    )


def _fill(level: Level, levels: Mapping[int, Level], counts: list[int | None]) -> str:
    parts = level.text.split("%")
    filled = [parts[0]]
    for part in parts[1:]:
        index = int(part[0]) - 1 if part[:1] in set("123456789") else None
        if index is None:
            filled.append("%" + part)
            continue
        count, of = counts[index], levels.get(index, Level())
        if count is not None:
            filled.append(number("decimal" if level.legal else of.form, count))
        filled.append(part[1:])
    return "".join(filled)


def _bullet(text: str) -> str:
    # the fonts Symbol and Wingdings draw their bullets at private code points
    if any("\ue000" <= char <= "\uf8ff" for char in text):
        return "•"
    return "◦" if text == "o" else text


def number(form: str, value: int) -> str:
    """``value`` in one of Word's number formats; unknown ones count in digits."""
    convert = _FORMS.get(form)
    if convert is None or value < 1:
        return "" if form in {"none", "bullet"} else str(value)
    return convert(value)


def _roman(value: int) -> str:
    if value > _LARGEST_ROMAN:
        return str(value)
    letters = []
    for worth, sign in _ROMAN:
        times, value = divmod(value, worth)
        letters.append(sign * times)
    return "".join(letters)


def _letters(alphabet: str) -> Callable[[int], str]:
    """From a to z, then aa, bb … as Word counts, not as a spreadsheet does."""

    def convert(value: int) -> str:
        times, index = divmod(value - 1, len(alphabet))
        return alphabet[index] * (times + 1) if times < 30 else str(value)

    return convert


def _cardinal(value: int) -> str:
    if value >= 100:
        return str(value)
    if value < 20:
        return _ONES[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def _ordinal_word(value: int) -> str:
    if value >= 100:
        return _ordinal(value)
    head, dash, last = _cardinal(value).rpartition("-")
    if last in _ORDINALS:
        return head + dash + _ORDINALS[last]
    return head + dash + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def _ordinal(value: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}th" if value % 100 in {11, 12, 13} else f"{value}{suffix}"


def _circled(value: int) -> str:
    return chr(0x245F + value) if value <= 20 else f"({value})"


def _chicago(value: int) -> str:
    times, index = divmod(value - 1, 4)
    return "*†‡§"[index] * (times + 1) if times < 30 else str(value)


_latin = _letters("abcdefghijklmnopqrstuvwxyz")
_russian = _letters(_RUSSIAN)
_FORMS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda value: f"{value:02}",
    "lowerRoman": _roman,
    "upperRoman": lambda value: _roman(value).upper(),
    "lowerLetter": _latin,
    "upperLetter": lambda value: _latin(value).upper(),
    "russianLower": _russian,
    "russianUpper": lambda value: _russian(value).upper(),
    "ordinal": _ordinal,
    "cardinalText": lambda value: _cardinal(value).capitalize(),
    "ordinalText": lambda value: _ordinal_word(value).capitalize(),
    "decimalEnclosedParen": lambda value: f"({value})",
    "decimalEnclosedFullstop": lambda value: f"{value}.",
    "decimalEnclosedCircle": _circled,
    "numberInDash": lambda value: f"- {value} -",
    "chicago": _chicago,
    "none": lambda _: "",
}


def _value(element: Element, name: str) -> str | None:
    child = element.find(f"{W}{name}")
    return None if child is None else child.get(_VAL)


def _integer(text: str | None) -> int | None:
    try:
        value = int(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1_000_000_000 else None


def _index(level: Element) -> int | None:
    index = _integer(level.get(f"{W}ilvl"))
    return index if index is not None and 0 <= index < _LEVELS else None
