"""multipart/form-data as it comes: no part of it is kept, neither in memory nor on this disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from lexmill.errors import ErrorClass, LexmillError

_LONGEST_BOUNDARY: Final = 70  # RFC 2046


@dataclass(frozen=True)
class FileBegin:
    name: str


@dataclass(frozen=True)
class FileData:
    data: bytes


@dataclass(frozen=True)
class FileEnd:
    pass


Piece = FileBegin | FileData | FileEnd


async def file_pieces(content_type: str, body: AsyncIterator[bytes]) -> AsyncIterator[Piece]:
    """The files of a form, one after the other. Raises LexmillError where it is none."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise _invalid("send the files as multipart/form-data, as a form or curl -F file=@… does")
    form = _Form(boundary)
    async for chunk in body:
        for piece in form.read(chunk):
            yield piece
    form.end()


class _Form:
    def __init__(self, boundary: bytes) -> None:
        self._pieces: list[Piece] = []
        self._field, self._value = b"", b""
        self._name: str | None = None
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def read(self, chunk: bytes) -> list[Piece]:
        try:
            self._parser.write(chunk)
        except (FormParserError, MultipartParseError) as error:
            raise _invalid("the form is not written as multipart/form-data is") from error
        pieces, self._pieces = self._pieces, []
        return pieces

    def end(self) -> None:
        if not self._ended:
            raise _invalid("the form ends in the middle of a part; send it again")

    def _on_part_begin(self) -> None:
        self._name = None

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            filename = options.get(b"filename")
            self._name = None if filename is None else _as_given(filename)
        self._field, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        if self._name is None:
            raise _invalid("every part has to be a file: give it a filename")
        self._pieces.append(FileBegin(self._name))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(FileData(data[start:end]))

    def _on_part_end(self) -> None:
        self._pieces.append(FileEnd())

    def _on_end(self) -> None:
        self._ended = True


def _as_given(filename: bytes) -> str:
    """Browsers write these three, and only these, by their numbers (HTML, 4.10.22.8)."""
    name = filename.decode("utf-8", "replace")
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _invalid(message: str) -> LexmillError:
    return LexmillError("invalid_multipart", message, ErrorClass.DOCUMENT)
