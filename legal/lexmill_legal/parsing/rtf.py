"""Rich Text Format, as a reader sees it who accepts every change: the rules are those of Word's.

An own reader, for what libraries leave out is what lawyers ask for: numbers of lists, tracked
changes, comments, notes and the code page of each font. It walks the file once, without recursion.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.decoding import decode
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.layer import WIDE_ROW, Layer, Mark, visible
from lexmill_legal.parsing.media import RTF
from lexmill_legal.parsing.shown import Shown, picture_image, with_pictures
from lexmill_legal.results import ParsedDocument
from lexmill_legal.results import Warning as Notice

_Handler = Callable[[int | None], None]

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])"
    rb"|([^\\{}\r\n]+)"
)
_HEX = re.compile(rb"\\'([0-9A-Fa-f]{2})")
_ALPHABETS = {"cyr": "cp1251", "ce": "cp1250", "greek": "cp1253", "tur": "cp1254"}
_CHARSETS = {
    2: "symbol", 77: "mac-roman", 84: "mac-cyrillic", 89: "mac-latin2", 128: "cp932",
    129: "cp949", 130: "johab", 134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_SYMBOLS = {0xB7: "•", 0xA7: "▪", 0xA8: "☐", 0x6F: "☐", 0xFD: "☒", 0xFE: "☑", 0xD8: "•"}
_CHARACTERS = {
    "tab": "\t", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}  # fmt: skip
_SYMBOL_CHARACTERS = {b"~": " ", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\"}
# What is no text of the document; a destination marked with \* that is not known here is none.
_SKIPPED = frozenset(
    {
        *("colortbl", "stylesheet", "info", "header", "headerl", "headerr", "headerf", "footer"),
        *("footerl", "footerr", "footerf", "pict", "fldinst", "listtable", "listoverridetable"),
        *("rsidtbl", "generator", "xmlnstbl", "themedata", "colorschememapping", "latentstyles"),
        *("datastore", "objdata", "objclass", "objname", "bkmkstart", "bkmkend", "datafield"),
        *("formfield", "xe", "tc", "rxe", "txe", "nonesttables", "nonshppict", "upr", "filetbl"),
        *("ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "background", "sp"),
        *("atnid", "atndate", "atntime", "atnicn", "atnparent", "pn", "pnseclvl", "template"),
        *("listname", "listpicture", "private", "docvar", "userprops", "mmath", "shprslt"),
    }
)
# Groups that are marked as ignorable though what is in them is read.
_TRANSPARENT = frozenset({"shpinst", "nesttableprops", "ud", "shppict", "moMath", "do"})
# in a picture's group: what says its kind and size, before the picture itself
_PROPERTIES = re.compile(rb"\\[a-z]+-?\d* ?|\{[^{}]*\}")
_BINARY = re.compile(rb"\\bin(\d{1,9}) ?")
_NO_DIGITS = re.compile(rb"[^0-9A-Fa-f]+")
_MOST_PROPERTIES = 10_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# where text goes that is not the body's
_DESTINATIONS = {
    "listtext": "number",
    "pntext": "number",
    "fonttbl": "font",
    "revtbl": "authors",
    "footnote": "note",
    "shptxt": "box",
    "dptxbxtext": "box",
    "annotation": "comment",
    "atnauthor": "commenter",
    "atrfstart": "range_start",
    "atrfend": "range_end",
    "atnref": "reference",
}
_BROKEN_OFF = "The document is damaged or was cut off; ask for it again."
_HIDDEN = Notice(
    "hidden_text",
    "The document has text that Word does not show; it is part of the text here.",
)
_OBJECT = Notice(
    "embedded_object",
    "The document holds an embedded object, whose content was not read.",
)
_MAX_GROUPS = 100_000
_MOST_CELLS = 63  # Word's own limit


@dataclass(slots=True)
class _Group:
    """What holds until the group's closing brace."""

    into: str = "body"
    skipped: bool = False
    font: int | None = None
    skip_after_unicode: int = 1
    hidden: bool = False
    inserted: bool = False
    deleted: bool = False
    inserted_by: int = 0
    deleted_by: int = 0
    in_table: bool = False


