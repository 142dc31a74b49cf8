"""The numbers that OpenDocument draws before list items and headings but does not store."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lexmill_legal.parsing.numbering import number
from lexmill_legal.parsing.xml import Element

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LEVELS = 10
_FORMS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "01, 02, 03, ...": "decimalZero",
}
_LETTERS = (("аб", "russianLower"), ("АБ", "russianUpper"))


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    prefix: str
    suffix: str
    shown: int
    start: int


@dataclass(slots=True)
class OpenList:
    """A list between its tags; lists within it count with it."""

    style: str
    counts: list[int | None]


@dataclass(slots=True)
class Lists:
    """Counts as LibreOffice does while the items are asked for in document order."""

    styles: dict[str, dict[int, _Level]]
    outline: dict[int, _Level]
    _by_id: dict[str, OpenList] = field(default_factory=dict)
    _last: dict[str, OpenList] = field(default_factory=dict)
    _headings: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)

    def begin(self, element: Element, within: OpenList | None) -> OpenList:
        style = element.get(f"{TEXT}style-name") or (within.style if within else "")
        if within is not None:
            counts = within.counts
        else:
            counts = self._continued(element, style) or [None] * _LEVELS
        begun = OpenList(style, counts)
        if identifier := element.get(f"{_XML}id"):
            self._by_id[identifier] = begun
        self._last[style] = begun
        return begun

    def _continued(self, element: Element, style: str) -> list[int | None] | None:
        before = self._by_id.get(element.get(f"{TEXT}continue-list", ""))
        if before is None and element.get(f"{TEXT}continue-numbering") == "true":
            before = self._last.get(style)
        return before.counts if before is not None else None

    def label(self, item: Element, within: OpenList, depth: int) -> str:
        """The number of an item's first paragraph with a space after it; "" for none."""
        start = _integer(item.get(f"{TEXT}start-value"))
        return self._label(self.styles.get(within.style, {}), within.counts, depth, start)

    def heading(self, element: Element) -> str:
        level = _integer(element.get(f"{TEXT}outline-level")) or 1
        if element.get(f"{TEXT}is-list-header") == "true" or not 1 <= level <= _LEVELS:
            return ""
        start = _integer(element.get(f"{TEXT}start-value"))
        return self._label(self.outline, self._headings, level - 1, start)

    def _label(
        self, levels: dict[int, _Level], counts: list[int | None], at: int, start: int | None
    ) -> str:
        level = levels.get(at)
        if level is None or at >= _LEVELS:
            return ""
        if level.form == "bullet":
            return f"{level.prefix} "
        previous = counts[at]
        if start is not None:
            counts[at] = start
        else:
            counts[at] = level.start if previous is None else previous + 1
        counts[at + 1 :] = [None] * (_LEVELS - at - 1)
        if not level.form:
            label = level.prefix + level.suffix
        else:
            shown = range(max(0, at + 1 - level.shown), at + 1)
            numbers = (_number(levels.get(index), counts[index], level) for index in shown)
            label = level.prefix + ".".join(filter(None, numbers)) + level.suffix
        return f"{label.strip()} " if label.strip() else ""


def _number(level: _Level | None, count: int | None, own: _Level) -> str:
    if level is not None and level.form == "bullet":
        return ""
    form = (level.form if level else "") or own.form
    return number(form, count if count is not None else (level.start if level else 1))


def read_lists(*roots: Element | None) -> Lists:
    lists = Lists({}, {})
    for root in roots:
        for style in root.iter(f"{TEXT}list-style") if root is not None else ():
            lists.styles[style.get(f"{STYLE}name", "")] = dict(_levels(style))
        for style in root.iter(f"{TEXT}outline-style") if root is not None else ():
            lists.outline = dict(_levels(style))
    return lists


def _levels(style: Element) -> Iterator[tuple[int, _Level]]:
    for item in style:
        level = _integer(item.get(f"{TEXT}level"))
        if level is None or not 1 <= level <= _LEVELS:
            continue
        if item.tag == f"{TEXT}list-level-style-bullet":
            bullet = item.get(f"{TEXT}bullet-char") or "•"
            if _is_private(bullet) or bullet == "o":
                bullet = "◦" if bullet == "o" else "•"
            yield level - 1, _Level("bullet", bullet, "", 1, 1)
            continue
        form = item.get(f"{STYLE}num-format", "")
        yield (
            level - 1,
            _Level(
                _FORMS.get(form) or _letters(form),
                item.get(f"{STYLE}num-prefix", ""),
                item.get(f"{STYLE}num-suffix", ""),
                min(_LEVELS, _integer(item.get(f"{TEXT}display-levels")) or 1),
                _integer(item.get(f"{TEXT}start-value")) or 1,
            ),
        )


def _letters(form: str) -> str:
    compact = form.replace(",", "").replace(" ", "")
    known = next((name for start, name in _LETTERS if compact.startswith(start)), "")
    return known or ("decimal" if form else "")


def _is_private(char: str) -> bool:
    return "\ue000" <= char[0] <= "\uf8ff"


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else None
