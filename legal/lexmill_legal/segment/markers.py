"""Everything in a text that looks like the number of a clause, with what speaks for it.

Which of them are real is decided by their sequence (``outline``): a date or an amount seldom
continues one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from lexmill_legal.segment.numbering import letter, roman, word

Style = Literal[
    "annex", "part", "article", "section", "decimal", "bare", "bracket_digit", "digit_bracket",
    "letter", "roman", "upper_letter", "upper_roman", "letter_dot", "upper_roman_dot",
    "upper_letter_dot", "cyrillic", "unnumbered", "signature",
]  # fmt: skip

_KEYWORDS: Final[dict[str, Style]] = {
    "exhibit": "annex", "schedule": "annex", "annex": "annex", "appendix": "annex",
    "attachment": "annex", "addendum": "annex", "приложение": "annex",
    "part": "part", "chapter": "part", "часть": "part", "глава": "part",
    "article": "article", "статья": "article", "раздел": "article",
    "section": "section", "clause": "section", "пункт": "section", "параграф": "section",
}  # fmt: skip

_KEYWORD: Final = re.compile(
    r"(?P<word>E(?:xhibit|XHIBIT)|S(?:chedule|CHEDULE|ection|ECTION)"
    r"|A(?:nnex|NNEX|ppendix|PPENDIX|ttachment|TTACHMENT|rticle|RTICLE)|P(?:art|ART)"
    r"|C(?:hapter|HAPTER|lause|LAUSE)|П(?:риложение|РИЛОЖЕНИЕ|ункт|УНКТ)|Ч(?:асть|АСТЬ)"
    r"|Г(?:лава|ЛАВА)|С(?:татья|ТАТЬЯ)|Р(?:аздел|АЗДЕЛ))"
    r"[ \t]{1,4}(?:(?:No\.?|№)[ \t]?)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,5}|[IVXLC]{1,7}|[A-Z](?:-\d{1,2})?|[А-Я]"
    r"|(?:ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|ELEVEN|TWELVE)\b)"
    r"(?![\w$/])[.:]?"
)
# A digit comes first, what must not stand before it after it: the search jumps from digit to digit.
_DECIMAL: Final = re.compile(
    r"([0-9](?<![\w.,:$€£№§#/–-].)\d{0,2}(?:\.\d{1,3}){0,6})(\.(?!\d)|\)|)(?=\s)"
)
_BRACKET: Final = re.compile(
    r"\([ \t]?([a-z]{1,5}|[A-Z]{1,4}|\d{1,2}|[а-я])[ \t]?\)(?=[ \t\r\n\"“«])"
)
# These are searched in a text with a line break before it.
_LINE_LETTER: Final = re.compile(
    r"\n[ \t]*(?:([A-Z]|[IVX]{1,6})\.|([a-z]|[а-я])(?:\)|\.))(?=[ \t]+\S)"
)
_UNNUMBERED: Final = re.compile(
    r"\n[ \t]*(IN WITNESS WHEREOF|(?:RECITALS?|WITNESSETH|W I T N E S S E T H|BACKGROUND|PREAMBLE"
    r"|SIGNATURES?|ПРЕАМБУЛА|ПОДПИСИ СТОРОН|РЕКВИЗИТЫ СТОРОН|АДРЕСА И РЕКВИЗИТЫ СТОРОН"
    r"|АДРЕСА, РЕКВИЗИТЫ И ПОДПИСИ СТОРОН|Подписи сторон|Реквизиты сторон)"
    r"(?=[ \t]*:?[ \t\r]*(?:\n|\Z)))"
)
_REFERENCE: Final = re.compile(
    r"(?:\b(?:sections?|articles?|clauses?|paragraphs?|exhibits?|schedules?|annex(?:es)?|items?"
    r"|appendix|attachments?|rules?|no|and|or|to|through|in|of|with|under|by|per|see|pursuant"
    r"|subsections?|sub-?paragraphs?|chapters?|parts?|titles?|page|version|level|phase|form"
    r"|п|пп|пункт\w{0,3}|ст|статьи?|раздел\w{0,2}|в|и|или|от|с|по|до|за)\.?|[,§№#-])\s*\Z",
    re.IGNORECASE,
)
_UPPER_NEXT: Final = re.compile(r"\s{1,40}[\"“”«'‘(\[]{0,2}[a-z]?[A-ZА-ЯЁ]")
# No document has more clauses than this; what has more marks is a table or an attack.
_MOST: Final = 50_000
_PAGE_LINE: Final = re.compile(r"[ \t]*(?:\n|\Z)")
_LEADERS: Final = re.compile(r"(?:\.[ \t]?){4,}[ \t]*\d{1,4}[ \t]*\Z|(?:\t|[ ]{3,})\d{1,3}[ \t]*\Z")
_ROW: Final = re.compile(r"(?<!\w)[$€£]?\d[\d.,]*%?(?!\w)")


@dataclass(frozen=True, slots=True)
class Marker:
    """A possible clause number: ``values`` are the numbers it can be, by style."""

    start: int
    end: int
    number: str | None
    style: Style
    keys: tuple[int, ...]
    at_line_start: bool
    after_stop: bool
    before_capital: bool
    other: "Marker | None" = None
    """The other reading of the same place: "(i)" is a ninth letter and a first numeral."""


def find_markers(text: str) -> list[Marker]:
    lined = "\n" + text
    markers = [*_keywords(text), *_decimals(text), *_brackets(text)]
    markers += [*_line_letters(text, lined), *_unnumbered(lined)]
    markers.sort(key=lambda marker: (marker.start, -marker.end))
    kept: list[Marker] = []
    for marker in markers:
        if not kept or marker.start >= kept[-1].end:
            kept.append(marker)
    return kept


def line_around(text: str, position: int, reach: int = 200) -> tuple[int, int]:
    start = text.rfind("\n", max(0, position - reach), position) + 1
    end = text.find("\n", position, position + reach)
    return max(start, position - reach), end if end >= 0 else min(len(text), position + reach)


def _context(text: str, start: int, end: int) -> tuple[bool, bool, bool]:
    """At a line's start? After the end of a sentence (or a wide gap)? Before a capital?"""
    at = start
    while at > 0 and start - at < 60 and text[at - 1] in " \t\r":
        at -= 1
    at_line_start = at == 0 or text[at - 1] == "\n"
    after_stop = at_line_start or text[at - 1] in '.;:!?”"»)_—–' or start - at >= 2
    return at_line_start, after_stop, _UPPER_NEXT.match(text, end) is not None