@dataclass(slots=True)
class _Note:
    author: str | None = None
    reference: str = ""
    mark: Mark | None = None


def parse_rtf(data: bytes, *, keep_scans: bool = False) -> ParsedDocument:
    parsed, shown = _read(data)
    return with_pictures(parsed, shown, keep_scans=keep_scans)


def rtf_picture(data: bytes, number: int) -> PageImage:
    parsed, shown = _read(data)
    return picture_image(parsed.text, shown, number)


def _read(data: bytes) -> tuple[ParsedDocument, list[Shown]]:
    reader = _Reader(data)
    reader.read()
    text, revisions = reader.layer.finish()
    warnings = [_HIDDEN] if reader.met_hidden_text else []
    if reader.objects:
        warnings.append(_OBJECT)
    parsed = ParsedDocument(RTF, text, revisions=revisions, warnings=tuple(warnings))
    return parsed, [
        Shown(at, partial(_picture, data[first:last])) for at, first, last in reader.pictures
    ]


def _picture(group: bytes, most: int | None) -> bytes:
    """What stands in a picture's group: hexadecimal figures, or bytes as they are."""
    if binary := _BINARY.search(group):
        size = int(binary[1])
        return group[binary.end() : binary.end() + min(size, most or size)]
    group = group if most is None else group[: 2 * most + _MOST_PROPERTIES]
    digits = _NO_DIGITS.sub(b"", _PROPERTIES.sub(b"", group))
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))[:most]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.layer = Layer()
        self.met_hidden_text = False
        self.objects = 0
        self.pictures: list[tuple[int, int, int]] = []  # where in the text, from, to
        self._picture: tuple[int, int, int] | None = None  # how deep, where in the text, from
        self._data = data
        self._at = 0
        self._group = _Group()
        self._stack: list[_Group] = []
        self._encoding = "cp1252"
        self._fonts: dict[int, str] = {}
        self._default_font: int | None = None
        self._authors: list[str] = []
        self._bytes = bytearray()
        self._high_surrogate = 0
        self._to_skip = 0
        self._starred = False
        # Text that does not stand where it is written: of a list's number, a name, a comment.
        self._buffers: dict[str, list[str]] = {}
        self._font_entry: tuple[int, str | None] = 0, None
        self._notes: list[str] = []
        self._boxes: list[str] = []
        self._comments: dict[str, Mark] = {}
        self._comment = _Note()
        self._paragraph_at = self._cell_at = self._row_at = 0
        self._cell_lead = self._row_lead = ""
        self._after_row = False
        self._words: dict[str, _Handler] = {
            "ansicpg": self._ansi_code_page,
            "mac": lambda _: self._set_encoding("mac-roman"),
            "pc": lambda _: self._set_encoding("cp437"),
            "pca": lambda _: self._set_encoding("cp850"),
            "deff": self._set_default_font,
            "f": self._set_font,
            "fcharset": self._set_charset,
            "cpg": self._set_font_code_page,
            "plain": self._plain,
            "pard": self._reset_paragraph,
            "intbl": self._enter_table,
            "par": lambda _: self._end_paragraph("\n\n"),
            "sect": lambda _: self._end_paragraph("\n\n"),
            "page": lambda _: self._end_paragraph("\n\n"),
            "column": lambda _: self._end_paragraph("\n\n"),
            "line": lambda _: self._line_break(),
            "softline": lambda _: None,
            "cell": lambda _: self._end_cell(),
            "nestcell": lambda _: self._end_cell(),
            "row": lambda _: self._end_row(),
            "nestrow": lambda _: self._end_row(),
            "u": self._unicode,
            "uc": self._set_skip,
            "v": self._set_hidden,
            "revised": self._set_inserted,
            "deleted": self._set_deleted,
            "revauth": self._set_inserted_by,
            "revauthdel": self._set_deleted_by,
            "pict": lambda _: self._begin_picture(),
            "object": lambda _: self._count_object(),
        }

    def read(self) -> None:
        self._guess_encoding()
        data = self._data
        at, end = 0, len(data)
        opened = False
        while at < end:
            token = _TOKEN.match(data, at)
            if token is None:  # a line end, or a backslash at the very end
                at += 1
                continue
            self._at = token.start()
            at = token.end() + self._take(token)
            opened = opened or bool(self._stack)
            if opened and not self._stack:
                break  # what follows the document is none of it
        self._flush()
        while self._stack:
            self._close()
        self._end_paragraph("\n\n")
        self._write_boxes()
        self._write_notes()

    def _take(self, token: re.Match[bytes]) -> int:
        """Handle a token; gives how many bytes after it are none of ours."""
        match token.lastindex:
            case 6:
                self._raw(token[6])
            case 3:
                self._byte(int(token[3], 16))
            case 4:
                self._symbol(token[4])
            case 5 if token[5] == b"{":
                self._open()
            case 5:
                self._close()
            case _:
                word = token[1].decode("ascii")
                argument = int(token[2]) if token[2] else None
                if word == "bin":
                    self._flush()
                    return max(0, argument or 0)
                self._word(word, argument)
        return 0

    def _write_notes(self) -> None:
        for number, note in enumerate(self._notes, 1):
            if note.strip():
                self.layer.separator = "\n\n"
                self.layer.write(f"[{number}] {visible(note.strip())}")

    # Characters

    def _guess_encoding(self) -> None:
        """Where nothing says the code page, the letters do: old Russian programs left it out."""
        head = self._data[:262_144]
        if b"\\ansicpg" in head or re.search(rb"\\fcharset(?!0\D|1\D)", head):
            return
        letters = b"".join(bytes.fromhex(code.decode()) for code in _HEX.findall(head))
        found = decode(letters[:65_536]) if letters else None
        if found and found.encoding.startswith(("cp125", "koi8", "cp866", "mac")):
            self._encoding = found.encoding

    def _raw(self, text: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        if not self._group.skipped:
            self._bytes += text

    def _byte(self, code: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif not self._group.skipped:
            self._bytes.append(code)

    def _unicode(self, argument: int | None) -> None:
        self._flush_bytes()
        self._to_skip = self._group.skip_after_unicode
        code = (argument or 0) & 0xFFFF
        if self._group.skipped:
            return
        if 0xD800 <= code < 0xDC00:
            self._high_surrogate = code
            return
        if 0xDC00 <= code < 0xE000:
            high, self._high_surrogate = self._high_surrogate, 0
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0xFFFD
        elif 0xF000 <= code < 0xF100:
            self._write(_SYMBOLS.get(code - 0xF000, "�"))
            return
        if code:
            self._write(chr(code))

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._starred = True
            return
        if self._to_skip:
            self._to_skip -= 1
            return
        if symbol in b"\r\n":
            self._flush()
            self._end_paragraph("\n\n")
        elif symbol == b"\t":
            self._put("\t")
        elif (text := _SYMBOL_CHARACTERS.get(symbol)) is not None:
            self._put(text)

    def _put(self, text: str) -> None:
        self._flush()
        if not self._group.skipped:
            self._write(text)

    def _flush(self) -> None:
        self._to_skip = 0
        self._flush_bytes()

    def _flush_bytes(self) -> None:
        if not self._bytes:
            return
        data = bytes(self._bytes)
        self._bytes.clear()
        encoding = self._font_encoding()
        if encoding == "symbol":
            text = "".join(
                _SYMBOLS.get(code) or (chr(code) if code < 0x80 else "�") for code in data
            )
        else:
            text = data.decode(encoding, "replace")
        self._write(text)

    def _font_encoding(self) -> str:
        font = self._group.font if self._group.font is not None else self._default_font
        return self._encoding if font is None else self._fonts.get(font, self._encoding)

    def _write(self, text: str) -> None:
        group = self._group
        text = visible(_CONTROLS.sub("", text))
        if not text:
            return
        if group.into == "font":
            self._name_font(text)
            return
        if group.into != "body":
            if not group.deleted:
                self._buffers.setdefault(group.into, []).append(text)
            return
        if group.hidden and text.strip():
            self.met_hidden_text = True
        layer = self.layer
        if self._after_row and not group.in_table and layer.separator:
            layer.separator = "\n\n"
        self._after_row = False
        if group.deleted:
            layer.point("deletion", self._author(group.deleted_by), text)
        elif group.inserted:
            mark = layer.begin("insertion", self._author(group.inserted_by))
            layer.write(text)
            layer.end(mark)
        else:
            layer.write(text)

    def _author(self, index: int) -> str | None:
        author = self._authors[index] if 0 <= index < len(self._authors) else ""
        return author if author and author != "Unknown" else None

    # Groups

    def _open(self) -> None:
        self._flush()
        if len(self._stack) >= _MAX_GROUPS:
            raise DocumentError("corrupt", _BROKEN_OFF)
        self._stack.append(self._group)
        self._group = replace(self._group)
        self._starred = False

    def _close(self) -> None:
        self._flush()
        self._starred = False
        if not self._stack:
            return
        if self._picture is not None and self._picture[0] == len(self._stack):
            self.pictures.append((*self._picture[1:], self._at))
            self._picture = None
        into, self._group = self._group.into, self._stack.pop()
        if into != self._group.into:
            self._end_destination(into, "".join(self._buffers.pop(into, [])))

    def _end_destination(self, into: str, text: str) -> None:
        match into:
            case "number":
                if text := text.strip():
                    self._write("◦ " if text == "o" else f"{text} ")
            case "authors":
                self._authors = [name.strip() for name in text.split(";")]
            case "commenter":
                self._comment.author = text.strip() or None
            case "note":
                self._notes[-1] = text
            case "box":
                self._boxes.append(text)
            case _:
                self._end_of_comment(into, text.strip())

    def _end_of_comment(self, into: str, text: str) -> None:
        match into:
            case "range_start":
                self._comments[text] = self.layer.begin("comment", None)
            case "range_end":
                if mark := self._comments.get(text):
                    self.layer.end(mark)
            case "reference":
                self._comment.reference = text
            case "comment":
                self._end_comment(text)

    def _end_comment(self, text: str) -> None:
        """A comment comes after the range that it is about, if it has one."""
        mark = self._comments.pop(self._comment.reference, None)
        if mark is None:
            mark = self.layer.begin("comment", None)
            self.layer.end(mark)
        mark.author, mark.text = self._comment.author, text
        self._comment = _Note()

    def _divert(self, into: str) -> None:
        self._group.into = into
        self._group.skipped = False
        self._buffers[into] = []

    def _word(self, word: str, argument: int | None) -> None:
        starred, self._starred = self._starred, False
        if word != "u" or self._group.skipped:
            self._flush()
        if word == "object" or (word == "pict" and not self._group.skipped):
            self._words[word](argument)
        if word in _DESTINATIONS:
            self._destination(word)
            return
        if word in _TRANSPARENT:
            # the other half of \upr is the same text without Unicode
            if word == "ud" and self._stack:
                self._group.skipped = len(self._stack) > 1 and self._stack[-2].skipped
            return
        if starred or word in _SKIPPED:
            self._group.skipped = True
            return
        if self._group.into == "font" or not self._group.skipped:
            if (text := _CHARACTERS.get(word)) is not None:
                self._write(text)
            elif (handle := self._words.get(word)) is not None:
                handle(argument)

    def _destination(self, word: str) -> None:
        if self._group.skipped:
            return
        if word != "footnote":
            self._divert(_DESTINATIONS[word])
        elif self._group.into != "body":
            self._group.skipped = True
        else:
            self._notes.append("")
            self._write(f"[{len(self._notes)}]")
            self._divert("note")

    # Fonts and code pages

    def _set_encoding(self, name: str) -> None:
        self._encoding = name

    def _ansi_code_page(self, argument: int | None) -> None:
        if encoding := _code_page(argument):
            self._encoding = encoding

    def _set_default_font(self, argument: int | None) -> None:
        self._default_font = argument

    def _set_font(self, argument: int | None) -> None:
        if self._group.into == "font":
            self._font_entry = argument or 0, None
        else:
            self._group.font = argument

    def _set_charset(self, argument: int | None) -> None:
        if self._group.into == "font":
            self._font_entry = self._font_entry[0], _CHARSETS.get(argument or 0)
            self._remember_font()

    def _set_font_code_page(self, argument: int | None) -> None:
        if self._group.into == "font" and (encoding := _code_page(argument)):
            self._font_entry = self._font_entry[0], encoding
            self._remember_font()

    def _remember_font(self) -> None:
        number, encoding = self._font_entry
        if encoding is not None:
            self._fonts[number] = encoding

    def _name_font(self, name: str) -> None:
        """Old programs say the alphabet in the font's name: "Arial CYR"."""
        encoding = _ALPHABETS.get(name.rstrip("; ").rpartition(" ")[2].lower())
        if encoding:
            self._fonts.setdefault(self._font_entry[0], encoding)

    # Paragraphs and tables

    def _plain(self, _: int | None) -> None:
        group = self._group
        group.font = None
        group.hidden = group.inserted = group.deleted = False

    def _reset_paragraph(self, _: int | None) -> None:
        self._group.in_table = False

    def _enter_table(self, _: int | None) -> None:
        self._group.in_table = True

    def _end_paragraph(self, separator: str) -> None:
        if self._group.into != "body":
            self._buffers.setdefault(self._group.into, []).append("\n")
            return
        if self.layer.size > self._paragraph_at:
            self.layer.separator = "\n" if self._group.in_table else separator
        if not self._group.in_table:
            self._write_boxes()
            self._cell_at = self._row_at = self.layer.size
            self._cell_lead = self._row_lead = self.layer.separator
        self._paragraph_at = self.layer.size

    def _write_boxes(self) -> None:
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            if text := box.strip():
                self.layer.separator = "\n\n"
                self.layer.write(text)
                self.layer.separator = "\n\n"

    def _line_break(self) -> None:
        if self._group.into != "body" or (self.layer.size and not self.layer.separator):
            self._write("\n")

    def _end_cell(self) -> None:
        if self._group.into != "body":
            self._write("\t")
            return
        layer = self.layer
        lead = "" if layer.size > self._cell_at else self._cell_lead
        layer.separator = lead + "\t" if len(lead) < _MOST_CELLS else lead
        self._cell_lead = layer.separator
        self._cell_at = self._paragraph_at = layer.size

    def _end_row(self) -> None:
        if self._group.into != "body":
            self._write("\n")
            return
        layer = self.layer
        if layer.size > self._row_at:
            # a row of whole paragraphs is a clause in two languages, not a line of figures
            layer.separator = "\n\n" if layer.size - self._row_at > WIDE_ROW else "\n"
            self._row_lead = layer.separator
        else:
            layer.separator = self._row_lead
        self._cell_lead = self._row_lead
        self._cell_at = self._row_at = self._paragraph_at = layer.size
        self._after_row = True
        self._write_boxes()

    # Properties of characters

    def _set_skip(self, argument: int | None) -> None:
        self._group.skip_after_unicode = min(max(0, 1 if argument is None else argument), 16)

    def _set_hidden(self, argument: int | None) -> None:
        self._group.hidden = argument != 0

    def _set_inserted(self, argument: int | None) -> None:
        self._group.inserted = argument != 0

    def _set_deleted(self, argument: int | None) -> None:
        self._group.deleted = argument != 0

    def _set_inserted_by(self, argument: int | None) -> None:
        self._group.inserted_by = argument or 0

    def _set_deleted_by(self, argument: int | None) -> None:
        self._group.deleted_by = argument or 0

    def _begin_picture(self) -> None:
        if self._picture is None and self._stack and not self._group.deleted:
            self._picture = len(self._stack), self.layer.size, self._at

    def _count_object(self) -> None:
        self.objects += 1


def _code_page(number: int | None) -> str | None:
    known = {65001: "utf-8", 10000: "mac-roman", 10007: "mac-cyrillic", 20866: "koi8-r"}
    if number is None:
        return None
    if number in known:
        return known[number]
    name = f"cp{number}"
    try:
        "".encode(name)
        b"".decode(name)
    except (LookupError, UnicodeError):
        return None
    return name
