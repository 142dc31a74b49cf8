"""What Tesseract writes as TSV: one row a word, with its box and how sure it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from lexmill_legal.ocr.recognition import RecognisedPage
from lexmill_legal.parsing.decoding import clean
from lexmill_legal.parsing.layer import visible
from lexmill_legal.parsing.lines import Rectangle, broken_word, known_words
from lexmill_legal.results import Box, Page, TextBox

_WORD = "5"
_COLUMNS = 12
_MOST_PIXELS = 1 << 20  # far more than a side of any picture that Tesseract reads
# Below it a sign alone is a speck or a line of a table; a word is kept, for one that is missing
# turns a sentence round.
_NOISE = 20.0
# Letters that look the same: in a line of one alphabet a short word in the other is misread.
_LATIN = str.maketrans("авеокрсухітпгАВЕКМНОРСТУХІ", "abeokpcyxitnrABEKMHOPCTYXI")
_CYRILLIC = str.maketrans("aceopxykABEKMHOPCTYX", "асеорхукАВЕКМНОРСТУХ")
_SHORT = 3
_ONE_ALPHABET = 0.8
_GAP = 1.5
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WORD_END = re.compile(r"[^\W\d_]-$")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    place: Rectangle
    confidence: float


@dataclass(slots=True)
class _Line:
    paragraph: tuple[str, ...]
    words: list[_Word] = field(default_factory=list)


def read_tsv(data: bytes, page: Page, *, width: int, height: int) -> RecognisedPage:
    """The page's text in reading order; ``width`` and ``height`` are the picture's in pixels."""
    scale = page.width / max(1, width), page.height / max(1, height)
    lines = list(_lines(data, scale, page))
    for line in lines:
        _unmix(line)
    texts = [" ".join(word.text for word in line.words) for line in lines]
    known = known_words(texts)
    parts: list[str] = []
    boxes: list[TextBox] = []
    at = 0
    for index, (line, text) in enumerate(zip(lines, texts, strict=True)):
        for start, end, (x0, y0, x1, y1) in _runs(line.words):
            boxes.append(TextBox(at + start, at + end, Box(page.number, x0, y0, x1, y1)))
        following = lines[index + 1] if index + 1 < len(lines) else None
        if following is None:
            part = f"{text}\n"
        elif _WORD_END.search(text):
            part = broken_word(text, texts[index + 1], known)
        else:
            part = f"{text}\n" if following.paragraph == line.paragraph else f"{text}\n\n"
        if len(part) < len(text):  # the typesetter's hyphen went
            boxes[-1] = TextBox(boxes[-1].start, at + len(part), boxes[-1].box)
        parts.append(part)
        at += len(part)
    return RecognisedPage(page.number, "".join(parts), tuple(boxes), _confidence(lines))


def _lines(data: bytes, scale: tuple[float, float], page: Page) -> Iterator[_Line]:
    line: _Line | None = None
    current: tuple[str, ...] = ()
    for row in data.decode("utf-8", "replace").split("\n"):
        columns = row.rstrip("\r").split("\t")
        if len(columns) != _COLUMNS or columns[0] != _WORD:
            continue
        word = _word(columns, scale, page)
        if word is None:
            continue
        place = tuple(columns[1:5])
        if line is None or place != current:
            if line is not None:
                yield line
            line, current = _Line(place[:-1]), place
        line.words.append(word)
    if line is not None:
        yield line


def _word(columns: list[str], scale: tuple[float, float], page: Page) -> _Word | None:
    text = visible(_CONTROLS.sub("", clean(columns[11]))).strip()
    try:
        left, top, width, height = map(int, columns[6:10])
        confidence = float(columns[10])
    except ValueError:
        return None
    letters = sum(map(str.isalnum, text))
    if max(abs(left), abs(top), width, height) > _MOST_PIXELS:
        return None
    if not text or width <= 0 or height <= 0 or not confidence >= (_NOISE if letters < 2 else 0):
        return None
    x0, x1 = (min(max(0.0, x * scale[0]), page.width) for x in (left, left + width))
    y0, y1 = (min(max(0.0, y * scale[1]), page.height) for y in (top, top + height))
    drawn = x0 < x1 and y0 < y1
    return _Word(text, (x0, y0, x1, y1), min(confidence, 100.0)) if drawn else None


def _unmix(line: _Line) -> None:
    """With two languages the program takes "a" and "or" for Russian, "в" and "с" for Latin."""
    text = "".join(word.text for word in line.words)
    latin = sum(char.isascii() and char.isalpha() for char in text)
    cyrillic = sum("\u0400" <= char <= "\u04ff" for char in text)
    if not latin or not cyrillic:
        return
    if max(latin, cyrillic) < _ONE_ALPHABET * (latin + cyrillic):
        return
    table = _LATIN if latin > cyrillic else _CYRILLIC
    line.words = [_unmixed(word, table) for word in line.words]


def _unmixed(word: _Word, table: dict[int, int]) -> _Word:
    letters = [char for char in word.text if char.isalpha()]
    foreign = [char for char in letters if char.isascii() == (table is _CYRILLIC)]
    if not foreign or len(letters) > _SHORT or any(ord(char) not in table for char in foreign):
        return word
    return _Word(word.text.translate(table), word.place, word.confidence)


def _runs(words: list[_Word]) -> Iterator[tuple[int, int, Rectangle]]:
    """Words that stand close together have one box."""
    at = 0
    start = 0
    place = words[0].place
    for word, following in pairwise([*words, None]):
        assert word is not None
        at += len(word.text)
        if following is None or _stands_apart(place, following.place):
            yield start, at, place
            if following is None:
                return
            start, place = at + 1, following.place
        else:
            place = _union(place, following.place)
        at += 1


def _stands_apart(a: Rectangle, b: Rectangle) -> bool:
    height, width = a[3] - a[1], a[2] - a[0]
    if height > 2 * width:
        return False  # a line that runs upwards
    return b[0] - a[2] > _GAP * max(height, b[3] - b[1])


def _union(a: Rectangle, b: Rectangle) -> Rectangle:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _confidence(lines: list[_Line]) -> float:
    words = [word for line in lines for word in line.words]
    letters = sum(len(word.text) for word in words)
    if not letters:
        return 0.0
    total = sum(word.confidence * len(word.text) for word in words)
    return round(total / letters / 100, 3)