def _keywords(text: str) -> Iterator[Marker]:
    for match in islice(_KEYWORD.finditer(text), _MOST):
        keyword = match["word"]
        at_line_start, after_stop, capital = _context(text, match.start(), match.end())
        if not (at_line_start or (after_stop and keyword.isupper())):
            continue
        number = match["number"]
        style = _KEYWORDS[keyword.lower()]
        if style == "annex" and "." in number:
            continue  # an exhibit number of a filing, not of the contract
        if not _heads_line(text, match.end(), capital=capital):
            continue
        keys = _keys(number)
        if keys:
            written = " ".join(match.group().rstrip(".:").split())
            yield Marker(
                match.start(), match.end(), written, style, keys, at_line_start,
                after_stop, capital,
            )  # fmt: skip


def _heads_line(text: str, end: int, *, capital: bool) -> bool:
    """As in "Section 3.2 of this Agreement" at a line's start is a reference, not a heading."""
    rest = text[end : end + 3]
    return capital or not rest.strip() or rest.lstrip()[:1] in "-–—:"


def _keys(number: str) -> tuple[int, ...]:
    if number[0].isdigit():
        return tuple(int(part) for part in number.split("."))
    value = word(number) if len(number) > 2 else None
    value = value or roman(number) or letter(number[0])
    return (value,) if value else ()


