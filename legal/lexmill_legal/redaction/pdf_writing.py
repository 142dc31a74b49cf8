"""A PDF of pictures, with the words on them as text that draws nothing: written by hand, as no
other program's habits (dates, names, ids, thumbnails) may get into it, and byte for byte the same.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lexmill_legal.results import Box

_HEADER = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"
_CODES = 255  # of a simple font; 0 stays free
_WIDTH = 0.5
# Helvetica's widths, in thousandths of the size, for what tokens are made of
_HELVETICA = {"[": 278, "]": 278, "-": 333, "_": 556, " ": 278, "I": 278, "i": 222, "l": 222}
_CAPITAL, _SMALL = 722, 556
_SMALLEST, _LARGEST = 3.5, 11.0
_BITS = 2


@dataclass(frozen=True, slots=True)
class Words:
    """Text at its place on the page; ``shown`` in white, else drawn as nothing.

    ``turns`` are quarters of a circle, clockwise: 1 for text that runs down the page.
    """

    text: str
    box: Box
    turns: int = 0
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of two bits a pixel, from black to white."""

    width: int
    height: int
    samples: bytes


class PdfWriter:
    """Pages are given one by one and kept only packed; ``alphabet`` is all that words may have."""

    def __init__(self, alphabet: Iterable[str]) -> None:
        self._objects: list[bytes] = [b"", b""]  # the catalogue and the list of pages
        self._pages: list[int] = []
        characters = sorted(set(alphabet))
        self._codes = {
            char: (number // _CODES, number % _CODES + 1) for number, char in enumerate(characters)
        }
        fonts = [
            self._font(characters[at : at + _CODES]) for at in range(0, len(characters), _CODES)
        ]
        fonts.append(
            self._add(
                b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>"
            )
        )
        self._shown_font = len(fonts) - 1
        named = b"".join(b"/F%d %d 0 R" % pair for pair in enumerate(fonts))
        self._fonts = self._add(b"<<" + named + b">>")

    def page(self, width: float, height: float, picture: Picture, words: Sequence[Words]) -> None:
        image = self._stream(
            b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
            b"/BitsPerComponent %d" % (picture.width, picture.height, _BITS),
            picture.samples,
        )
        drawn = [f"q {_number(width)} 0 0 {_number(height)} 0 0 cm /P Do Q"]
        drawn += [line for each in words for line in self._words(each, height)]
        content = self._stream(b"", "\n".join(drawn).encode("ascii"))
        self._pages.append(
            self._add(
                (
                    f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {_number(width)} {_number(height)}]"
                    f"/Resources<</XObject<</P {image} 0 R>>/Font {self._fonts} 0 R>>"
                    f"/Contents {content} 0 R>>"
                ).encode()
            )
        )

    def finish(self) -> bytes:
        self._objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
        kids = b" ".join(b"%d 0 R" % number for number in self._pages)
        self._objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self._pages), kids)
        parts = [_HEADER]
        at = len(_HEADER)
        places = []
        for number, body in enumerate(self._objects, 1):
            places.append(at)
            part = b"%d 0 obj\n%s\nendobj\n" % (number, body)
            parts.append(part)
            at += len(part)
        self._objects.clear()
        entries = b"".join(b"%010d 00000 n \n" % place for place in places)
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, entries))
        parts.append(
            b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, at)
        )
        return b"".join(parts)

    def _add(self, body: bytes) -> int:
        self._objects.append(body)
        return len(self._objects)

    def _stream(self, entries: bytes, data: bytes) -> int:
        packed = zlib.compress(data, 6)
        head = b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n" % (entries, len(packed))
        return self._add(head + packed + b"\nendstream")

    def _font(self, characters: Sequence[str]) -> int:
        """A font whose every letter is empty, and which says what each means."""
        glyph = self._stream(b"", b"500 0 0 0 500 500 d1")
        meanings = [
            f"<{code:02X}> <{char.encode('utf-16-be').hex().upper()}>"
            for code, char in enumerate(characters, 1)
        ]
        groups = [meanings[at : at + 100] for at in range(0, len(meanings), 100)]
        mapped = "\n".join(
            f"{len(group)} beginbfchar\n" + "\n".join(group) + "\nendbfchar" for group in groups
        )
        unicode = self._stream(
            b"",
            (
                "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
                "/CMapName /Words def\n/CMapType 2 def\n"
                "1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
                f"{mapped}\nendcmap\nend\nend"
            ).encode(),
        )
        count = len(characters)
        return self._add(
            (
                "<</Type/Font/Subtype/Type3/FontBBox[0 0 500 500]/FontMatrix[.001 0 0 .001 0 0]"
                f"/CharProcs<</g {glyph} 0 R>>/Encoding<</Differences[1{'/g' * count}]>>"
                f"/FirstChar 1/LastChar {count}/Widths[{'500 ' * count}]"
                f"/Resources<<>>/ToUnicode {unicode} 0 R>>"
            ).encode()
        )

    def _words(self, words: Words, height: float) -> Iterable[str]:
        box = words.box
        room, size = box.x1 - box.x0, box.y1 - box.y0
        if words.turns % 2:
            room, size = size, room
        if room <= 0 or size <= 0 or not words.text:
            return
        if words.shown:
            wide = shown_width(words.text)
            letters = min(_LARGEST, 0.8 * size, 0.96 * room / wide if wide else 0.0)
            if letters >= _SMALLEST:
                place = _matrix(
                    words, height, (room - wide * letters) / 2, size / 2 - 0.36 * letters
                )
                yield (
                    f"BT 1 g 100 Tz /F{self._shown_font} {_number(letters)} Tf {place} Tm"
                    f" <{words.text.encode('cp1252').hex()}> Tj ET"
                )
                return
        scale = 100 * room / (len(words.text) * _WIDTH * size)
        yield f"BT 3 Tr {_number(scale)} Tz {_matrix(words, height, 0.0, 0.2 * size)} Tm"
        font = -1
        text = ""
        for char in words.text:
            number, code = self._codes[char]
            if number != font:
                if text:
                    yield f"<{text}> Tj"
                yield f"/F{number} {_number(size)} Tf"
                font, text = number, ""
            text += f"{code:02x}"
        yield f"<{text}> Tj 0 Tr ET"


def _matrix(words: Words, height: float, along: float, above: float) -> str:
    """Where text begins: so far along the box and above its foot, as the text is turned."""
    box = words.box
    top, bottom = height - box.y0, height - box.y1
    match words.turns:
        case 0:
            turned, x, y = "1 0 0 1", box.x0 + along, bottom + above
        case 1:
            turned, x, y = "0 -1 1 0", box.x0 + above, top - along
        case 2:
            turned, x, y = "-1 0 0 -1", box.x1 - along, top - above
        case _:
            turned, x, y = "0 1 -1 0", box.x1 - above, bottom + along
    return f"{turned} {_number(x)} {_number(y)}"


def shown_width(text: str) -> float:
    """In sizes of the font; 0 for what Helvetica has no letters for."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return 0.0
    widths = (_HELVETICA.get(char, _CAPITAL if char.isupper() else _SMALL) for char in text)
    return 1.05 * sum(widths) / 1000


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