def _decimals(text: str) -> Iterator[Marker]:
    for match in islice(_DECIMAL.finditer(text), _MOST):
        written, mark = match.groups()
        start = match.start()
        inside_line = text[start - 1 : start] == " " and text[start - 2 : start - 1].strip()
        if inside_line and not mark and "." not in written:
            continue  # a bare number only counts where a line begins
        keys = tuple(int(part) for part in written.split("."))
        if 0 in keys[:1] or max(keys) > 250:
            continue
        at_line_start, after_stop, capital = _context(text, match.start(), match.end())
        if not capital and not (at_line_start and mark and len(keys) == 1):
            continue
        style = _decimal_style(keys, mark)
        if not at_line_start and (
            style == "bare" or _REFERENCE.search(text, max(0, match.start() - 16), match.start())
        ):
            continue
        if at_line_start and not _is_clause_line(text, match.start(), match.end(), style):
            continue
        yield Marker(
            match.start(), match.end(), written, style, keys, at_line_start, after_stop, capital
        )


def _decimal_style(keys: tuple[int, ...], mark: str) -> Style:
    if mark == ")":
        return "digit_bracket" if len(keys) == 1 else "decimal"
    return "decimal" if mark or len(keys) > 1 else "bare"


def _is_clause_line(text: str, start: int, end: int, style: Style) -> bool:
    _, line_end = line_around(text, start)
    rest = text[end:line_end]
    if _LEADERS.search(rest):
        return False
    if style == "bare" and (_PAGE_LINE.match(text, end) or len(rest) > 90 or _ROW.search(rest)):
        return False
    before = text[max(0, start - 24) : start].rstrip()
    wrapped = before[-1:] not in {"", ".", ";", ":"} and _REFERENCE.search(
        text, max(0, start - 24), start
    )
    if wrapped and "\n\n" not in text[max(0, start - 4) : start]:
        return False
    # A table's row: several numbers, the last one at its end.
    return not (len(rest) < 120 and len(_ROW.findall(rest)) >= 2 and rest.rstrip()[-1:].isdigit())


def _brackets(text: str) -> Iterator[Marker]:
    for match in islice(_BRACKET.finditer(text), _MOST):
        written = match.group(1)
        at_line_start, after_stop, capital = _context(text, match.start(), match.end())
        if not after_stop and not _AFTER_PAUSE.search(
            text, max(0, match.start() - 12), match.start()
        ):
            continue
        readings = _bracket_readings(written)
        marker: Marker | None = None
        for style, value in reversed(readings):
            marker = Marker(
                match.start(), match.end(), f"({written})", style, (value,), at_line_start,
                after_stop, capital, marker,
            )  # fmt: skip
        if marker is not None:
            yield marker


_AFTER_PAUSE: Final = re.compile(r"[,;](?:\s+(?:and|or|and/or|и|или))?\s+\Z")


def _bracket_readings(written: str) -> list[tuple[Style, int]]:
    if written.isdigit():
        return [("bracket_digit", int(written))]
    if "а" <= written[0] <= "я":
        value = letter(written)
        return [("cyrillic", value)] if value else []
    upper = written.isupper()
    readings: list[tuple[Style, int]] = []
    if (value := letter(written)) is not None:
        readings.append(("upper_letter" if upper else "letter", value))
    if (value := roman(written)) is not None:
        readings.append(("upper_roman" if upper else "roman", value))
    return readings


def _line_letters(text: str, lined: str) -> Iterator[Marker]:
    for match in islice(_LINE_LETTER.finditer(lined), _MOST):
        group = 1 if match.group(1) else 2
        written = match.group(group)
        start, end = match.start(group) - 1, match.end() - 1
        capital = _UPPER_NEXT.match(text, end) is not None
        if "а" <= written[0] <= "я":
            readings: list[tuple[Style, int | None]] = [("cyrillic", letter(written))]
        elif written.isupper():
            readings = [("upper_letter_dot", letter(written)), ("upper_roman_dot", roman(written))]
        else:
            readings = [("letter_dot", letter(written))]
        marker: Marker | None = None
        for style, value in reversed(readings):
            if value is not None:
                marker = Marker(start, end, written, style, (value,), True, True, capital, marker)
        if marker is not None:
            yield marker


def _unnumbered(lined: str) -> Iterator[Marker]:
    for match in islice(_UNNUMBERED.finditer(lined), _MOST):
        start, end = match.start(1) - 1, match.end() - 1
        yield Marker(start, end, None, "unnumbered", (), True, True, True)
